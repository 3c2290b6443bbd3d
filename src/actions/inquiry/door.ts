import { createHash, randomBytes } from "node:crypto";

import type { DoorContext } from "../../context.ts";
import { Reply } from "../../domain/inquiry/visit.ts";
import type { PageLanguage } from "../../domain/language.ts";
import * as visits from "../../store/inquiry/visit.ts";
import { receive } from "../intake.ts";

/**
 * A visitor's cookie: a random id, of which we keep the hash, and a private key, which we do not
 * keep. What a worker answers opens with it only: whoever has all of our databases and keys
 * reads no visit, and the public door reads it only while the visitor asks.
 */
export type VisitSecret = Buffer;

/**
 * Begin a visit for a personal code that was typed. Every code has its visit, so that the answer
 * is the same for right and wrong ones.
 */
export async function startVisit(
  ctx: DoorContext,
  { code, language }: { readonly code: string; readonly language: PageLanguage },
): Promise<VisitSecret> {
  const { publicKey, privateKey } = await ctx.box.newKeys();
  const secret = Buffer.concat([randomBytes(ID_BYTES), privateKey]);
  const now = ctx.now();
  const idHash = hashOf(secret);
  await ctx.sql.begin(async (tx) => {
    const endsAt = new Date(now.getTime() + VISIT_MS_MAX);
    await visits.insert(tx, { idHash, publicKey, expiresAt: idleEnd(now), endsAt });
    const visit = idHash.toString("hex");
    await receive(ctx, "visit.code", { visit, turn: 1, code: code.padEnd(CODE_MAX), language }, tx);
  });
  return secret;
}

/** Hand on what a visitor sent. False where the visit has ended. */
export function takeTurn(
  ctx: DoorContext,
  secret: VisitSecret,
  kind: "visit.one-time-code" | "visit.preference" | "visit.stop" | "visit.ask",
  value: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const idHash = hashOf(secret);
  const now = ctx.now();
  return ctx.sql.begin(async (tx) => {
    const turn = await visits.nextTurn(tx, idHash, { now, expiresAt: idleEnd(now) });
    if (turn === undefined) return false;
    await receive(ctx, kind, { visit: idHash.toString("hex"), turn, ...value }, tx);
    return true;
  });
}

/** What a worker has answered to the visitor's last turn, or that it has not yet. */
export async function readReply(
  ctx: DoorContext,
  secret: VisitSecret,
): Promise<Reply | "waiting" | "ended"> {
  const visit = await visits.answered(ctx.sql, hashOf(secret), ctx.now());
  if (!visit) return "ended";
  if (!visit.reply || visit.replyTurn < visit.turn) return "waiting";
  try {
    const key = secret.subarray(ID_BYTES);
    return Reply.parse(await ctx.box.open(key, REPLY_PURPOSE, visit.reply));
  } catch {
    // The right id with another key: half a cookie is none.
    return "ended";
  }
}

/** The visitor leaves: nothing of the visit stays. */
export async function endVisit(ctx: DoorContext, secret: VisitSecret): Promise<void> {
  await visits.end(ctx.sql, hashOf(secret));
}

/** "Was I affected?": keep the address, sealed, until a worker has looked. */
export function askLookup(
  ctx: DoorContext,
  { email, language }: { readonly email: string; readonly language: PageLanguage },
): Promise<void> {
  return receive(ctx, "lookup.asked", { email: email.padEnd(EMAIL_MAX), language });
}

/** Somebody pressed the button behind an unsubscribe link. */
export function askStop(ctx: DoorContext, token: string): Promise<void> {
  return receive(ctx, "stop.asked", { token });
}

function hashOf(secret: VisitSecret): Buffer {
  return createHash("sha256").update(secret.subarray(0, ID_BYTES)).digest();
}

function idleEnd(now: Date): Date {
  return new Date(now.getTime() + VISIT_IDLE_MS);
}

export const REPLY_PURPOSE = "visit reply";
/** The id of the visit, and both halves of its key. */
export const SECRET_BYTES = 96;
/** What is typed is filled up to this, so that its length says nothing in the database either. */
export const CODE_MAX = 60;
export const EMAIL_MAX = 254;
const ID_BYTES = 32;
/** Long enough to read a page and write two thousand characters (WCAG 2.2.1). */
const VISIT_IDLE_MINUTES = 30;
const VISIT_IDLE_MS = VISIT_IDLE_MINUTES * 60_000;
const VISIT_MS_MAX = 4 * 3_600_000;
