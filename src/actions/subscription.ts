import { randomBytes, randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context, DoorContext } from "../context.ts";
import { PageLanguage } from "../domain/language.ts";
import { secretHash } from "../domain/staff.ts";
import {
  CONFIRM_WITHIN_MS,
  SubscriptionToken,
  addressOf,
  mailboxOf,
  mayAsk,
} from "../domain/subscription.ts";
import type { Sealed } from "../domain/subscription.ts";
import type { Sql } from "../store/db.ts";
import * as messages from "../store/message.ts";
import { pageAt } from "../store/publication/page.ts";
import * as store from "../store/subscription.ts";
import { receive } from "./intake.ts";
import { say } from "./message.ts";

/** What somebody typed on an incident's page. */
const Asked = z.strictObject({
  slug: z.string().max(60),
  email: z.string().max(500),
  language: PageLanguage,
});

/**
 * Take a wish to be told by e-mail. Whatever the address is, and whether we know it, the same is
 * done here: it is sealed and kept for a worker.
 */
export function ask(ctx: DoorContext, given: z.output<typeof Asked>): Promise<void> {
  return receive(ctx, "subscription.asked", given);
}

/**
 * Ask the address to confirm, if it is one, is not subscribed, and was not asked within a day or
 * three times in all. Says nothing to anybody else, and nothing of it to the log.
 */
export async function onAsked(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { slug, email, language } = Asked.parse(value);
  const address = addressOf(email);
  const page = await pageAt(tx, slug);
  if (!page || address === undefined) return;
  const { incidentId } = page;
  const keys = await ctx.vault.keys(incidentId);
  const addressHash = keys.hash("subscription", address.toLowerCase());
  const mailboxHash = keys.hash("subscription-mailbox", mailboxOf(address));
  await store.lockMailbox(tx, mailboxHash);
  const known = await store.byAddress(tx, incidentId, addressHash);
  if (known?.confirmedAt) return;
  const now = ctx.now();
  const asking = await store.asking(tx, incidentId, mailboxHash);
  const lately = await store.askedSince(tx, incidentId, new Date(now.getTime() - A_DAY_MS));
  if (!mayAsk({ asking, lately }, now)) return;

  const times = (asking?.times ?? 0) + 1;
  await store.keepAsking(tx, { incidentId, mailboxHash, times, lastAt: now });
  if (known) await store.remove(tx, known.id);
  const id = randomUUID();
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const content: Sealed = { email: address, token };
  await store.insert(tx, {
    id,
    incidentId,
    addressHash,
    mailboxHash,
    sealed: keys.seal("subscription", id, content),
    tokenHash: secretHash(token),
    language,
    askedAt: now,
  });
  const { ORGANISATION: organisation, PUBLIC_URL } = ctx.config;
  const words = ctx.templates.words("subscription-mail", language, { organisation });
  await say(ctx, tx, {
    kind: "subscription-confirmation",
    key: id,
    channel: "email",
    to: address,
    language,
    subject: words["confirmSubject"] ?? "",
    paragraphs: [
      words["confirmAsked"] ?? "",
      words["confirmOpen"] ?? "",
      linkOf(PUBLIC_URL, token),
      words["confirmNotYou"] ?? "",
    ],
    keyId: incidentId,
  });
}

/** What a link leads to: a wish that waits for its yes, a subscription, or nothing any more. */
export async function look(ctx: DoorContext, typed: string): Promise<"asked" | "on" | "unknown"> {
  const found = await byToken(ctx, typed);
  if (!found) return "unknown";
  return found.confirmedAt ? "on" : "asked";
}

/** Say yes. Saying it again changes nothing. False where the link leads to nothing any more. */
export function confirm(ctx: DoorContext, typed: string): Promise<boolean> {
  return ctx.sql.begin(async (tx) => {
    const found = await byToken(ctx, typed, tx);
    if (!found) return false;
    await store.confirm(tx, found.id, ctx.now());
    return true;
  });
}

/** Stop: the row goes, and the address with it, and what was to be sent to it. Stopping what is not there is fine too. */
export function stop(ctx: DoorContext, typed: string): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const found = await byToken(ctx, typed, tx);
    if (!found) return;
    await store.remove(tx, found.id);
    await messages.withdraw(tx, "publication-update", found.id);
  });
}

/** Forget addresses that never said yes. */
export async function sweepSubscriptions(ctx: Context): Promise<void> {
  const until = new Date(ctx.now().getTime() - CONFIRM_WITHIN_MS);
  await store.removeUnconfirmed(ctx.sql, until);
}

/** Where a subscriber confirms and stops. */
export function linkOf(publicUrl: string, token: string): string {
  return new URL(`/subscriptions/${token}`, publicUrl).href;
}

/** The subscription behind a link that has not run out; only hashes are compared. */
async function byToken(ctx: DoorContext, typed: string, sql: Sql = ctx.sql) {
  const { success, data } = SubscriptionToken.safeParse(typed);
  const found = success ? await store.byToken(sql, secretHash(data)) : undefined;
  const late = ctx.now().getTime() - CONFIRM_WITHIN_MS;
  return found && (found.confirmedAt || found.askedAt.getTime() > late) ? found : undefined;
}

const TOKEN_BYTES = 32;
const A_DAY_MS = 24 * 3_600_000;
