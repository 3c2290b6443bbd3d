import Handlebars from "handlebars";
import { parseDocument } from "yaml";
import { z } from "zod";

import { refuse } from "../refusal.ts";
import type { FieldProblem } from "../refusal.ts";
import type { ScopeField } from "../scope.ts";
import { line } from "../text.ts";
import { Allowed, Located, Program } from "./allowed.ts";
import type { IfBlock } from "./allowed.ts";
import { FIELDS, isField } from "./fields.ts";
import type { Field } from "./fields.ts";
import { SOURCE_MAX } from "./notice.ts";

/** One language of a notice, read and found harmless. */
export interface Source {
  readonly title: readonly Node[];
  readonly subject: readonly Node[];
  readonly discreetSubject: readonly Node[];
  readonly sms: readonly Node[];
  readonly body: readonly Node[];
  /** The one-based line on which each part begins. */
  readonly lines: Readonly<
    Record<"title" | "subject" | "discreet_subject" | "sms" | "body", number>
  >;
}

/** What a template may be made of. There is nothing else, so there is nothing else to guard. */
export type Node =
  | { readonly kind: "text"; readonly text: string; readonly line: number }
  | { readonly kind: "field"; readonly field: Field; readonly line: number }
  | {
      readonly kind: "if";
      readonly field: Field;
      readonly then: readonly Node[];
      readonly otherwise: readonly Node[];
      readonly line: number;
    };

/**
 * Read a source: YAML front matter between two lines of `---`, then Markdown with
 * `{{field}}` and `{{#if field}}…{{else}}…{{/if}}`. Refuses everything else that
 * Handlebars knows, with the line and what to do, before anything is compiled.
 */
export function parseSource(source: string): Source {
  if (typeof source !== "string") fail(1, "not-text", "Send the template as text.");
  if (source.length > SOURCE_MAX) fail(1, "too-long", "Shorten the text to 64 KiB.");
  const tidy = source.replaceAll(/\r\n?/g, "\n").normalize("NFC");
  const hostile = tidy.split("\n").findIndex((row) => HOSTILE.test(row));
  if (hostile >= 0)
    fail(hostile + 1, "hidden-character", "Remove invisible and private-use characters.");

  const front = /^---\n([\s\S]*?\n)---(?:\n|$)/.exec(tidy);
  if (!front)
    fail(1, "no-front-matter", "Begin with ---, then title, subject, discreet_subject and sms.");
  const bodyLine = front[0].split("\n").length;
  const matter = parseFrontMatter(front[1] ?? "");
  const starts = startLines(front[1] ?? "");
  const count = { nodes: 0 };
  const inline = (key: keyof typeof matter) => {
    const nodes = parseNodes(matter[key], starts[key], count);
    refuseBlocks(nodes);
    return nodes;
  };
  return {
    title: inline("title"),
    subject: inline("subject"),
    discreetSubject: inline("discreet_subject"),
    sms: inline("sms"),
    body: parseNodes(tidy.slice(front[0].length), bodyLine, count),
    lines: { ...starts, body: bodyLine },
  };
}

/** The fields a source uses, or asks about, each once. */
export function fieldsOf(source: Source): Field[] {
  const parts = [source.title, source.subject, source.discreetSubject, source.sms, source.body];
  return [...new Set(parts.flat().flatMap(fieldsIn))];
}

/** The scope fields a source quotes, each once: what its approval has to bind. */
export function quotes(source: Source): ScopeField[] {
  return [...new Set(fieldsOf(source).flatMap((field) => FIELDS[field].quotes))].toSorted();
}

/** Refuse a template for one reason, at a line, saying what to do. */
export function fail(at: number, code: string, message: string): never {
  const problem: FieldProblem = { field: "source", code, message, line: at };
  refuse("template-refused", "This template cannot be used as it is.", [problem]);
}

function fieldsIn(node: Node): readonly Field[] {
  if (node.kind === "text") return [];
  if (node.kind === "field") return [node.field];
  return [node.field, ...[...node.then, ...node.otherwise].flatMap(fieldsIn)];
}

