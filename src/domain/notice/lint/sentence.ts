import { NOT_YET_KNOWN } from "../../instant.ts";
import type { PageLanguage } from "../../language.ts";
import type { ScopeFacts, WordedField } from "../../scope.ts";
import type { Field } from "../fields.ts";
import type { Node, Source } from "../source.ts";

/** A sentence as its reader sees it, but for fields, and where it was written. */
export interface Sentence {
  readonly text: string;
  /** The one-based line of the source; that of the field, for words of the scope. */
  readonly line: number;
  readonly part: "title" | "subject" | "discreet_subject" | "sms" | "body";
  readonly kind: "heading" | "bullet" | "step" | "words";
  /** The heading it stands under, as it is written; "" above the first. */
  readonly under: string;
  /** The fact of the scope whose words these are. */
  readonly fact?: WordedField;
}

/** Fields whose words a person wrote in the scope. They are judged like those of the text. */
export const FACT_FIELDS: Readonly<Partial<Record<Field, WordedField>>> = {
  what_happened: "whatHappened",
  how: "how",
  what_we_do: "whatWeDo",
  actions: "actions",
  where_it_happened: "place",
};

interface Text {
  readonly source: string;
  readonly parsed: Source;
  readonly language: PageLanguage;
  /** The facts as they are told in this language. */
  readonly facts: ScopeFacts;
}

/** Every sentence of a notice in one language: its titles, its SMS, its body, and the facts in it. */
export function sentencesOf({ source, parsed, language, facts }: Text): Sentence[] {
  const { lines } = parsed;
  const front = [
    { part: "title", nodes: parsed.title, line: lines.title },
    { part: "subject", nodes: parsed.subject, line: lines.subject },
    { part: "discreet_subject", nodes: parsed.discreetSubject, line: lines.discreet_subject },
    { part: "sms", nodes: parsed.sms, line: lines.sms },
  ] as const;
  const rows = source.split(/\r\n?|\n/).slice(lines.body - 1);
  return [
    ...front.flatMap(({ part, nodes, line }) =>
      split(wordsOf(nodes), language).map(({ text }) => ({
        text,
        line,
        part,
        under: "",
        kind: part === "title" ? ("heading" as const) : ("words" as const),
      })),
    ),
    ...bodySentences(rows, { line: lines.body, language, facts }),
  ];
}

/** A text in sentences, each with where it begins. */
export function split(text: string, language: PageLanguage): { text: string; at: number }[] {
  return Array.from(SEGMENTERS[language].segment(text), ({ segment, index }) => ({
    text: segment.trim(),
    at: index + segment.length - segment.trimStart().length,
  })).filter((sentence) => sentence.text !== "");
}

/** Consecutive rows that are read as one: a paragraph, a heading, an item of a list. */
interface Block {
  readonly kind: Sentence["kind"];
  readonly under: string;
  text: string;
  /** Where each row begins in the text. */
  readonly rows: { at: number; line: number }[];
}

interface Body {
  readonly line: number;
  readonly language: PageLanguage;
  readonly facts: ScopeFacts;
}

function bodySentences(rows: readonly string[], body: Body): Sentence[] {
  return blocksOf(rows, body.line).flatMap((block) => [
    ...split(block.text, body.language)
      .map(({ text, at }) => ({
        text,
        kind: block.kind,
        under: block.under,
        part: "body" as const,
        line: block.rows.findLast((row) => row.at <= at)?.line ?? body.line,
      }))
      .filter(({ text }) => /[\p{L}\p{N}]/u.test(text.replaceAll(FIELD, ""))),
    ...block.rows.flatMap(({ at, line }, index) => {
      const row = block.text.slice(at, block.rows[index + 1]?.at);
      return factSentences(row, { line, under: block.under }, body);
    }),
  ]);
}

function blocksOf(rows: readonly string[], first: number): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let under = "";
  for (const [index, raw] of rows.entries()) {
    const row = plain(raw);
    const heading = headingOf(row);
    const item = /^\s*(?:[-+•]|(\d+)[.)])\s(.*)/.exec(row);
    const at = { at: 0, line: first + index };
    if (heading !== undefined) {
      under = heading;
      blocks.push({ kind: "heading", under, text: heading, rows: [at] });
      open = undefined;
    } else if (item) {
      const kind = item[1] === undefined ? "bullet" : "step";
      open = { kind, under, text: item[2] ?? "", rows: [at] };
      blocks.push(open);
    } else if (row.trim() === "") open = undefined;
    else if (open) {
      open.rows.push({ ...at, at: open.text.length + 1 });
      open.text += ` ${row.trim()}`;
    } else {
      open = { kind: "words", under, text: row.trim(), rows: [at] };
      blocks.push(open);
    }
  }
  return blocks;
}

/** The words of a heading as they are written; nothing where a row is none. */
export function headingOf(row: string): string | undefined {
  const words = /^\s*#{1,6}\s+(.*)/s.exec(row)?.[1];
  return words === undefined ? undefined : withoutEnd(words, "#");
}

/** Without these marks, and spaces, at its end: a pattern would begin anew at each of them. */
export function withoutEnd(text: string, marks: string): string {
  let end = text.length;
  while (end > 0 && (marks.includes(text.charAt(end - 1)) || /\s/.test(text.charAt(end - 1))))
    end -= 1;
  return text.slice(0, end);
}

/** A row without marks of emphasis, quotes, conditions and remarks. */
function plain(row: string): string {
  return row
    .replace(/^\s*\*\s/, "- ")
    .replaceAll(/\{\{(?:!--.*?--|![^}]*)\}\}/g, "")
    .replaceAll(/\{\{else\}\}/g, " ")
    .replaceAll(/\{\{[#/]if[^}]*\}\}/g, "")
    .replaceAll(/\*|(?<![\p{L}\p{N}_])_+(?=\p{L})|(?<=\p{L})_+(?![\p{L}\p{N}_])/gu, "")
    .replace(/^\s*(?:>\s?)+/, "");
}

function factSentences(
  row: string,
  { line, under }: Pick<Sentence, "line" | "under">,
  { language, facts }: Body,
): Sentence[] {
  return Array.from(row.matchAll(FIELD), ([, name = ""]) => name).flatMap((name) => {
    const fact = Object.entries(FACT_FIELDS).find(([field]) => field === name)?.[1];
    if (fact === undefined) return [];
    const words = facts[fact];
    if (words === NOT_YET_KNOWN) return [];
    const kind = fact === "actions" ? ("step" as const) : ("words" as const);
    const texts = typeof words === "string" ? words.split(/\n\s*\n/) : words;
    return texts
      .flatMap((each) => split(each.replaceAll(/\s+/g, " "), language))
      .map(({ text }) => ({ text, line, part: "body", kind, under, fact }));
  });
}

/** The words of a subject or an SMS, its fields in braces; of a condition, both sides. */
function wordsOf(nodes: readonly Node[]): string {
  const words = nodes.map((node) => {
    if (node.kind === "text") return node.text;
    if (node.kind === "field") return `{{${node.field}}}`;
    return `${wordsOf(node.then)} ${wordsOf(node.otherwise)}`;
  });
  return words.join("").replaceAll(/\s+/g, " ");
}

/** A field in braces, and its name. */
export const FIELD = /\{\{\s*([a-z_]+)\s*\}\}/g;
const SEGMENTERS: Readonly<Record<PageLanguage, Intl.Segmenter>> = {
  en: new Intl.Segmenter("en", { granularity: "sentence" }),
  zh: new Intl.Segmenter("zh", { granularity: "sentence" }),
  ru: new Intl.Segmenter("ru", { granularity: "sentence" }),
};
