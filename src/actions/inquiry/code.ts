import { ORGANISATION } from "../../context.ts";
import type { Context, Keys } from "../../context.ts";
import { normalisedPersonalCode, personalCode } from "../../domain/inquiry/code.ts";
import type { Sql } from "../../store/db.ts";
import * as codes from "../../store/inquiry/code.ts";
import type { Person } from "../../store/inquiry/code.ts";

/**
 * The personal code of everyone in an incident: 60 bits of a keyed hash of the recipient's id,
 * under the incident's key and a purpose of its own. So a letter that is printed again shows the
 * same code, and none is kept in clear; the shred of the incident's key ends them all.
 */
export async function personalCodes(
  ctx: Context,
  incidentId: string,
): Promise<(recipientId: string) => string> {
  const keys = await ctx.vault.keys(incidentId);
  return (recipientId) => personalCode(keys.hash("personal-code", recipientId));
}

/** The person who has this code. Nothing where nobody does, or it cannot be one. */
export async function personOf(ctx: Context, tx: Sql, typed: string): Promise<Person | undefined> {
  const organisation = await ctx.vault.keys(ORGANISATION);
  // What cannot be a code is looked up all the same: no work depends on what was typed.
  const code = normalisedPersonalCode(typed) ?? "";
  return codes.find(tx, codeHash(organisation, code));
}

/**
 * Write down whose each code of a frozen audience is: keyed hashes, 10,000 at a time. It may run
 * again at any time.
 */
export async function keepCodes(
  ctx: Context,
  { incidentId, audienceId }: { readonly incidentId: string; readonly audienceId: string },
): Promise<void> {
  const organisation = await ctx.vault.keys(ORGANISATION);
  const codeOf = await personalCodes(ctx, incidentId);
  for (let after = FIRST_ID; ;) {
    const ids = await codes.idsAfter(ctx.sql, audienceId, after, PAGE);
    const rows = ids.map((recipientId) => ({
      codeHash: codeHash(organisation, codeOf(recipientId)),
      recipientId,
    }));
    if (rows.length > 0) await codes.add(ctx.sql, incidentId, rows);
    if (ids.length < PAGE) return;
    after = ids.at(-1) ?? after;
  }
}

/**
 * The one-click address of everyone in an incident that ends optional follow-ups (RFC 8058). What
 * stands in it is sealed, so it names nobody to whoever reads a log or a screen, and a million of
 * them need no row.
 */
export async function unsubscribeLinks(
  ctx: Context,
  incidentId: string,
): Promise<(recipientId: string) => string> {
  const organisation = await ctx.vault.keys(ORGANISATION);
  const base = new URL("/stop/", ctx.config.PUBLIC_URL).href;
  return (recipientId) => {
    const ids = Buffer.concat([bytesOf(incidentId), bytesOf(recipientId)]);
    return base + organisation.sealBytes(...STOP, ids).toString("base64url");
  };
}

/** Whose follow-ups a token ends. Nothing where we did not make it. */
export async function personOfToken(ctx: Context, token: string): Promise<Person | undefined> {
  const organisation = await ctx.vault.keys(ORGANISATION);
  try {
    const ids = organisation.openBytes(...STOP, Buffer.from(token, "base64url"));
    return { incidentId: uuidOf(ids.subarray(0, 16)), recipientId: uuidOf(ids.subarray(16)) };
  } catch {
    return undefined;
  }
}

function codeHash(organisation: Keys, code: string): string {
  return organisation.hash("personal-code-lookup", code).toString("hex", 0, 16);
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What the token's seal is bound to. */
const STOP = ["stop", "link"] as const;
const PAGE = 10_000;
/** Smaller than every id. */
const FIRST_ID = "00000000-0000-0000-0000-000000000000";
