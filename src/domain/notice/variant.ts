import type { CompiledNotice } from "./compile.ts";
import { FIELDS } from "./fields.ts";
import type { Field } from "./fields.ts";
import { merged } from "./html.ts";
import type { Piece } from "./html.ts";
import { added, runOf } from "./plain.ts";
import type { TextPart, TextValues } from "./plain.ts";
import { cleanName, inLanguage, join, personal, subjectLine } from "./render.ts";
import type { Reader, Rendered, Values } from "./render.ts";

/**
 * A notice for all readers whose messages differ in their own words only: their name, codes and
 * links. The rest of a message is finished here, once, and not for each of them.
 */
export interface Variant {
  readonly language: string;
  readonly text: readonly VariantPart[];
  readonly html: readonly VariantPart[];
  /** One reader's own strings, in the order of their places; a `RenderHold` as `render` throws it. */
  own(reader: Reader): OwnParts;
}

/** Finished words, or a place for one reader's own. Lines end in LF. */
export type VariantPart = string | typeof PLACE;
export const PLACE = Symbol("place");

export interface OwnParts extends Pick<Rendered, "subject"> {
  readonly text: readonly string[];
  readonly html: readonly string[];
}

/** Readers with the same key get the same variant. It says everything but a reader's own words. */
export function variantKey(language: string, reader: Reader): string {
  const { exposure, sharedMailbox, zone = "", name = "" } = reader;
  const named = cleanName(name) !== "";
  const codes = exposure === "all" ? exposure : exposure.join();
  return `${language}/${sharedMailbox ? "shared" : ""}/${named ? "named" : ""}/${zone}/${codes}`;
}

/** Throws a `RenderHold` where `render` would for every reader of the variant. */
export function variantOf(notice: CompiledNotice, language: string, reader: Reader): Variant {
  const compiled = inLanguage(notice, language);
  const given = personal(compiled, reader);
  const discreet = notice.discreet || reader.sharedMailbox;
  const subject = narrowed(discreet ? compiled.discreetSubject : compiled.subject, given, "words");
  const html = narrowed(compiled.html, given, "html");
  const text = textPieces(compiled.text, given);
  const also = onlyIn(narrowed(compiled.sms, given, "words"), [...subject, ...html]);
  return {
    language: compiled.language,
    text: text.map(partOf),
    html: html.map(partOf),
    own(one) {
      const values = personal(compiled, one);
      // What a message by another channel lacks holds this one too, as it does in the preview.
      for (const field of also) values.words(field);
      return {
        subject: subjectLine(join(subject, values)),
        text: text.flatMap((piece) => (isFinished(piece) ? [] : [piece(values)])),
        html: html.flatMap((piece) => (isFinished(piece) ? [] : [join([piece], values, "html")])),
      };
    },
  };
}

function partOf(piece: unknown): VariantPart {
  return isFinished(piece) ? piece : PLACE;
}

function isFinished(piece: unknown): piece is string {
  return typeof piece === "string";
}

function isOwn(field: Field): boolean {
  return FIELDS[field].value === "person" && field !== "data_elements";
}

/** The pieces with all that readers of a variant share filled in. */
function narrowed(pieces: readonly Piece[], given: Values, as: "words" | "html"): Piece[] {
  return merged(
    pieces.flatMap((piece): Piece[] => {
      if (typeof piece === "string") return [piece];
      if ("slot" in piece) return [isOwn(piece.slot) ? piece : given[as](piece.slot)];
      return narrowed(given.has(piece.given) ? piece.then : piece.otherwise, given, as);
    }),
  );
}

type TextPiece = string | ((values: TextValues) => string);

/** Until some words are certain, nobody knows whether a part begins the text: those stay together. */
function textPieces(parts: readonly TextPart[], given: Values): TextPiece[] {
  const narrow = parts.map((part) => narrowedPart(part, given));
  const certain = narrow.findIndex((part) => part.kind === "fixed" && part.text !== "");
  const lead = narrow.slice(0, certain < 0 ? narrow.length : certain + 1);
  const ownLead = (values: TextValues) => runOf(lead, values);
  const pieces: TextPiece[] = lead.every(isFixed) ? [runOf(lead, given)] : [ownLead];
  for (const part of narrow.slice(lead.length)) {
    if (isFixed(part)) pieces.push(added(part, given, false));
    else if (part.kind === "if") pieces.push((values) => added(part, values, false));
    else pieces.push(part.before, (values) => added(part, values, true));
  }
  return joinedText([...pieces, "\n"]);
}

function joinedText(pieces: readonly TextPiece[]): TextPiece[] {
  const out: TextPiece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (typeof piece === "string" && typeof last === "string") out[out.length - 1] = last + piece;
    else out.push(piece);
  }
  return out;
}

function narrowedPart(part: TextPart, given: Values): TextPart {
  if (part.kind === "flow") {
    const pieces = narrowed(part.pieces, given, "words");
    const own = { ...part, pieces };
    return pieces.every((piece) => typeof piece === "string") ? fixed(own, given) : own;
  }
  if (part.kind === "slot") return isOwn(part.field) ? part : fixed(part, given);
  if (part.kind === "fixed") return part;
  const chosen = given.has(part.field) ? part.then : part.otherwise;
  const inner = chosen.map((each) => narrowedPart(each, given));
  return { ...part, then: inner, otherwise: inner };
}

function fixed(part: Exclude<TextPart, { kind: "if" }>, given: Values): TextPart {
  return { kind: "fixed", before: part.before, text: added(part, given, true) };
}

function isFixed(part: TextPart): boolean {
  return part.kind === "fixed" || (part.kind === "if" && part.then.every(isFixed));
}

/** Which of a reader's own fields stand in these pieces and not in the others. */
function onlyIn(pieces: readonly Piece[], others: readonly Piece[]): Field[] {
  const slots = (all: readonly Piece[]) =>
    all.flatMap((piece) => (typeof piece === "object" && "slot" in piece ? [piece.slot] : []));
  const elsewhere = new Set(slots(others));
  return slots(pieces).filter((field) => !elsewhere.has(field));
}
