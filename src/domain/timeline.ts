import { createHash } from "node:crypto";

import canonicalize from "canonicalize";
import { z } from "zod";

import { Instant } from "./instant.ts";

/**
 * The timeline is the audit chain. Each entry says who did what to which thing,
 * what changed (never personal data), and the hash of the entry before it, so
 * that any later change, deletion or swap shows.
 */
export const Entry = z.object({
  seq: z.coerce.number().int().positive(),
  at: Instant,
  incidentId: z.uuid().nullable(),
  /** A staff id, or `system:<part>` for what Candor does by itself. */
  actor: z.string(),
  /** Verb of the act, such as `scope.revise`. */
  action: z.string(),
  /** The thing acted on, `kind:id`. */
  subject: z.string(),
  before: z.json(),
  after: z.json(),
  reason: z.string().nullable(),
  requestId: z.string().nullable(),
});
export type Entry = z.output<typeof Entry>;

/** What an action says happened; the store adds sequence, time and link. */
export interface Fact {
  readonly incidentId?: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before?: z.core.util.JSONType;
  readonly after?: z.core.util.JSONType;
  readonly reason?: string;
  readonly requestId?: string;
}

/** The hash before the first entry: 32 zero bytes. */
export const GENESIS = Buffer.alloc(32);

/**
 * Hash of an entry linked to its predecessor: SHA-256 over a zero byte (the leaf
 * prefix of RFC 6962) and the canonical JSON (RFC 8785) of the entry with `prev` in hex.
 */
export function entryHash(entry: Entry, prev: Buffer): Buffer {
  const leaf = { ...entry, at: entry.at.toISOString(), prev: prev.toString("hex") };
  return createHash("sha256").update(LEAF).update(canonical(leaf)).digest();
}

/** An entry as it is stored: with its link to the entry before and its own hash. */
export const Link = Entry.extend({
  prev: z.instanceof(Buffer),
  hash: z.instanceof(Buffer),
  /** Whether the stored time has no digits below the millisecond, which the hash would not see. */
  exact: z.literal(true),
});
export type Link = z.output<typeof Link>;

/** Where a walk along the chain has come to. */
export interface End {
  readonly seq: number;
  readonly hash: Buffer;
}

/** An entry and its hash in hex that somebody noted down earlier, outside the database. */
export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
}

/** The first entry that is not as it was written, and what is wrong with it. */
export interface Broken {
  readonly ok: false;
  readonly seq: number;
  readonly problem: "unreadable" | "gap" | "hash" | "link" | "head" | "checkpoint";
}

/** The result of a walk along the whole chain. */
export type Verification =
  | Broken
  | { readonly ok: true; readonly entries: number; readonly head: string };

/** Walk over the next stored rows. Answers the new end, or the first broken entry. */
export function walk(
  from: End,
  rows: readonly unknown[],
  checkpoint: Checkpoint | undefined,
): End | Broken {
  let end = from;
  for (const row of rows) {
    const seq = end.seq + 1;
    const problem = problemOf(row, end, checkpoint);
    if (typeof problem === "string") return { ok: false, seq, problem };
    end = problem;
  }
  return end;
}

/** Compare the end of the chain with the head row, which a cut tail would leave behind. */
export function conclude(end: End, head: End, checkpoint: Checkpoint | undefined): Verification {
  if (head.seq !== end.seq || !head.hash.equals(end.hash))
    return { ok: false, seq: head.seq > end.seq ? end.seq + 1 : end.seq, problem: "head" };
  if (checkpoint && checkpoint.seq > end.seq)
    return { ok: false, seq: end.seq + 1, problem: "checkpoint" };
  return { ok: true, entries: end.seq, head: end.hash.toString("hex") };
}

function problemOf(row: unknown, end: End, noted: Checkpoint | undefined): End | Broken["problem"] {
  const { success, data } = Link.safeParse(row);
  if (!success) return "unreadable";
  const { prev, hash, exact: _, ...entry } = data;
  if (entry.seq !== end.seq + 1) return "gap";
  if (!entryHash(entry, prev).equals(hash)) return "hash";
  if (!prev.equals(end.hash)) return "link";
  if (noted?.seq === entry.seq && noted.hash !== hash.toString("hex")) return "checkpoint";
  return { seq: entry.seq, hash };
}

/** SHA-256, in hex, of a value's canonical JSON (RFC 8785). */
export function canonicalHash(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** The canonical JSON text (RFC 8785) of a value. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("This value has no canonical JSON form.");
  return text;
}

const LEAF = Buffer.from([0]);
