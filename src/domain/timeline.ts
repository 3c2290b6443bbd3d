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
