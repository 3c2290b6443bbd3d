import { createHash } from "node:crypto";

import type { OwnParts, Variant } from "../notice/variant.ts";
import { encodeBody } from "./message-body.ts";
import type { Body, Wire } from "./message-body.ts";

/**
 * Composing mail by hand. What is the same for everybody who gets a version in one language is
 * encoded once, and each person's own strings are spliced into it (nodemailer's composer was the
 * bottleneck of the whole send path).
 *
 * Whatever a person's data holds, it can only ever become the text of the field it was meant
 * for: header text is encoded (RFC 2047) unless it is plain, bodies are quoted-printable or
 * base64, in which no line is a boundary, and addresses that would need quoting are held instead
 * of sent.
 */
export interface Skeleton {
  readonly head: string;
  readonly boundary: string;
  readonly domain: string;
}

export interface SkeletonParts {
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo?: string;
  /** BCP 47. */
  readonly language: string;
  /** Distinguishes versions; part of the boundary. */
  readonly version: string;
}

/** A message with places for one person's own strings, ready to be filled in for many. */
export interface FormLetter {
  readonly domain: string;
  readonly text: Body;
  readonly html: Body;
  /** What stands before, between and after the two bodies. */
  readonly fixed: readonly [string, string, string];
}

export interface Envelope {
  readonly to: { readonly name?: string; readonly address: string };
  readonly subject: string;
  /** Courtesy mail only: an https address that stops it by one POST (RFC 8058). */
  readonly unsubscribe?: string;
  /** Left of the `@`; ASCII letters and digits. */
  readonly messageId: string;
  readonly date: Date;
}

/** A message that must not be sent as it is; `reason` says why and names no value. */
export class MessageHold extends Error {
  override readonly name = "MessageHold";
  readonly reason: string;

  constructor(reason: string) {
    super(`This message is held: ${reason}.`);
    this.reason = reason;
  }
}

/** The part of a message that everybody of one version and language shares. */
export function composeSkeleton({ from, replyTo, language, version }: SkeletonParts): Skeleton {
  const hash = createHash("sha256").update(`${version}/${language}`).digest("hex");
  const boundary = `=_candor_${hash.slice(0, 32)}`;
  const head = [
    field("From", mailbox(from)),
    ...(replyTo === undefined ? [] : [field("Reply-To", mailbox({ address: replyTo }))]),
    field("Content-Language", language.replaceAll(/[^A-Za-z0-9-]/g, "")),
    // RFC 3834: keeps out-of-office answers from coming back to a mailbox people read.
    field("Auto-Submitted", "auto-generated"),
    field("MIME-Version", "1.0"),
    field("Content-Type", `multipart/alternative;\r\n boundary="${boundary}"`),
  ].join("");
  return { head, boundary, domain: domainOf(from.address) };
}

/** Encode the bodies, with places in them, once for all who get them. */
export function formLetter(
  { head, boundary, domain }: Skeleton,
  bodies: Pick<Variant, "text" | "html">,
): FormLetter {
  const [text, html] = [encodeBody(bodies.text), encodeBody(bodies.html)];
  const fixed = [
    `${head}\r\n--${boundary}\r\n${partHead("text/plain", text)}`,
    `\r\n--${boundary}\r\n${partHead("text/html", html)}`,
    `\r\n--${boundary}--\r\n`,
  ] as const;
  return { domain, text, html, fixed };
}

/** One person's message for the wire. Throws a `MessageHold` for an address we do not mail. */
export function fillIn(
  form: FormLetter,
  envelope: Envelope,
  own: Omit<OwnParts, "subject">,
): string {
  const [before, between, after] = form.fixed;
  const wire: Wire = [envelopeFields(envelope, form.domain), before];
  form.text.fill(own.text, wire);
  wire.push(between);
  form.html.fill(own.html, wire);
  wire.push(after);
  return wire.join("");
}

