import type { Block } from "./document.ts";
import type { Field } from "./fields.ts";
import { toInlineText } from "./html.ts";
import type { Piece } from "./html.ts";

/**
 * A part of the plain-text form. `before` is the space between it and what comes earlier;
 * `first` and `rest` begin its first and its later lines.
 */
export type TextPart =
  | { readonly kind: "fixed"; readonly before: string; readonly text: string }
  | {
      readonly kind: "flow";
      readonly before: string;
      readonly margin: Margin;
      readonly pieces: readonly Piece[];
      readonly underline: string;
    }
  | {
      readonly kind: "slot";
      readonly before: string;
      readonly field: Field;
      readonly margin: Margin;
    }
  | {
      readonly kind: "if";
      readonly field: Field;
      readonly then: readonly TextPart[];
      readonly otherwise: readonly TextPart[];
    };

interface Margin {
  readonly first: string;
  readonly rest: string;
}

/** What a text part needs to know of one person. */
export interface TextValues {
  readonly join: (pieces: readonly Piece[]) => string;
  readonly lines: (field: Field) => readonly string[];
  readonly has: (field: Field) => boolean;
}

/** Blocks as the plain text of a letter: underlined headings, dashes for lists, 72 columns. */
export function blocksToText(blocks: readonly Block[]): TextPart[] {
  return emit(blocks, { first: "", rest: "" }, BLANK_LINE);
}

/** The finished text for one person. */
export function textOf(parts: readonly TextPart[], values: TextValues): string {
  return `${runOf(parts, values)}\n`;
}

/** These parts one after the other, as the beginning of a text. */
export function runOf(parts: readonly TextPart[], values: TextValues): string {
  let out = "";
  for (const part of parts) out += added(part, values, out === "");
  return out;
}

/** What a part adds to a text: the space before it too, unless the text begins with it. */
export function added(part: TextPart, values: TextValues, first: boolean): string {
  if (part.kind !== "if") return (first ? "" : part.before) + partText(part, values);
  const chosen = values.has(part.field) ? part.then : part.otherwise;
  const text = runOf(chosen, values).trimEnd();
  return text === "" ? "" : (first ? "" : BLANK_LINE) + text;
}

/**
 * Text in lines of at most `WIDTH` columns; words longer than that are left whole. Chinese, whose
 * characters take two columns, is broken between any two of them, but not before a closing mark
 * or after an opening one.
 */
export function wrapText(text: string, { first, rest }: Margin): string {
  const lines: string[] = [];
  for (const row of text.split("\n")) {
    const margin = lines.length === 0 ? first : rest;
    if (WIDE.test(row)) lines.push(...wrapWide(row.trim(), margin, rest));
    else lines.push(...wrapWords(row, margin, rest));
  }
  return lines.join("\n");
}

function wrapWords(row: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of row.split(" ")) {
    if (word === "") continue;
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** By one look at every character: a person waits for each of their mail's lines. */
function wrapWide(row: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let [start, breakAt, width] = [0, 0, first.length];
  for (let at = 0; at < row.length; at += 1) {
    if (mayBreak(row, at)) breakAt = at;
    width += isWide(row, at) ? 2 : 1;
    if (width <= WIDTH || breakAt === start || row[at] === " ") continue;
    lines.push((lines.length === 0 ? first : rest) + row.slice(start, breakAt).trimEnd());
    start = breakAt;
    width = rest.length + columns(row.slice(start, at + 1));
  }
  return [...lines, (lines.length === 0 ? first : rest) + row.slice(start)];
}

function mayBreak(row: string, at: number): boolean {
  if (row[at - 1] === " ") return true;
  if (row[at] === " " || !(isWide(row, at) || isWide(row, at - 1))) return false;
  return !CLOSING.has(row[at] ?? "") && !OPENING.has(row[at - 1] ?? "");
}

function isWide(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x2e80 && (code <= 0x9fff || (code >= 0xf900 && code <= 0xff60));
}

function columns(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at += 1) if (isWide(text, at)) wide += 1;
  return text.length + wide;
}

