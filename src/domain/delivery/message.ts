import { createHash } from "node:crypto";

/**
 * Composing mail by hand. One part of a message is the same for everybody who gets a version
 * in one language; it is built once, and each person's encoded parts are spliced into it
 * (nodemailer's composer was the bottleneck of the whole send path).
 *
 * Whatever a person's data holds, it can only ever become the text of the field it was meant
 * for: header text is encoded (RFC 2047) unless it is plain, bodies are base64, and addresses
 * that would need quoting are held instead of sent.
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

export interface PersonalParts {
  readonly to: { readonly name?: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
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

/** One person's message for the wire. Throws a `MessageHold` for an address we do not mail. */
export function composeEmail(skeleton: Skeleton, person: PersonalParts): Buffer {
  const { head, boundary, domain } = skeleton;
  return Buffer.from(
    field("Date", `${person.date.toUTCString().slice(0, -3)}+0000`) +
      field("Message-ID", `<${person.messageId}@${domain}>`) +
      field("To", mailbox(person.to)) +
      field("Subject", headerText(person.subject, "Subject: ".length)) +
      (person.unsubscribe === undefined ? "" : unsubscribeFields(person.unsubscribe)) +
      head +
      `\r\n--${boundary}\r\n${part("text/plain", person.text)}` +
      `\r\n--${boundary}\r\n${part("text/html", person.html)}` +
      `\r\n--${boundary}--\r\n`,
    "latin1",
  );
}

/** Text for a header: plain where that is safe, otherwise folded encoded words (RFC 2047). */
export function headerText(given: string, used: number): string {
  const value = oneLine(given);
  const plain = PLAIN.test(value) && !value.includes("=?") && used + value.length <= LINE_MAX;
  return plain ? value : encodedWords(value);
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

function part(type: string, body: string): string {
  const lines = body.replaceAll(/\r\n?|\n/g, "\r\n");
  const encoded = Buffer.from(lines).toString("base64").replaceAll(BASE64_LINE, "$&\r\n");
  return (
    `Content-Type: ${type}; charset=utf-8\r\n` +
    `Content-Transfer-Encoding: base64\r\n\r\n${encoded}`
  );
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

const LINE_MAX = 78;
/** 39 bytes make 52 base64 characters and a word of 64: a line with any field name fits in 78. */
const WORD_BYTES = 39;
const BASE64_LINE = /.{76}/g;
const PLAIN = /^[\x20-\x7e]*$/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*$/;
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const HOST = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
