import type { ScopeFacts } from "../scope.ts";
import type { Block, Condition, Inline } from "./document.ts";
import { FIELDS } from "./fields.ts";
import type { Given, Value } from "./fields.ts";
import { blocksToHtml, inlineToHtml, toInlineText } from "./html.ts";
import type { Piece } from "./html.ts";
import { parseMarkdown } from "./markdown.ts";
import { baseOf } from "./notice.ts";
import type { NoticeVersion } from "./notice.ts";
import { blocksToText } from "./plain.ts";
import type { TextPart } from "./plain.ts";
import { parseSource } from "./source.ts";
import type { Node } from "./source.ts";
import { WORDING } from "./wording.ts";

/** A notice version in all its languages, with everything filled in that is the same for everyone. */
export interface CompiledNotice {
  readonly languages: ReadonlyMap<string, CompiledLanguage>;
  readonly defaultLanguage: string;
  readonly discreet: boolean;
}

/** What is left of one language: fixed words, and slots for what is one person's own. */
export interface CompiledLanguage {
  readonly language: string;
  readonly title: readonly Piece[];
  readonly subject: readonly Piece[];
  readonly discreetSubject: readonly Piece[];
  readonly sms: readonly Piece[];
  readonly text: readonly TextPart[];
  /** The page inside the mail's layout, from its heading on. */
  readonly bodyHtml: readonly Piece[];
  readonly html: readonly Piece[];
  readonly given: Given;
}

/** What goes around a notice to make it a mail; `version` is bound by its approval. */
export interface Layout {
  readonly version: string;
  readonly wrap: (view: LayoutView) => string;
}

export interface LayoutView {
  readonly language: string;
  readonly title: string;
  readonly organisation: string;
  readonly body: string;
}

/**
 * Compile a version against the facts it quotes, once; rendering a person then only joins
 * strings. Refuses `template-refused` for a source that may not be used.
 */
export function compile(
  version: Pick<NoticeVersion, "languages" | "sender" | "codes">,
  facts: ScopeFacts,
  layout: Layout,
): CompiledNotice {
  const tags = Object.keys(version.languages).toSorted();
  const languages = tags.map((tag) => compileLanguage(tag, version, facts, layout));
  return {
    languages: new Map(languages.map((each) => [each.language, each])),
    defaultLanguage: tags.find((tag) => baseOf(tag) === "en") ?? tags[0] ?? "en",
    discreet: version.sender.discreet,
  };
}

/** The language to write to someone in: theirs, its base or a sibling, otherwise the default. */
export function languageFor(
  notice: Pick<CompiledNotice, "languages" | "defaultLanguage">,
  wanted: string,
): string {
  const tags = [...notice.languages.keys()];
  const lower = wanted.toLowerCase();
  return (
    tags.find((tag) => tag.toLowerCase() === lower) ??
    tags.find((tag) => tag === baseOf(lower)) ??
    tags.find((tag) => baseOf(tag) === baseOf(lower)) ??
    notice.defaultLanguage
  );
}

function compileLanguage(
  language: string,
  { languages, sender, codes }: Pick<NoticeVersion, "languages" | "sender" | "codes">,
  facts: ScopeFacts,
  layout: Layout,
): CompiledLanguage {
  const wording = WORDING.get(baseOf(language));
  const code = codes[language];
  if (!wording || !code) throw new TypeError(`There is no wording or code for ${language}.`);
  const given: Given = { facts, sender, code, wording };
  const source = parseSource(languages[language] ?? "");

  const title = foldInline(source.title.map(asInline), given);
  const body = foldBlocks(parseMarkdown(source.body, sender.linkHosts), given);
  const blocks: Block[] = [{ kind: "heading", level: 1, inline: title }, ...body];
  const plain = (nodes: readonly Node[]) => toInlineText(foldInline(nodes.map(asInline), given));
  const bodyHtml = blocksToHtml(blocks);
  return {
    language,
    title: inlineToHtml(title),
    subject: plain(source.subject),
    discreetSubject: plain(source.discreetSubject),
    sms: plain(source.sms),
    text: blocksToText(blocks),
    bodyHtml,
    html: wrapped(bodyHtml, layout, { language, organisation: sender.organisation }),
    given,
  };
}

/** The layout is applied once, around a marker that no layout or value can contain. */
function wrapped(
  body: readonly Piece[],
  layout: Layout,
  { language, organisation }: Pick<LayoutView, "language" | "organisation">,
): Piece[] {
  const page = layout.wrap({ language, title: organisation, organisation, body: BODY_MARK });
  const [before, after, ...more] = page.split(BODY_MARK);
  if (before === undefined || after === undefined || more.length > 0)
    throw new TypeError("The mail layout must contain its body exactly once.");
  return [before, ...body, after];
}

function asInline(node: Node): Inline {
  if (node.kind !== "if") return node;
  const { then, otherwise } = node;
  return { ...node, then: then.map(asInline), otherwise: otherwise.map(asInline) };
}

/** Fill in every field and settle every condition whose answer is the same for all readers. */
function foldBlocks(blocks: readonly Block[], given: Given): Block[] {
  return blocks.flatMap((block): Block[] => {
    switch (block.kind) {
      case "field": {
        const { value } = FIELDS[block.field];
        return value === "person" ? [block] : valueBlocks(value(given));
      }
      case "if":
        return settled(block, foldBlocks, given);
      case "heading":
      case "paragraph":
        return [{ ...block, inline: foldInline(block.inline, given) }];
      case "list":
        return [{ ...block, items: block.items.map((item) => foldBlocks(item, given)) }];
      case "quote":
        return [{ ...block, blocks: foldBlocks(block.blocks, given) }];
      default:
        return [block];
    }
  });
}

function foldInline(parts: readonly Inline[], given: Given): Inline[] {
  return parts.flatMap((part): Inline[] => {
    switch (part.kind) {
      case "field": {
        const { value } = FIELDS[part.field];
        if (value === "person") return [part];
        return [{ kind: "text", text: value(given).lines.join(" ") }];
      }
      case "if":
        return settled(part, foldInline, given);
      case "em":
      case "strong":
        return [{ ...part, inline: foldInline(part.inline, given) }];
      default:
        return [part];
    }
  });
}

/** The side of a condition that applies; the whole condition where that depends on the reader. */
function settled<T>(
  condition: Condition<T>,
  fold: (parts: readonly T[], given: Given) => T[],
  given: Given,
): (T | Condition<T>)[] {
  const { value } = FIELDS[condition.field];
  const then = fold(condition.then, given);
  const otherwise = fold(condition.otherwise, given);
  if (value !== "person") return value(given).known ? then : otherwise;
  return [{ ...condition, then, otherwise }];
}

/** Plain lines as a list or as paragraphs. */
function valueBlocks({ lines, list }: Pick<Value, "lines" | "list">): Block[] {
  const blocks = lines.map((text): Block => ({
    kind: "paragraph",
    inline: [{ kind: "text", text }],
  }));
  if (list === "none") return blocks;
  const items = blocks.map((block) => [block]);
  return [{ kind: "list", ordered: list === "ordered", start: 1, items }];
}

const BODY_MARK = "\uE002body\uE002";
