import { FIELDS } from "./fields.ts";
import type { Field } from "./fields.ts";
import type { Node } from "./source.ts";

/** An expression of the template, standing in the Markdown as private-use characters. */
export interface Mark {
  readonly kind: "field" | "if" | "else" | "end";
  readonly field: Field;
  readonly line: number;
  readonly index: number;
  readonly text: string;
}

/** Markdown with marks in it, and the source line of each of its lines. */
export interface Marked {
  readonly text: string;
  readonly lines: readonly number[];
  readonly known: readonly Pick<Mark, "kind" | "field" | "line">[];
}

/** Matches a mark. Sources may not contain private-use characters, so only we can write one. */
export const MARK = /\uE000\d+\uE001/;

/**
 * Write template nodes as Markdown text with one mark for each expression. A condition, or a
 * field that is a block, alone on its line becomes a block of its own.
 */
export function marked(nodes: readonly Node[]): Marked {
  const rows: { text: string; line: number }[] = [{ text: "", line: nodes[0]?.line ?? 1 }];
  const known: Marked["known"][number][] = [];

  function mark(kind: Mark["kind"], field: Field, line: number) {
    write(`\uE000${known.length}\uE001`, line);
    known.push({ kind, field, line });
  }
  function write(text: string, line: number) {
    for (const [index, part] of text.split("\n").entries()) {
      const row = rows.at(-1);
      if (index === 0 && row) row.text += part;
      else rows.push({ text: part, line: line + index });
    }
  }
  function writeAll(inner: readonly Node[]) {
    for (const node of inner) {
      if (node.kind === "text") write(node.text, node.line);
      else if (node.kind === "field") mark("field", node.field, node.line);
      else {
        mark("if", node.field, node.line);
        writeAll(node.then);
        if (node.otherwise.length > 0) mark("else", node.field, node.line);
        writeAll(node.otherwise);
        mark("end", node.field, node.line);
      }
    }
  }
  writeAll(nodes);
  const apart = rows.flatMap((row) => (standsAlone(row.text, known) ? spaced(row) : [row]));
  return {
    text: apart.map(({ text }) => text).join("\n"),
    lines: apart.map((row) => row.line),
    known,
  };
}

/** The marks in a piece of text, in order. */
export function marks(content: string, source: Marked): Mark[] {
  return [...content.matchAll(EVERY_MARK)].flatMap((match) => {
    const known = source.known[Number(match[1])];
    return known ? [{ ...known, index: match.index, text: match[0] }] : [];
  });
}

function standsAlone(row: string, known: Marked["known"]): boolean {
  const index = /^[ \t]*\uE000(\d+)\uE001[ \t]*$/.exec(row)?.[1];
  const mark = known[Number(index ?? -1)];
  return mark !== undefined && (mark.kind !== "field" || FIELDS[mark.field].shape === "block");
}

function spaced(row: { text: string; line: number }) {
  return [
    { text: "", line: row.line },
    { text: row.text.trim(), line: row.line },
    { text: "", line: row.line },
  ];
}

const EVERY_MARK = /\uE000(\d+)\uE001/g;
