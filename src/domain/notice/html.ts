import type { Block, Inline } from "./document.ts";
import type { Field } from "./fields.ts";

/** A stretch of finished output, a slot for one person's value, or a choice that depends on it. */
export type Piece =
  | string
  | { readonly slot: Field }
  | {
      readonly given: Field;
      readonly then: readonly Piece[];
      readonly otherwise: readonly Piece[];
    };

/** Blocks as HTML. Every word is escaped here; nothing in a document is markup already. */
export function blocksToHtml(blocks: readonly Block[]): Piece[] {
  return merged(blocks.flatMap(blockToHtml));
}

/** Inline content as HTML. */
export function inlineToHtml(inline: readonly Inline[]): Piece[] {
  return merged(inline.flatMap(inlinePieces));
}

/** Inline content as plain words, for subjects and text messages: nothing is escaped. */
export function toInlineText(inline: readonly Inline[]): Piece[] {
  return merged(inline.flatMap(textPieces));
}

/** A list of plain lines as HTML. */
export function linesToHtml(lines: readonly string[]): string {
  return `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>\n`).join("")}</ul>\n`;
}

/** An address as a paragraph of its own, shown in full. */
export function linkToHtml(href: string): string {
  const shown = escapeHtml(href);
  return `<p><a href="${shown}">${shown}</a></p>\n`;
}

/** Text as HTML that shows exactly that text, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return UNSAFE.test(text) ? text.replaceAll(EVERY_UNSAFE, (found) => ENTITY[found] ?? "") : text;
}

/** Join neighbouring strings, so that rendering one person has few pieces to join. */
export function merged(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (typeof piece === "string" && typeof last === "string") out[out.length - 1] = last + piece;
    else if (piece !== "") out.push(piece);
  }
  return out;
}

function blockToHtml(block: Block): Piece[] {
  switch (block.kind) {
    case "heading": {
      const tag = `h${Math.min(6, block.level)}`;
      return [`<${tag}>`, ...inlineToHtml(block.inline), `</${tag}>\n`];
    }
    case "paragraph":
      return ["<p>", ...inlineToHtml(block.inline), "</p>\n"];
    case "list": {
      const tag = block.ordered ? "ol" : "ul";
      const start = block.ordered && block.start !== 1 ? ` start="${block.start}"` : "";
      const items = block.items.flatMap((item) => ["<li>", ...itemToHtml(item), "</li>\n"]);
      return [`<${tag}${start}>\n`, ...items, `</${tag}>\n`];
    }
    case "quote":
      return ["<blockquote>\n", ...blocksToHtml(block.blocks), "</blockquote>\n"];
    case "code":
      return [`<pre><code>${escapeHtml(block.text)}</code></pre>\n`];
    case "rule":
      return ["<hr>\n"];
    case "field":
      return [{ slot: block.field }];
    case "if":
      return [
        {
          given: block.field,
          then: blocksToHtml(block.then),
          otherwise: blocksToHtml(block.otherwise),
        },
      ];
  }
}

/** An item of one paragraph needs no paragraph around it. */
function itemToHtml(item: readonly Block[]): Piece[] {
  const [only, ...more] = item;
  if (only?.kind === "paragraph" && more.length === 0) return inlineToHtml(only.inline);
  return item.flatMap(blockToHtml);
}

function inlinePieces(inline: Inline): Piece[] {
  switch (inline.kind) {
    case "text":
      return [escapeHtml(inline.text)];
    case "code":
      return [`<code>${escapeHtml(inline.text)}</code>`];
    case "break":
      return ["<br>\n"];
    case "link": {
      const href = escapeHtml(inline.href);
      return [`<a href="${href}">${href}</a>`];
    }
    case "em":
    case "strong":
      return [`<${inline.kind}>`, ...inlineToHtml(inline.inline), `</${inline.kind}>`];
    case "field":
      return [{ slot: inline.field }];
    case "if":
      return [
        {
          given: inline.field,
          then: inlineToHtml(inline.then),
          otherwise: inlineToHtml(inline.otherwise),
        },
      ];
  }
}

function textPieces(inline: Inline): Piece[] {
  switch (inline.kind) {
    case "text":
    case "code":
      return [inline.text];
    case "break":
      return ["\n"];
    case "link":
      return [inline.href];
    case "em":
    case "strong":
      return toInlineText(inline.inline);
    case "field":
      return [{ slot: inline.field }];
    case "if":
      return [
        {
          given: inline.field,
          then: toInlineText(inline.then),
          otherwise: toInlineText(inline.otherwise),
        },
      ];
  }
}

const UNSAFE = /[&<>"'`]/;
const EVERY_UNSAFE = /[&<>"'`]/g;
const ENTITY: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};
