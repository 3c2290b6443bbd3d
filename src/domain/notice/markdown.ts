import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";

import type { Block, Condition, Inline } from "./document.ts";
import { FIELDS } from "./fields.ts";
import { refuseAddresses, safeLink } from "./links.ts";
import { MARK, marks, marked } from "./marks.ts";
import type { Marked, Mark } from "./marks.ts";
import { fail } from "./source.ts";
import type { Node } from "./source.ts";

/**
 * Turn a body into a document. Markdown sees every expression as one opaque mark, which is
 * read back afterwards: so no field can become markup, and markup cannot cut a field in two.
 * Refuses HTML, images, links to hosts that are not the organisation's, fields in links or
 * code, and conditions that begin in one paragraph and end in another.
 */
export function parseMarkdown(nodes: readonly Node[], linkHosts: readonly string[]): Block[] {
  const source = marked(nodes);
  const reader: Reader = { source, linkHosts, tokens: MARKDOWN.parse(source.text, {}), next: 0 };
  const blocks = readBlocks(reader, "");
  if (reader.next < reader.tokens.length) fail(lineOf(reader), "markdown", MARKDOWN_HELP);
  return blocks;
}

interface Reader {
  readonly source: Marked;
  readonly linkHosts: readonly string[];
  readonly tokens: readonly Token[];
  next: number;
}

/** Read blocks up to the token that closes their parent. */
function readBlocks(reader: Reader, until: string): Block[] {
  const flat: (Block | Mark)[] = [];
  for (let token = take(reader); token; token = take(reader)) {
    if (token.type === until) return nest(flat, lineOf(reader), asBlock);
    flat.push(readBlock(reader, token));
  }
  return nest(flat, lineOf(reader), asBlock);
}

function readBlock(reader: Reader, token: Token): Block | Mark {
  const at = lineOf(reader);
  switch (token.type) {
    case "heading_open":
      return { kind: "heading", level: Number(token.tag.slice(1)), inline: readContent(reader) };
    case "paragraph_open":
      return readParagraph(reader);
    case "bullet_list_open":
      return { kind: "list", ordered: false, start: 1, items: readItems(reader, token) };
    case "ordered_list_open":
      return {
        kind: "list",
        ordered: true,
        start: Number(token.attrGet("start") ?? 1),
        items: readItems(reader, token),
      };
    case "blockquote_open":
      return { kind: "quote", blocks: readBlocks(reader, "blockquote_close") };
    case "hr":
      return { kind: "rule" };
    case "fence":
    case "code_block":
      if (MARK.test(token.content + token.info))
        fail(at, "field-in-code", "Move the field out of the code block.");
      return { kind: "code", text: token.content };
    case "html_block":
      return fail(at, "html", "Remove the HTML. Markdown makes headings, lists and emphasis.");
    default:
      return fail(at, "markdown", MARKDOWN_HELP);
  }
}

function readItems(reader: Reader, list: Token): Block[][] {
  const items: Block[][] = [];
  const end = list.type.replace("_open", "_close");
  for (let token = take(reader); token && token.type !== end; token = take(reader))
    items.push(readBlocks(reader, "list_item_close"));
  return items;
}

/** A paragraph, or the mark that stands alone in it. */
function readParagraph(reader: Reader): Block | Mark {
  const content = reader.tokens[reader.next]?.content ?? "";
  const [only, ...more] = marks(content, reader.source);
  if (only && more.length === 0 && only.text === content && stands(only)) {
    reader.next += 2;
    return only.kind === "field" ? { ...only, kind: "field" } : only;
  }
  return { kind: "paragraph", inline: readContent(reader) };
}

/** Whether a mark alone on its line is a block of its own. */
function stands(mark: Mark): boolean {
  return mark.kind !== "field" || FIELDS[mark.field].shape === "block";
}

function readContent(reader: Reader): Inline[] {
  const token = take(reader);
  const at = lineOf(reader);
  const children = token?.children ?? [];
  reader.next += 1;
  refuseAddresses(token?.content ?? "", reader.linkHosts, at);
  const inner: Reader = { ...reader, tokens: children, next: 0 };
  return readInlines(inner, "", at);
}

function readInlines(reader: Reader, until: string, at: number): Inline[] {
  const flat: (Inline | Mark)[] = [];
  for (let token = take(reader); token && token.type !== until; token = take(reader))
    flat.push(...readInline(reader, token, at));
  return nest(flat, at, asInline);
}