function partText(part: Exclude<TextPart, { kind: "if" }>, values: TextValues): string {
  if (part.kind === "fixed") return part.text;
  if (part.kind === "slot") {
    const items = values
      .lines(part.field)
      .map((line) => wrapText(line, bulleted(part.margin, SIGN[part.field] ?? "")));
    return items.join("\n");
  }
  return flowText(values.join(part.pieces), part);
}

function flowText(
  words: string,
  { margin, underline }: Pick<Extract<TextPart, { kind: "flow" }>, "margin" | "underline">,
): string {
  const text = wrapText(words, margin);
  if (underline === "") return text;
  const width = Math.max(...text.split("\n").map(columns));
  return `${text}\n${underline.repeat(Math.min(WIDTH, width))}`;
}

function emit(blocks: readonly Block[], margin: Margin, before: string): TextPart[] {
  return blocks.flatMap((block, index): TextPart[] => {
    const own = index === 0 ? margin : { first: margin.rest, rest: margin.rest };
    return emitBlock(block, own, index === 0 ? before : BLANK_LINE);
  });
}

function emitBlock(block: Block, margin: Margin, before: string): TextPart[] {
  switch (block.kind) {
    case "heading":
    case "paragraph": {
      const underline = block.kind === "heading" ? (UNDERLINE[block.level] ?? "") : "";
      return [flow(before, margin, toInlineText(block.inline), underline)];
    }
    case "list": {
      const tight = block.items.every((item) => item.length === 1);
      return block.items.flatMap((item, index) => {
        const sign = block.ordered ? `${block.start + index}. ` : "- ";
        const own = index === 0 ? margin : { first: margin.rest, rest: margin.rest };
        return emit(item, bulleted(own, sign), index === 0 ? before : tight ? "\n" : BLANK_LINE);
      });
    }
    case "quote":
      return emit(block.blocks, { first: `${margin.first}> `, rest: `${margin.rest}> ` }, before);
    case "code": {
      const lines = block.text.trimEnd().split("\n");
      return [
        {
          kind: "fixed",
          before,
          text: lines.map((line) => `${margin.rest}    ${line}`).join("\n"),
        },
      ];
    }
    case "rule":
      return [{ kind: "fixed", before, text: `${margin.first}${"-".repeat(20)}` }];
    case "field":
      return [{ kind: "slot", before, field: block.field, margin }];
    case "if": {
      const inner = (side: readonly Block[]) => emit(side, margin, before);
      const { field, then, otherwise } = block;
      return [{ kind: "if", field, then: inner(then), otherwise: inner(otherwise) }];
    }
  }
}

/** Text without slots is wrapped here, once, instead of for each person. */
function flow(
  before: string,
  margin: Margin,
  pieces: readonly Piece[],
  underline: string,
): TextPart {
  const [only, ...more] = pieces;
  const fixed = more.length === 0 && (only === undefined || typeof only === "string");
  if (!fixed) return { kind: "flow", before, margin, pieces, underline };
  return { kind: "fixed", before, text: flowText(only ?? "", { margin, underline }) };
}

function bulleted({ first, rest }: Margin, sign: string): Margin {
  return { first: first + sign, rest: rest + " ".repeat(sign.length) };
}

/** Characters of Chinese and their punctuation, which opens or closes what it stands beside. */
const WIDE = /[\u2e80-\u9fff\uf900-\uff60]/;
const OPENING = new Set("（《「『【〈〔［｛“‘");
const CLOSING = new Set("，。、；：！？）》」』】〉〕］｝”’…%");
/** What begins each line of a block that is one person's own. */
const SIGN: Readonly<Partial<Record<Field, string>>> = { data_elements: "- " };
const BLANK_LINE = "\n\n";
/** RFC 5322 recommends 78; 72 leaves room for being quoted. */
const WIDTH = 72;
const UNDERLINE: Readonly<Record<number, string>> = { 1: "=", 2: "-" };
