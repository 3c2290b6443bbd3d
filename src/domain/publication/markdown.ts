import type { Block } from "../notice/document.ts";
import { blocksToHtml } from "../notice/html.ts";
import { parseMarkdown } from "../notice/markdown.ts";
import { Refusal, refuse } from "../refusal.ts";
import type { Telling } from "../publication.ts";

/**
 * Markdown as HTML, under the rules of notices: no HTML, no images, links to the organisation's
 * own hosts only, each shown in full. There are no fields: everybody reads the same. Headings
 * start at level 4, below the title of the update.
 */
export function toHtml(markdown: string, linkHosts: readonly string[]): string {
  if (markdown.includes("{{"))
    refuse("template-refused", "This text cannot be used as it is.", [
      { field: "source", code: "braces", message: "Fields work in notices only. Write it out." },
    ]);
  const blocks = parseMarkdown([{ kind: "text", text: markdown, line: 1 }], linkHosts);
  const highest = Math.min(...levels(blocks));
  const pieces = blocksToHtml(blocks.map((block) => lowered(block, HEADINGS_FROM - highest)));
  return pieces.filter((piece) => typeof piece === "string").join("");
}

/** Refuse what cannot be shown, before anybody reviews it; names the language and the line. */
export function checkMarkdown(languages: Telling, linkHosts: readonly string[]): void {
  for (const [language, told] of Object.entries(languages)) {
    inField(`languages.${language}.body`, () => toHtml(told.body, linkHosts));
    for (const [i, { answer }] of told.faq.entries())
      inField(`languages.${language}.faq.${i}.answer`, () => toHtml(answer, linkHosts));
  }
}

function inField(field: string, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fields = error.fields.map((each) => ({ ...each, field }));
    refuse(error.code, "This text cannot be used as it is.", fields);
  }
}

function levels(blocks: readonly Block[]): number[] {
  return blocks.flatMap((block) => {
    if (block.kind === "heading") return [block.level];
    if (block.kind === "quote") return levels(block.blocks);
    return block.kind === "list" ? block.items.flatMap(levels) : [];
  });
}

function lowered(block: Block, by: number): Block {
  if (block.kind === "heading") return { ...block, level: block.level + by };
  if (block.kind === "quote")
    return { ...block, blocks: block.blocks.map((each) => lowered(each, by)) };
  if (block.kind !== "list") return block;
  return { ...block, items: block.items.map((item) => item.map((each) => lowered(each, by))) };
}

const HEADINGS_FROM = 4;
