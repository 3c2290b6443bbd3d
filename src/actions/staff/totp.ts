import { generateSecret, generateURI, verifySync } from "otplib";
import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { judgeCode } from "../../domain/staff.ts";
import type { Actor, SecondFactor } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as factors from "../../store/staff/factor.ts";
import * as timeline from "../../store/timeline.ts";

/** What an authenticator app needs: the address to scan and the secret to type. Shown once. */
export interface Authenticator {
  readonly uri: string;
  readonly secret: string;
}

/** A new authenticator: RFC 6238 with SHA-1, 6 digits and 30 seconds, which every app knows. */
export function newAuthenticator(issuer: string, label: string): Authenticator {
  const secret = generateSecret({ length: 20 });
  return { secret, uri: generateURI({ issuer, label, secret, period: STEP_SECONDS }) };
}

/**
 * Spend a code from the actor's authenticator. Refuses `second-factor-needed` where none is
 * confirmed, and `second-factor-wrong` for a code that is wrong, spent, or comes while five
 * wrong ones have locked it.
 */
export async function spend(ctx: Context, actor: Actor, code: string): Promise<void> {
  await take(ctx, actor, code, (factor) => {
    if (!factor.confirmedAt)
      refuse("second-factor-needed", "Confirm your authenticator before you use it here.");
  });
}

/** The owner proves a new authenticator with its first code. Refuses one confirmed already. */
export async function confirm(ctx: Context, actor: Actor, code: string): Promise<void> {
  await take(ctx, actor, code, (factor) => {
    if (factor.confirmedAt)
      refuse("wrong-state", "It is confirmed already; a new one needs a new invitation.");
  });
}

/** A wrong code must be counted, so its transaction commits and the refusal comes after. */
async function take(
  ctx: Context,
  actor: Actor,
  code: string,
  check: (factor: SecondFactor) => void,
): Promise<void> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const verdict = await ctx.sql.begin(async (tx) => {
    const factor = await factors.lock(tx, actor.staffId);
    check(factor);
    if (!factor.sealed)
      refuse("second-factor-needed", "You have no authenticator; ask an admin to invite you.");
    const secret = z.string().parse(keys.open("staff-totp", actor.staffId, factor.sealed));
    const judged = judgeCode(factor, stepOf(secret, code, ctx.now()), ctx.now());
    if (judged.verdict === "good") return settle(ctx, tx, actor, judged.factor);
    if (judged.verdict === "wrong") {
      await factors.miss(tx, actor.staffId, judged.factor);
      if (judged.factor.lockedUntil) await note(ctx, tx, actor, "second-factor.lock");
    }
    return judged.verdict;
  });
  if (verdict !== "good") refuse("second-factor-wrong", SENTENCES[verdict]);
}

async function settle(ctx: Context, tx: Sql, actor: Actor, factor: SecondFactor) {
  const confirmedAt = factor.confirmedAt ?? ctx.now();
  if (!(await factors.spend(tx, actor.staffId, factor.lastStep, confirmedAt))) return "spent";
  if (!factor.confirmedAt) await note(ctx, tx, actor, "second-factor.confirm");
  return "good";
}

function note(ctx: Context, tx: Sql, actor: Actor, action: string): Promise<void> {
  const { staffId, requestId } = actor;
  const fact = { actor: staffId, action, subject: `staff:${staffId}`, requestId };
  return timeline.append(tx, fact, ctx.now());
}

/** The 30-second step a code belongs to: this one, the one before or the one after. */
function stepOf(secret: string, code: string, now: Date): number | undefined {
  const epoch = Math.floor(now.getTime() / 1_000);
  const found = verifySync({
    secret,
    token: code,
    strategy: "totp",
    period: STEP_SECONDS,
    epoch,
    epochTolerance: STEP_SECONDS,
  });
  return found.valid ? Math.floor(epoch / STEP_SECONDS) + found.delta : undefined;
}

const STEP_SECONDS = 30;
const SENTENCES = {
  wrong: "This code is not right.",
  spent: "This code was used already; wait for the next one.",
  locked: "Too many wrong codes. Wait 15 minutes.",
} as const;
