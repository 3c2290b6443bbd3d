import type { Block, Inline } from "../notice/document.ts";
import type { Parts } from "../notice/render.ts";

/** A stretch of words in one weight. */
export interface Span {
  readonly text: string;
  readonly bold: boolean;
}

/** One paragraph of a letter, ready to be broken into lines. */
export interface Paragraph {
  /** What it is, by the names of tagged PDF. */
  readonly role: "H1" | "H2" | "H3" | "P" | "LI" | "Rule";
  readonly spans: readonly Span[];
  /** Steps to the right. */
  readonly indent: number;
  /** What stands before the first line of an item of a list. */
  readonly marker: string;
}

/** A notice as paragraphs, with one person's words in their places. */
export function paragraphsOf({ blocks, values }: Pick<Parts, "blocks" | "values">): Paragraph[] {
  return blocks.flatMap((block) => ofBlock(block, values, 0));
}

function ofBlock(block: Block, values: Parts["values"], indent: number): Paragraph[] {
  switch (block.kind) {
    case "heading": {
      const spans = bold(spansOf(block.inline, values));
      return [{ role: HEADINGS[block.level - 1] ?? "H3", spans, indent, marker: "" }];
    }
    case "paragraph":
      return [plain(spansOf(block.inline, values), indent)];
    case "list":
      return block.items.flatMap((item, index) => {
        const marker = block.ordered ? `${block.start + index}.` : "•";
        return marked(
          item.flatMap((each) => ofBlock(each, values, indent + 1)),
          marker,
        );
      });
    case "quote":
      return block.blocks.flatMap((each) => ofBlock(each, values, indent + 1));
    case "code":
      return [plain([{ text: block.text.trimEnd(), bold: false }], indent + 1)];
    case "rule":
      return [{ role: "Rule", spans: [], indent, marker: "" }];
    case "field": {
      const lines = values.lines(block.field).map((text) => [{ text, bold: false }]);
      if (block.field !== "data_elements") return lines.map((spans) => plain(spans, indent));
      return lines.flatMap((spans) => marked([plain(spans, indent + 1)], "•"));
    }
    case "if": {
      const chosen = values.has(block.field) ? block.then : block.otherwise;
      return chosen.flatMap((each) => ofBlock(each, values, indent));
    }
  }
}

function spansOf(inline: readonly Inline[], values: Parts["values"]): Span[] {
  return inline.flatMap((part): Span[] => {
    switch (part.kind) {
      case "text":
      case "code":
        return [{ text: part.text, bold: false }];
      case "break":
        return [{ text: "\n", bold: false }];
      case "link":
        return [{ text: part.href, bold: false }];
      case "em":
        return spansOf(part.inline, values);
      case "strong":
        return bold(spansOf(part.inline, values));
      case "field":
        return [{ text: values.join([{ slot: part.field }]), bold: false }];
      case "if":
        return spansOf(values.has(part.field) ? part.then : part.otherwise, values);
    }
  });
}

function plain(spans: readonly Span[], indent: number): Paragraph {
  return { role: "P", spans, indent, marker: "" };
}

/** The first paragraph of an item carries its sign; what follows stands under it. */
function marked(paragraphs: readonly Paragraph[], marker: string): Paragraph[] {
  return paragraphs.map((each, index): Paragraph =>
    index === 0 && each.role === "P" ? { ...each, role: "LI", marker } : each,
  );
}

function bold(spans: readonly Span[]): Span[] {
  return spans.map(({ text }) => ({ text, bold: true }));
}

const HEADINGS = ["H1", "H2", "H3"] as const;
