import type { Context, Keys } from "../../context.ts";
import { Person } from "../../domain/audience/person.ts";
import { LetterHold } from "../../domain/delivery/letter-hold.ts";
import type { Face, Metrics } from "../../domain/delivery/letter-line.ts";
import { addressLines, paperFor, tidy } from "../../domain/delivery/letter-paper.ts";
import type { Paper } from "../../domain/delivery/letter-paper.ts";
import { paragraphsOf } from "../../domain/delivery/letter-text.ts";
import { setLetter } from "../../domain/delivery/letter.ts";
import type { SetLetter } from "../../domain/delivery/letter.ts";
import { pageLanguageOf } from "../../domain/language.ts";
import type { ScopeFacts } from "../../domain/scope.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { RenderHold, renderParts } from "../../domain/notice/render.ts";
import type { Planned } from "../../store/delivery/letter-run.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import type { OwnSource } from "./prepare.ts";

/** All that the letters of one batch share. */
export interface Batching {
  readonly ctx: Context;
  readonly keys: Keys;
  readonly version: CompiledVersion;
  readonly source: OwnSource;
  /** Where the organisation is, for people who gave no zone. */
  readonly zone: string;
  readonly metrics: Metrics;
  readonly madeAt: Date;
}

/** A letter, or why there is none; with the person, where they can be read, for the lists. */
export type Composed = { readonly person?: Person } & (
  | { readonly language: string; readonly paper: Paper; readonly letter: SetLetter }
  | { readonly held: string }
);

/** One person's letter, from the approved version alone. What fails for one holds nobody else's. */
export function composeLetter(
  batching: Batching,
  row: Planned & { readonly sealed: Buffer },
): Composed {
  let person: Person | undefined;
  try {
    person = Person.parse(batching.keys.open("recipient", row.recipientId, row.sealed));
    return { person, ...composed(batching, row, person) };
  } catch (err) {
    return { ...(person && { person }), held: whyHeld(batching, row, err) };
  }
}

function whyHeld({ ctx }: Batching, { deliveryId }: Planned, err: unknown): string {
  if (err instanceof LetterHold) return err.reason;
  if (err instanceof RenderHold) return `${err.code}:${err.field}`;
  ctx.log.error({ err, deliveryId }, "a letter could not be composed");
  return "unreadable";
}

function composed(batching: Batching, row: Planned, person: Person) {
  const { ctx, version, source } = batching;
  const { name, exposure, relation, zone } = person;
  const { own } = source.of(row.recipientId);
  const { sharedMailbox } = row;
  const reader = { name, exposure, relation, sharedMailbox, own, ...(zone && { zone }) };
  const parts = renderParts(version.texts.forPlace(person.place), row.language, reader);
  const paper = paperFor(person.postal?.country ?? person.country);
  const spoken = pageLanguageOf(parts.language);
  const words = (values: Record<string, unknown>) => ctx.templates.words("letter", spoken, values);
  const { number = "" } = words({ number: row.number });
  const content = {
    paper,
    organisation: tidy(parts.given.sender.organisation),
    senderLines: senderLines(parts.given.facts),
    addressLines: addressLines(person, parts.given.wording),
    facts: [dateIn(parts.language, paper, batching.madeAt, zone ?? batching.zone), number],
    foot: (page: number, pages: number): [string, string] => [
      number,
      words({ page, pages })["page"] ?? "",
    ],
    paragraphs: paragraphsOf(parts),
  };
  const order = FACES[spoken];
  const letter = setLetter(content, { metrics: batching.metrics, order });
  return { language: parts.language, paper, letter };
}

/** The first postal address among the contact lines. */
function senderLines({ contactLines }: ScopeFacts): string[] {
  if (contactLines === NOT_YET_KNOWN) return [];
  const post = contactLines.find(({ kind }) => kind === "post");
  return post ? post.value.split(/\s*\n\s*/).map(tidy) : [];
}

/** A date as the language writes it; in English the paper says on which side of the Atlantic. */
function dateIn(language: string, paper: Paper, at: Date, timeZone: string): string {
  const tag = language === "en" ? (paper === "a4" ? "en-GB" : "en-US") : language;
  return new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone }).format(at);
}

/** Punctuation that both typefaces have is taken from that of the language. */
const FACES = {
  en: ["sans", "han"],
  ru: ["sans", "han"],
  zh: ["han", "sans"],
} as const satisfies Record<string, readonly Face[]>;
