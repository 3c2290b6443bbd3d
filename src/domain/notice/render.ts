import { languageFor } from "./compile.ts";
import type { CompiledLanguage, CompiledNotice } from "./compile.ts";
import { elementLines } from "./fields.ts";
import type { Also, Field } from "./fields.ts";
import { escapeHtml, linesToHtml, linkToHtml } from "./html.ts";
import type { Piece } from "./html.ts";
import { textOf } from "./plain.ts";
import type { TextValues } from "./plain.ts";
import type { Wording } from "./wording/shape.ts";

/** What a notice may know of the person it is rendered for. */
export interface Reader {
  readonly name?: string | undefined;
  /** Element codes; an invented person has all of the incident's. */
  readonly exposure: readonly string[] | "all";
  /** Others read this mailbox too. */
  readonly sharedMailbox: boolean;
  /** In whose place the person is written to; their own unless said. */
  readonly relation?: "self" | "guardian" | "estate";
  /** Where they live, as an IANA zone: times of day are told in it too. */
  readonly zone?: string | undefined;
  readonly own?: OwnWords;
}

/**
 * What is this person's own and secret: codes and links, by the field that shows them. They are
 * made where a message is composed and stored nowhere in clear.
 */
export interface OwnWords {
  /** Opens *my notice*: 12 letters and digits. */
  readonly personal_code?: string;
  /** Opens the survey; anonymous. */
  readonly survey_code?: string;
  /** The same as an address to open. */
  readonly survey_link?: string;
}

export interface Rendered {
  readonly language: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly sms: string;
}

/** A message that cannot be rendered for this person and must wait. Never quotes a value. */
export class RenderHold extends Error {
  override readonly name = "RenderHold";
  readonly code: "value-empty" | "value-missing" | "value-too-long" | "language-missing";
  readonly field: Field | "language";

  constructor(code: RenderHold["code"], field: RenderHold["field"]) {
    super(`The message is held: ${code} (${field}).`);
    this.code = code;
    this.field = field;
  }
}

/**
 * One person's message. The same function serves preview, test and delivery. Throws a
 * `RenderHold` where a value is missing or out of bounds: held, never sent blank.
 */
export function render(notice: CompiledNotice, language: string, reader: Reader): Rendered {
  const compiled = inLanguage(notice, language);
  const values = personal(compiled, reader);
  const discreet = notice.discreet || reader.sharedMailbox;
  return {
    language: compiled.language,
    subject: subjectLine(join(discreet ? compiled.discreetSubject : compiled.subject, values)),
    text: textOf(compiled.text, values),
    html: join(compiled.html, values, "html"),
    sms: plainLine(join(compiled.sms, values)),
  };
}

/** The parts of one person's letter: blocks, and this person's values for the slots in them. */
export function renderParts(notice: CompiledNotice, language: string, reader: Reader): Parts {
  const compiled = inLanguage(notice, language);
  const values: TextValues = personal(compiled, reader);
  return { language: compiled.language, given: compiled.given, blocks: compiled.blocks, values };
}

export interface Parts extends Pick<CompiledLanguage, "language" | "given" | "blocks"> {
  readonly values: TextValues;
}

/** The wording as anybody may see it: neutral words where a reader would see their own. */
export function renderPublic(notice: CompiledNotice, language: string): PublicWording {
  const compiled = inLanguage(notice, language);
  const values = anyone(compiled);
  const usual = notice.discreet ? compiled.discreetSubject : compiled.subject;
  const subjects = [usual, compiled.discreetSubject];
  return {
    language: compiled.language,
    subjects: [...new Set(subjects.map((pieces) => subjectLine(join(pieces, values))))],
    text: textOf(compiled.text, values),
    html: join(compiled.bodyHtml, values, "html"),
  };
}

export interface PublicWording {
  readonly language: string;
  /** The usual subject, and the discreet one for mailboxes that several people read. */
  readonly subjects: readonly string[];
  readonly text: string;
  /** The notice from its heading on, without a page around it. */
  readonly html: string;
}

/** One person's words, by field: plain, or as HTML. */
export interface Values extends TextValues {
  readonly words: (field: Field) => string;
  readonly html: (field: Field) => string;
}

