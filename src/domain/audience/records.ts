import type { FaultCode } from "./fault.ts";

/**
 * Reading a file of rows as it streams by: CSV (RFC 4180) or JSON Lines, with bounded memory and
 * without losing a good row to a bad one. A quote that is never closed would swallow the rest of
 * the file; here the row it starts in is reported and reading resumes on the next line.
 */

/** One row of a file: its cells, or why it cannot be read. `line` counts from 1. */
export type Row =
  | { readonly line: number; readonly cells: readonly string[]; readonly extra?: readonly string[] }
  | { readonly line: number; readonly fault: FaultCode };

/** How one format takes one row from the text at a position. */
export type Scan = (text: string, start: number, final: boolean) => Scanned | "more" | "broken";

export interface Scanned {
  /** Where the next row starts. */
  readonly end: number;
  /** Line breaks passed. */
  readonly breaks: number;
  /** Nothing for a blank line, which is no row at all. */
  readonly row:
    | { readonly cells: readonly string[]; readonly extra?: readonly string[] }
    | { readonly fault: FaultCode }
    | undefined;
}

export interface RowReader {
  /** The rows that are complete after this text. */
  push(text: string): Generator<Row>;
  /** The rest, after the last text. */
  end(): Generator<Row>;
}

/** Read rows with `scan` from text that arrives in pieces. Holds one row at most between pieces. */
export function rowReader(scan: Scan): RowReader {
  let buffer = "";
  let line = 1;
  let skipping = false;

  function* drain(final: boolean): Generator<Row> {
    let at = 0;
    while (at < buffer.length) {
      if (skipping) {
        const next = afterBreak(buffer, at);
        at = next ?? buffer.length;
        if (next === undefined) break;
        line += 1;
        skipping = false;
        continue;
      }
      let found = scan(buffer, at, final);
      if (found === "more" && !final && buffer.length - at <= RECORD_LENGTH_MAX) break;
      if (found === "more") found = "broken";
      if (found === "broken") {
        const next = afterBreak(buffer, at);
        const tooLong = (next ?? buffer.length) - at > RECORD_LENGTH_MAX;
        yield { line, fault: tooLong ? "record-too-long" : "quote-not-closed" };
        skipping = next === undefined;
        line += next === undefined ? 0 : 1;
        at = next ?? buffer.length;
        continue;
      }
      if (found.end - at > RECORD_LENGTH_MAX) yield { line, fault: "record-too-long" };
      else if (found.row) yield { line, ...found.row };
      line += found.breaks;
      at = found.end;
    }
    buffer = buffer.slice(at);
  }

  return {
    push(text) {
      buffer += text;
      return drain(false);
    },
    end: () => drain(true),
  };
}

/** Rows of comma-, semicolon- or tab-separated values. */
export function csvScan(delimiter: string): Scan {
  return (text, start, final) => {
    const newline = text.indexOf("\n", start);
    if (newline === -1 && !final) {
      // Most rows have no quotes: a piece without a line break cannot be a whole one.
      if (!text.includes('"', start)) return "more";
    }
    const stop = newline === -1 ? text.length : newline;
    const line = text.slice(start, text[stop - 1] === "\r" && stop > start ? stop - 1 : stop);
    if (line.includes('"')) return scanQuoted(text, start, delimiter, final);
    return {
      end: newline === -1 ? text.length : newline + 1,
      breaks: newline === -1 ? 0 : 1,
      row: line === "" ? undefined : { cells: line.split(delimiter) },
    };
  };
}

/** The delimiter that a header line uses: the commonest of comma, semicolon and tab. */
export function delimiterOf(header: string): string {
  const counts = [",", ";", "\t"].map((mark) => header.split(mark).length);
  const most = counts.indexOf(Math.max(...counts));
  return [",", ";", "\t"][most] ?? ",";
}