function parseFrontMatter(yaml: string) {
  // The failsafe schema knows text, lists and maps only, so no value turns into anything else.
  const document = parseDocument(yaml, { schema: "failsafe", uniqueKeys: true, merge: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error) fail((error.linePos?.[0].line ?? 1) + 1, "front-matter", FRONT_MATTER_HELP);
  try {
    const {
      success,
      data,
      error: issues,
    } = FrontMatter.safeParse(document.toJS({ maxAliasCount: 0 }));
    if (success) return data;
    const key = String(issues.issues[0]?.path[0] ?? "");
    const at = Object.entries(startLines(yaml)).find(([name]) => name === key)?.[1] ?? 1;
    return fail(at, "front-matter", `${FRONT_MATTER_HELP} ${issues.issues[0]?.message ?? ""}`);
  } catch (error_) {
    if (error_ instanceof ReferenceError) fail(1, "front-matter", FRONT_MATTER_HELP);
    throw error_;
  }
}

function startLines(yaml: string) {
  const rows = yaml.split("\n");
  const at = (key: string) =>
    Math.max(
      0,
      rows.findIndex((row) => row.startsWith(`${key}:`)),
    ) + 2;
  return {
    title: at("title"),
    subject: at("subject"),
    discreet_subject: at("discreet_subject"),
    sms: at("sms"),
  };
}

function parseNodes(template: string, firstLine: number, count: { nodes: number }): Node[] {
  // Counted before parsing: the parser takes seconds over thousands of nested expressions.
  if (template.split("{{").length - 1 > NODES_MAX)
    fail(firstLine, "too-many-parts", "Use fewer fields and ifs.");
  let program: unknown;
  try {
    program = Handlebars.parseWithoutProcessing(template);
  } catch (error) {
    const at = /line (\d+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? "1";
    fail(
      firstLine + Number(at) - 1,
      "braces",
      "A {{ or }} is wrong here. Every {{#if}} needs its {{/if}}.",
    );
  }
  return walk(Program.parse(program), { firstLine, count, depth: 0 });
}

interface Walk {
  readonly firstLine: number;
  readonly count: { nodes: number };
  readonly depth: number;
}

/** The allow list. Its depth is bounded before it recurses, so no nesting can exhaust the stack. */
function walk(program: z.output<typeof Program>, state: Walk): Node[] {
  const nodes: Node[] = [];
  for (const given of program.body) {
    const at = state.firstLine + Located.parse(given).loc.start.line - 1;
    if (++state.count.nodes > NODES_MAX) fail(at, "too-many-parts", "Use fewer fields and ifs.");
    const { success, data } = Allowed.safeParse(given);
    if (!success) fail(at, "not-allowed", NOT_ALLOWED);
    if (data.type === "CommentStatement") continue;
    if (data.type === "ContentStatement") {
      if (data.value.includes("{{")) fail(at, "braces", "Remove the backslash before {{.");
      nodes.push({ kind: "text", text: data.value, line: at });
    } else if (data.type === "MustacheStatement") {
      nodes.push({ kind: "field", field: declared(data.path.parts[0], at), line: at });
    } else nodes.push(condition(data, state, at));
  }
  return nodes;
}

function condition(block: z.output<typeof IfBlock>, state: Walk, at: number): Node {
  if (state.depth >= DEPTH_MAX) fail(at, "too-deep", "Put fewer {{#if}} inside each other.");
  const field = declared(block.params[0].parts[0], at);
  if (!FIELDS[field].mayBeAbsent)
    fail(at, "always-there", "This field is always there. Use it without {{#if}}.");
  const inner = { ...state, depth: state.depth + 1 };
  return {
    kind: "if",
    field,
    then: walk(block.program, inner),
    otherwise: block.inverse ? walk(block.inverse, inner) : [],
    line: at,
  };
}

function declared(name: string, at: number): Field {
  return isField(name)
    ? name
    : fail(
        at,
        "unknown-field",
        `There is no such field. Use one of ${Object.keys(FIELDS).join(", ")}.`,
      );
}

function refuseBlocks(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.kind === "text") continue;
    if (node.kind === "field" && FIELDS[node.field].shape === "block")
      fail(
        node.line,
        "block-field",
        "This field is a list or a paragraph. Use it in the text only.",
      );
    if (node.kind === "if") refuseBlocks([...node.then, ...node.otherwise]);
  }
}

const NODES_MAX = 500;
const DEPTH_MAX = 10;
const NOT_ALLOWED =
  "Only {{field}} and {{#if field}} … {{else}} … {{/if}} work here. Remove everything else in braces.";
const FRONT_MATTER_HELP =
  "Give title, subject, discreet_subject and sms, each one line of text in quotes.";

/** Controls, direction marks, line separators, and the private-use characters we mark fields with. */
const HOSTILE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}|\p{Co}/u;

const FrontMatter = z.strictObject({
  title: line(200),
  subject: line(200),
  discreet_subject: line(200),
  sms: line(1_000),
});
