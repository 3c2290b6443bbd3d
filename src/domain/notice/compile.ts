import { PAGE_LANGUAGES } from "../language.ts";
import type { ScopeFacts } from "../scope.ts";
import { factsIn } from "../scope/translation.ts";
import type { Block, Condition, Inline } from "./document.ts";
import { FIELDS } from "./fields.ts";
import type { Also, Field, Given, Value } from "./fields.ts";
import { blocksToHtml, inlineToHtml, toInlineText } from "./html.ts";
import type { Piece } from "./html.ts";
import { parseMarkdown } from "./markdown.ts";
import { baseOf } from "./notice.ts";
import type { NoticeVersion } from "./notice.ts";
import { blocksToText } from "./plain.ts";
import type { TextPart } from "./plain.ts";
import { parseSource } from "./source.ts";
import type { Node } from "./source.ts";
import { keyOf, tagsOf } from "./split.ts";
import { WORDING } from "./wording.ts";

/**
 * One variant of a notice version in all its languages, with everything filled in that is the same
 * for everyone. Whoever gets a variant gets no other in any language.
 */
export interface CompiledNotice {
  /** Null is the text of everybody whom no variant is for. */
  readonly variant: string | null;
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
  /** The notice from its heading on, with slots as parts of it: what a letter is set from. */
  readonly blocks: readonly Block[];
  readonly text: readonly TextPart[];
  /** The page inside the mail's layout, from its heading on. */
  readonly bodyHtml: readonly Piece[];
  readonly html: readonly Piece[];
  readonly given: Given;
  /** A sentence that names a time of day, with the time where the reader lives if that is known. */
  readonly local: (field: Field, also: Also | undefined) => string;
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

/** What of a version its readers see, and the hashes of what it quotes. */
export type Compilable = Pick<NoticeVersion, "languages" | "sender" | "codes" | "facts">;

/**
 * Compile one variant of a version against the facts it quotes, once; rendering a person then only
 * joins strings. Each language tells the facts in the translations that the version has bound.
 * Refuses `template-refused` for a source that may not be used.
 */
export function compile(
  version: Compilable,
  facts: ScopeFacts,
  layout: Layout,
  variant: string | null = null,
): CompiledNotice {
  const tags = tagsOf(version.languages, variant);
  const languages = tags.map((tag) => compileLanguage(tag, { ...version, variant }, facts, layout));
  return {
    variant,
    languages: new Map(languages.map((each) => [each.language, each])),
    defaultLanguage: tags.find((tag) => baseOf(tag) === "en") ?? tags[0] ?? "en",
    discreet: version.sender.discreet,
  };
}

/**
 * The language to write to someone in, of those a notice has: exactly theirs; its base (`zh` for
 * `zh-TW`: simplified Chinese where that is what there is); another with the same base (`de-AT`
 * for `de-CH`); otherwise the default, which is English, or the first by its tag where the notice
 * has none. Nobody is given another language for living near it.
 */
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
  { languages, variant, sender, codes, facts: bound }: Compilable & Pick<CompiledNotice, "variant">,
  facts: ScopeFacts,
  layout: Layout,
): CompiledLanguage {
  const key = keyOf(language, variant);
  const wording = WORDING.get(baseOf(language));
  const code = codes[key];
  if (!wording || !code) throw new TypeError(`There is no wording or code for ${key}.`);
  const told = factsIn(facts, wording.language, bound);
  const given: Given = { facts: told, sender, code, wording };
  const source = parseSource(languages[key] ?? "");

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
    blocks,
    text: blocksToText(blocks),
    bodyHtml,
    html: wrapped(bodyHtml, layout, {
      // Without its script, Chinese may be shown in the characters of another country.
      language: language === wording.language ? PAGE_LANGUAGES[wording.language].tag : language,
      organisation: sender.organisation,
    }),
    given,
    local: localTimes(given),
  };
}

/** Made once for each zone that readers live in, not once for each reader. */
function localTimes(given: Given): CompiledLanguage["local"] {
  const made = new Map<string, string>();
  return (field, also) => {
    const key = `${field}/${also ? ("zone" in also ? also.zone : also.words) : ""}`;
    const known = made.get(key) ?? localTime(field, also, given);
    made.set(key, known);
    return known;
  };
}

function localTime(field: Field, also: Also | undefined, given: Given): string {
  const { value } = FIELDS[field];
  if (value === "person") throw new TypeError(`${field} is one person's own.`);
  const { lines, local } = value(given);
  return local && also ? local(also) : lines.join(" ");
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
        const { lines, local } = value(given);
        return local ? [part] : [{ kind: "text", text: lines.join(" ") }];
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