function readInline(reader: Reader, token: Token, at: number): (Inline | Mark)[] {
  switch (token.type) {
    case "text":
    case "text_special":
      return readText(token.content, reader.source);
    case "softbreak":
      return [{ kind: "text", text: " " }];
    case "hardbreak":
      return [{ kind: "break" }];
    case "em_open":
      return [{ kind: "em", inline: readInlines(reader, "em_close", at) }];
    case "strong_open":
      return [{ kind: "strong", inline: readInlines(reader, "strong_close", at) }];
    case "code_inline":
      if (MARK.test(token.content)) fail(at, "field-in-code", "Move the field out of the code.");
      return [{ kind: "code", text: token.content }];
    case "link_open":
      return [readLink(reader, token, at)];
    case "image":
      return fail(at, "image", "Remove the image. Mail with images looks like a trap.");
    case "html_inline":
      return fail(at, "html", "Remove the HTML. Markdown makes emphasis with * and **.");
    default:
      return fail(at, "markdown", MARKDOWN_HELP);
  }
}

function readLink(reader: Reader, token: Token, at: number): Inline {
  let words = "";
  for (let inner = take(reader); inner && inner.type !== "link_close"; inner = take(reader))
    words += inner.content;
  return {
    kind: "link",
    href: safeLink(String(token.attrGet("href") ?? ""), words, reader.linkHosts, at),
  };
}

function readText(content: string, source: Marked): (Inline | Mark)[] {
  const parts: (Inline | Mark)[] = [];
  let from = 0;
  for (const mark of marks(content, source)) {
    if (mark.index > from) parts.push({ kind: "text", text: content.slice(from, mark.index) });
    if (mark.kind === "field" && FIELDS[mark.field].shape === "block")
      fail(mark.line, "not-alone", "Put this field on a line of its own, with nothing around it.");
    parts.push(mark.kind === "field" ? { ...mark, kind: "field" } : mark);
    from = mark.index + mark.text.length;
  }
  if (from < content.length) parts.push({ kind: "text", text: content.slice(from) });
  return parts;
}

/** Put what lies between `if`, `else` and `end` marks inside one condition. */
function nest<T extends object>(
  flat: readonly (T | Mark)[],
  at: number,
  made: (condition: Condition<T>) => T,
): T[] {
  const open: { mark: Mark | undefined; then: T[]; otherwise: T[] | undefined }[] = [
    { mark: undefined, then: [], otherwise: undefined },
  ];
  for (const part of flat) {
    const top = open.at(-1);
    if (!top) break;
    if (!isMark(part)) (top.otherwise ?? top.then).push(part);
    else if (part.kind === "if") open.push({ mark: part, then: [], otherwise: undefined });
    else if (!top.mark) fail(part.line, "torn-if", TORN);
    else if (part.kind === "else") top.otherwise = [];
    else {
      open.pop();
      const outer = open.at(-1);
      const { then, otherwise = [] } = top;
      const whole = made({ kind: "if", field: top.mark.field, then, otherwise });
      (outer?.otherwise ?? outer?.then)?.push(whole);
    }
  }
  if (open.length > 1) fail(open.at(-1)?.mark?.line ?? at, "torn-if", TORN);
  return open[0]?.then ?? [];
}

function isMark(part: object): part is Mark {
  return "index" in part && "kind" in part && part.kind !== "field";
}

function take(reader: Reader): Token | undefined {
  const token = reader.tokens[reader.next];
  if (token) reader.next += 1;
  return token;
}

/** The line of the source on which the latest token with a position begins. */
function lineOf(reader: Reader): number {
  for (let index = Math.min(reader.next, reader.tokens.length) - 1; index >= 0; index -= 1) {
    const map = reader.tokens[index]?.map;
    if (map) return reader.source.lines[map[0]] ?? 1;
  }
  return reader.source.lines[0] ?? 1;
}

const asBlock = (condition: Condition<Block>): Block => condition;
const asInline = (condition: Condition<Inline>): Inline => condition;

const TORN =
  "Begin and end this {{#if}} inside the same paragraph, or put both on lines of their own.";
const MARKDOWN_HELP = "Use headings, paragraphs, lists, quotes, emphasis and plain links only.";

/** HTML is recognised only to be refused by name. Addresses are kept as written, to be judged. */
const MARKDOWN = new MarkdownIt("commonmark", { html: true });
MARKDOWN.validateLink = () => true;
MARKDOWN.normalizeLink = (url) => url;
MARKDOWN.normalizeLinkText = (url) => url;