/** Rows of JSON objects, one a line, as cells in the order of `headers`; other keys are named. */
export function jsonScan(headers: readonly string[]): Scan {
  const position = new Map(headers.map((header, index) => [header, index]));
  return (text, start, final) => {
    const newline = text.indexOf("\n", start);
    if (newline === -1 && !final) return "more";
    const line = text.slice(start, newline === -1 ? text.length : newline).trim();
    return {
      end: newline === -1 ? text.length : newline + 1,
      breaks: newline === -1 ? 0 : 1,
      row: line === "" || line.length > RECORD_LENGTH_MAX ? undefined : jsonCells(line, position),
    };
  };
}

/** The keys of one JSON line, or nothing where it is not an object. */
export function jsonKeys(line: string): string[] | undefined {
  const value = parseObject(line);
  return value && Object.keys(value);
}

function jsonCells(line: string, position: ReadonlyMap<string, number>): Scanned["row"] {
  const value = parseObject(line);
  if (!value) return { fault: "not-json" };
  const cells: string[] = Array.from({ length: position.size }, () => "");
  const extra: string[] = [];
  for (const [key, given] of Object.entries(value)) {
    const index = position.get(key.normalize("NFC").trim());
    if (index === undefined) {
      extra.push(key);
      continue;
    }
    const cell = Array.isArray(given) && given.every(isScalar) ? given.join(";") : given;
    if (!isScalar(cell)) return { fault: "wrong-type" };
    cells[index] = cell === null ? "" : String(cell);
  }
  return { cells, extra };
}

function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A number that was rounded as it was read would make two people's references one. */
function isScalar(value: unknown): value is string | number | boolean | null {
  return (
    value === null || Number.isSafeInteger(value) || ["string", "boolean"].includes(typeof value)
  );
}

/** A row with quotes in it, cell by cell. Spaces around a quoted cell are let pass. */
function scanQuoted(text: string, start: number, delimiter: string, final: boolean) {
  const cells: string[] = [];
  for (let at = start; ;) {
    const cell = QUOTE_AHEAD.test(text.slice(at, at + 16))
      ? quotedCell(text, text.indexOf('"', at), final)
      : plainCell(text, at, delimiter, final);
    if (typeof cell === "string") return cell;
    if (cell.end - start > RECORD_LENGTH_MAX) return "broken";
    cells.push(cell.value);
    at = cell.end;
    if (text.startsWith(delimiter, at)) {
      at += 1;
      continue;
    }
    if (text.startsWith("\r\n", at)) at += 1;
    else if (at + 1 >= text.length && text[at] === "\r" && !final) return "more";
    if (at >= text.length && !final) return "more";
    if (at < text.length && text[at] !== "\n") return "broken";
    const end = Math.min(at + 1, text.length);
    return { end, breaks: breaksIn(text, start, end), row: { cells } };
  }
}

function quotedCell(text: string, open: number, final: boolean): Cell | "more" | "broken" {
  let value = "";
  for (let from = open + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return final ? "broken" : "more";
    if (text[quote + 1] === '"') {
      value += text.slice(from, quote + 1);
      from = quote + 2;
      continue;
    }
    if (quote + 1 >= text.length && !final) return "more";
    let end = quote + 1;
    while (text[end] === " ") end += 1;
    return { value: value + text.slice(from, quote), end };
  }
}

function plainCell(text: string, start: number, delimiter: string, final: boolean): Cell | "more" {
  let end = start;
  while (end < text.length && text[end] !== "\n" && text[end] !== delimiter) end += 1;
  if (end >= text.length && !final) return "more";
  if (text[end] !== delimiter && text[end - 1] === "\r" && end > start) end -= 1;
  return { value: text.slice(start, end), end };
}

function breaksIn(text: string, start: number, end: number): number {
  let breaks = 0;
  for (let at = start; (at = text.indexOf("\n", at)) !== -1 && at < end; at += 1) breaks += 1;
  return breaks;
}

function afterBreak(text: string, start: number): number | undefined {
  const newline = text.indexOf("\n", start);
  return newline === -1 ? undefined : newline + 1;
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

/** A row longer than this is not a person: 256 Ki characters. */
const RECORD_LENGTH_MAX = 262_144;
const QUOTE_AHEAD = /^ *"/;
