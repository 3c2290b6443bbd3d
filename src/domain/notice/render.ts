import { languageFor } from "./compile.ts";
import type { CompiledLanguage, CompiledNotice } from "./compile.ts";
import { elementLines } from "./fields.ts";
import type { Field } from "./fields.ts";
import { escapeHtml, linesToHtml } from "./html.ts";
import type { Piece } from "./html.ts";
import { textOf } from "./plain.ts";
import type { Wording } from "./wording.ts";

/** What a notice may know of the person it is rendered for. */
export interface Reader {
  readonly name?: string | undefined;
  /** Element codes; an invented person has all of the incident's. */
  readonly exposure: readonly string[] | "all";
  /** Others read this mailbox too. */
  readonly sharedMailbox: boolean;
  /** In whose place the person is written to; their own unless said. */
  readonly relation?: "self" | "guardian" | "estate";
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
  readonly code: "value-empty" | "value-too-long" | "language-missing";
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
    html: join(compiled.html, { ...values, ...values.html }),
    sms: plainLine(join(compiled.sms, values)),
  };
}

/** The wording as anybody may see it: neutral words where a reader would see their own. */
export function renderPublic(notice: CompiledNotice, language: string): PublicWording {
  const compiled = inLanguage(notice, language);
  const { yourName, yourData } = compiled.given.wording;
  const values = valuesOf(compiled, yourName, [yourData]);
  const usual = notice.discreet ? compiled.discreetSubject : compiled.subject;
  const subjects = [usual, compiled.discreetSubject];
  return {
    language: compiled.language,
    subjects: [...new Set(subjects.map((pieces) => subjectLine(join(pieces, values))))],
    text: textOf(compiled.text, values),
    html: join(compiled.bodyHtml, { ...values, ...values.html }),
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

interface Values {
  readonly name: string;
  readonly hasName: boolean;
  readonly lines: (field: Field) => readonly string[];
  readonly join: (pieces: readonly Piece[]) => string;
  readonly has: (field: Field) => boolean;
  readonly block: string;
  readonly html: { readonly name: string; readonly block: string };
}

function inLanguage(notice: CompiledNotice, language: string): CompiledLanguage {
  const compiled = notice.languages.get(languageFor(notice, language));
  if (!compiled) throw new RenderHold("language-missing", "language");
  return compiled;
}

function personal(compiled: CompiledLanguage, reader: Reader): Values {
  const { facts } = compiled.given;
  const exposure =
    reader.exposure === "all" ? facts.dataElements.map(({ element }) => element) : reader.exposure;
  return valuesOf(
    compiled,
    addressee(reader, compiled.given.wording),
    elementLines(exposure, compiled.given),
  );
}

function valuesOf({ given }: CompiledLanguage, name: string, elements: readonly string[]): Values {
  const shown = name === "" ? given.wording.reader : name;
  const lines = () => (elements.length > 0 ? elements : hold("data_elements"));
  const values: Values = {
    name: shown,
    hasName: name !== "",
    lines,
    join: (pieces) => join(pieces, values),
    has: (field) => field !== "name" || name !== "",
    get block() {
      return lines().join(", ");
    },
    html: {
      name: escapeHtml(shown),
      get block() {
        return linesToHtml(lines());
      },
    },
  };
  return values;
}

function hold(field: Field): never {
  throw new RenderHold("value-empty", field);
}

function join(
  pieces: readonly Piece[],
  values: Pick<Values, "name" | "hasName" | "block">,
): string {
  let out = "";
  for (const piece of pieces) {
    if (typeof piece === "string") out += piece;
    else if ("slot" in piece) out += piece.slot === "name" ? values.name : values.block;
    else out += join(values.hasName ? piece.then : piece.otherwise, values);
  }
  return out;
}

function addressee({ name: given, relation = "self" }: Reader, wording: Wording): string {
  const name = cleanName(given ?? "");
  return name === "" || relation === "self" ? name : wording[relation](name);
}

/** A name as given, without what could break or reorder the line it stands on. */
function cleanName(name: string): string {
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
function subjectLine(text: string): string {
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