/** What stands in the slots: a reader's own, or neutral words for any reader. */
interface Filling {
  readonly name: string;
  readonly elements: () => readonly string[];
  readonly own: OwnWords;
  /** The reader's zone, or words for it; nothing where it is unknown. */
  readonly also: Also | undefined;
}

/** The notice in the language of these readers. */
export function inLanguage(notice: CompiledNotice, language: string): CompiledLanguage {
  const compiled = notice.languages.get(languageFor(notice, language));
  if (!compiled) throw new RenderHold("language-missing", "language");
  return compiled;
}

/** One reader's words. */
export function personal(compiled: CompiledLanguage, reader: Reader): Values {
  const { facts, wording } = compiled.given;
  const exposure =
    reader.exposure === "all" ? facts.dataElements.map(({ element }) => element) : reader.exposure;
  const { zone, own = {} } = reader;
  return valuesOf(compiled, {
    name: addressee(reader, wording),
    elements: () => elementLines(exposure, compiled.given),
    own,
    also: zone === undefined ? undefined : { zone },
  });
}

function anyone(compiled: CompiledLanguage): Values {
  const { wording } = compiled.given;
  return valuesOf(compiled, {
    name: wording.yourName,
    elements: () => [wording.yourData],
    own: {
      personal_code: wording.yourPersonalCode,
      survey_code: wording.yourSurveyCode,
      survey_link: wording.yourSurveyLink,
    },
    also: { words: wording.yourTime },
  });
}

function valuesOf({ given, local }: CompiledLanguage, filling: Filling): Values {
  const shown = filling.name === "" ? given.wording.reader : filling.name;
  function words(field: Field): string {
    switch (field) {
      case "name":
        return shown;
      case "data_elements":
        return lines(field).join(", ");
      case "personal_code":
      case "survey_code":
      case "survey_link":
        return filling.own[field] || hold("value-missing", field);
      default:
        return local(field, filling.also);
    }
  }
  function lines(field: Field): readonly string[] {
    if (field !== "data_elements") return [words(field)];
    const elements = filling.elements();
    return elements.length > 0 ? elements : hold("value-empty", field);
  }
  function html(field: Field): string {
    if (field === "data_elements") return linesToHtml(lines(field));
    const text = words(field);
    if (field !== "survey_link") return escapeHtml(text);
    return /^https?:\/\//.test(text) ? linkToHtml(text) : `<p>${escapeHtml(text)}</p>\n`;
  }
  const values: Values = {
    words,
    lines,
    html,
    join: (pieces) => join(pieces, values),
    has: (field) => field !== "name" || filling.name !== "",
  };
  return values;
}

/** The pieces with a person's words in the slots. */
export function join(
  pieces: readonly Piece[],
  values: Values,
  as: "words" | "html" = "words",
): string {
  let out = "";
  for (const piece of pieces) {
    if (typeof piece === "string") out += piece;
    else if ("slot" in piece) out += values[as](piece.slot);
    else out += join(values.has(piece.given) ? piece.then : piece.otherwise, values, as);
  }
  return out;
}

function hold(code: RenderHold["code"], field: Field): never {
  throw new RenderHold(code, field);
}

function addressee({ name: given, relation = "self" }: Reader, wording: Wording): string {
  const name = cleanName(given ?? "");
  return name === "" || relation === "self" ? name : wording[relation](name);
}

/** A name as given, without what could break or reorder the line it stands on. */
export function cleanName(name: string): string {
  if (name.length > VALUE_MAX) throw new RenderHold("value-too-long", "name");
  return PLAIN_ASCII.test(name) ? name.trim() : oneLine(name);
}

function oneLine(text: string): string {
  return text.replaceAll(HOSTILE, " ").replaceAll(/\s+/g, " ").trim();
}

function plainLine(text: string): string {
  return PLAIN_ASCII.test(text) ? text : oneLine(text);
}

/** One line of at most 200 characters, cut between characters. */
export function subjectLine(text: string): string {
  const line = plainLine(text);
  if (line.length <= SUBJECT_MAX) return line;
  const cut = Array.from(line)
    .slice(0, SUBJECT_MAX - 1)
    .join("");
  return `${cut.slice(0, SUBJECT_MAX - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

const SUBJECT_MAX = 200;
const VALUE_MAX = 5_120;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;
const HOSTILE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}|\p{Co}/gu;
