import { PLACE } from "../notice/variant.ts";
import type { VariantPart } from "../notice/variant.ts";

/**
 * One body of a message, encoded for the wire: lines of at most 76 octets of printable ASCII,
 * none of which begins with a dot. What everybody gets is encoded once; for each person only
 * their own strings are, and joined to the rest.
 */
export interface Body {
  /** RFC 2045: whichever makes the shorter body of what everybody gets. */
  readonly encoding: "quoted-printable" | "base64";
  /** Put the encoded body at the end of `wire`, one person's own strings in their places. */
  fill(own: readonly string[], wire: Wire): void;
}

/** Encoded pieces, one after the other, all ASCII. */
export type Wire = string[];

/** Encode what is the same for everybody. Line ends of any kind become CRLF; none is ever split. */
export function encodeBody(stretches: readonly VariantPart[]): Body {
  const fixed = stretches.filter((stretch) => stretch !== PLACE);
  let [size, special] = [0, 0];
  for (const stretch of fixed)
    for (const byte of Buffer.from(stretch)) {
      size += 1;
      if (byte > 126 || byte === EQUALS) special += 1;
    }
  // An escaped octet takes three; base64 makes four of three, and needs more line ends.
  return 2 * special > 0.37 * size ? base64(stretches) : quotedPrintable(stretches);
}

/** Quoted-printable (RFC 2045, 6.7): each piece begins a line, after a soft break where needed. */
function quotedPrintable(stretches: readonly VariantPart[]): Body {
  const pieces = stretches.map((stretch) => {
    if (stretch === PLACE) return PLACE;
    const { text, ...ends } = quoted(stretch);
    return { text, ...ends };
  });
  return {
    encoding: "quoted-printable",
    fill(own, wire) {
      let [at, unended] = [0, false];
      for (const piece of pieces) {
        const { text, breaksFirst, breaksLast } = piece === PLACE ? quoted(own[at++] ?? "") : piece;
        if (text.length === 0) continue;
        if (unended && !breaksFirst) wire.push(SOFT_BREAK);
        wire.push(text);
        unended = !breaksLast;
      }
    },
  };
}

function quoted(given: string) {
  const lines = given.split(LINE_END);
  return {
    text: lines.map((line) => (PLAIN_LINE.test(line) ? line : quotedLine(line))).join("\r\n"),
    breaksFirst: lines.length > 1 && lines[0] === "",
    breaksLast: lines.length > 1 && lines.at(-1) === "",
  };
}

/** One line, cut by soft breaks. A dot, or what mailbox files take for a new message, is escaped. */
function quotedLine(line: string): string {
  const bytes = Buffer.from(line);
  let [out, row] = ["", ""];
  for (const [at, byte] of bytes.entries()) {
    const last = at === bytes.length - 1;
    let token = isPlain(byte, last) ? String.fromCharCode(byte) : escaped(byte);
    if (row.length + token.length > ROW_MAX) {
      out += row + SOFT_BREAK;
      row = "";
    }
    if (row === "" && (byte === DOT || bytes.toString("latin1", at, at + 5) === "From "))
      token = escaped(byte);
    row += token;
  }
  return out + row;
}

/** A space at the end of a line may be taken away on the way. */
function isPlain(byte: number, last: boolean): boolean {
  if (byte === SPACE) return !last;
  return byte > SPACE && byte <= 126 && byte !== EQUALS;
}

function escaped(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * Base64 turns three octets into four characters, so a fixed stretch is kept for each of the
 * three places at which it can begin; what is left of a triple goes with the next piece.
 */
function base64(stretches: readonly VariantPart[]): Body {
  const pieces = stretches.map((stretch) => (stretch === PLACE ? PLACE : createShifts(stretch)));
  return {
    encoding: "base64",
    fill(own, wire) {
      let at = 0;
      let rest: Buffer = NOTHING;
      for (const piece of pieces) {
        if (piece === PLACE || piece.bytes.length < 3) {
          rest = Buffer.concat([rest, piece === PLACE ? wireBytes(own[at++] ?? "") : piece.bytes]);
          continue;
        }
        const { head, lines, tail } = piece.from((3 - (rest.length % 3)) % 3);
        const triples = Buffer.concat([rest, head]);
        if (triples.length > 0) wire.push(base64Lines(triples));
        wire.push(lines);
        rest = tail;
      }
      if (rest.length > 0) wire.push(base64Lines(rest));
    },
  };
}

interface Shift {
  readonly head: Buffer;
  readonly lines: string;
  readonly tail: Buffer;
}

function createShifts(stretch: string) {
  const bytes = wireBytes(stretch);
  const made: (Shift | undefined)[] = [];
  return {
    bytes,
    /** The stretch with the first `begin` octets left to what comes before it. */
    from(begin: number): Shift {
      const end = bytes.length - ((bytes.length - begin) % 3);
      return (made[begin] ??= {
        head: bytes.subarray(0, begin),
        lines: base64Lines(bytes.subarray(begin, end)),
        tail: bytes.subarray(end),
      });
    },
  };
}

function base64Lines(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll(BASE64_LINE, "$&\r\n");
}

function wireBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(LINE_END, "\r\n"));
}

const NOTHING = Buffer.alloc(0);
const [SPACE, DOT, EQUALS] = [0x20, 0x2e, 0x3d];
const LINE_END = /\r\n?|\n/g;
/** At most 76 octets with the "=" of a soft break. */
const ROW_MAX = 75;
const SOFT_BREAK = "=\r\n";
const PLAIN_LINE = /^(?!\.|From )[\x20-\x3c\x3e-\x7e]{0,75}$(?<! )/;
const BASE64_LINE = /.{1,76}/g;