/** A message that only one person gets. Throws a `MessageHold` for an address we do not mail. */
export function composeEmail(
  skeleton: Skeleton,
  { text, html, ...envelope }: Envelope & { readonly text: string; readonly html: string },
): string {
  const form = formLetter(skeleton, { text: [text], html: [html] });
  return fillIn(form, envelope, { text: [], html: [] });
}

/** Text for a header, folded: plain where that is safe, otherwise encoded words (RFC 2047). */
export function headerText(given: string, used: number): string {
  const value = oneLine(given);
  if (!PLAIN_WORDS.test(value) || value.includes("=?")) return encodedWords(value);
  if (used + value.length <= LINE_MAX) return value;
  return folded(value.split(" "), used);
}

/** Words in lines; a fold is a line end before a space, which is all that a reader takes away. */
function folded(words: readonly string[], used: number): string {
  let out = "";
  let length = used;
  for (const word of words) {
    const fits = length + 1 + word.length <= LINE_MAX;
    out += out === "" ? word : `${fits ? "" : "\r\n"} ${word}`;
    length = (fits ? length : 0) + 1 + word.length;
  }
  return out;
}

/** Header text with every run of controls and line separators as one space. */
export function oneLine(given: string): string {
  return given.replaceAll(CONTROLS, " ").trim();
}

/** Whether we mail this address: an ASCII dot-atom at a host name, nothing that needs quoting. */
export function isMailable(address: string): boolean {
  const at = address.lastIndexOf("@");
  const sizes = address.length <= 254 && at <= 64;
  return sizes && LOCAL.test(address.slice(0, at)) && HOST.test(address.slice(at + 1));
}

function envelopeFields(envelope: Envelope, domain: string): string {
  const { date, messageId, to, subject, unsubscribe } = envelope;
  return (
    field("Date", `${date.toUTCString().slice(0, -3)}+0000`) +
    field("Message-ID", `<${messageId}@${domain}>`) +
    field("To", mailbox(to)) +
    field("Subject", headerText(subject, "Subject: ".length)) +
    (unsubscribe === undefined ? "" : unsubscribeFields(unsubscribe))
  );
}

function mailbox({ name, address }: { readonly name?: string; readonly address: string }): string {
  if (!isMailable(address)) throw new MessageHold("address");
  const phrase = name === undefined ? "" : oneLine(name);
  if (phrase === "") return address;
  const words = ATOMS.test(phrase) && phrase.length <= 60 ? phrase : encodedWords(phrase);
  return `${words}\r\n <${address}>`;
}

function unsubscribeFields(url: string): string {
  if (!/^https?:\/\/[\x21-\x7e]{1,900}$/.test(url)) throw new MessageHold("unsubscribe");
  return (
    field("List-Unsubscribe", `\r\n <${url}>`) +
    field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
  );
}

function field(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

/** Cut between characters, never inside one, so that each word decodes by itself. */
function encodedWords(value: string): string {
  const words: string[] = [];
  let bytes = 0;
  let piece = "";
  for (const character of value) {
    const size = Buffer.byteLength(character);
    if (bytes + size > WORD_BYTES) {
      words.push(piece);
      piece = "";
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  words.push(piece);
  return words.map((w) => `=?UTF-8?B?${Buffer.from(w).toString("base64")}?=`).join("\r\n ");
}

function partHead(type: string, { encoding }: Body): string {
  return (
    field("Content-Type", `${type}; charset=utf-8`) +
    field("Content-Transfer-Encoding", `${encoding}\r\n`)
  );
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

const LINE_MAX = 78;
/** 39 bytes make 52 base64 characters and a word of 64: a line with any field name fits in 78. */
const WORD_BYTES = 39;
/** No word so long that a line with it would be too long, and one space between them. */
const PLAIN_WORDS = /^([\x21-\x7e]{1,60}( [\x21-\x7e]{1,60})*)?$/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*$/;
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const HOST = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
