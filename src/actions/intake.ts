import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../context.ts";
import type { Context, DoorContext } from "../context.ts";
import { padded } from "../domain/padding.ts";
import { refuse } from "../domain/refusal.ts";
import type { Sql } from "../store/db.ts";
import * as intakes from "../store/intake.ts";
import * as outbox from "../store/outbox.ts";

/**
 * How what people type reaches us. The public door seals it to the intake key and knows nothing
 * more: it does the same work for a right code as for a wrong one, so its answers cannot tell
 * them apart. A worker opens it and acts. Refuses `unavailable` while too much waits: a flood must
 * not fill the disk. What a provider signed is let in all the same; nobody else can send it.
 */
export async function receive(
  ctx: DoorContext,
  kind: string,
  value: Readonly<Record<string, unknown>>,
  sql: Sql = ctx.sql,
): Promise<void> {
  if (kind !== "sms.wish" && (await intakes.isFull(sql, WAITING_MAX)))
    refuse("unavailable", "More waits here than we can look at. Try again in a moment.");
  const key = await intakes.publicKey(sql);
  const id = randomUUID();
  const sealed = await ctx.box.seal(key, purposeOf(kind), padded(value, PADDED_TO));
  const put = async (tx: Sql) => {
    await intakes.insert(tx, { id, kind, sealed });
    await outbox.post(tx, "intake.received", { intakeId: id });
  };
  if (sql === ctx.sql) await ctx.sql.begin(put);
  else await put(sql);
}

/** What to do with each kind of intake; runs in the transaction that also removes it. */
export type IntakeHandlers = Readonly<
  Record<string, (ctx: Context, tx: Sql, value: unknown) => Promise<void>>
>;

/** Open one intake and act on it, once: its row goes in the transaction of what it caused. */
export async function handleIntake(
  ctx: Context,
  handlers: IntakeHandlers,
  intakeId: string,
): Promise<void> {
  const row = await intakes.find(ctx.sql, intakeId);
  if (!row) return;
  const handler = handlers[row.kind];
  if (!handler) throw new TypeError(`Nobody handles intakes of the kind ${row.kind}.`);
  const opened = await ctx.box.open(await privateKey(ctx), purposeOf(row.kind), row.sealed);
  const { padding: _padding, ...value } = z.looseObject({}).parse(opened);
  await ctx.sql.begin(async (tx) => {
    if (await intakes.remove(tx, intakeId)) await handler(ctx, tx, value);
  });
}

/** Make the intake key at the first start. The private half is sealed under the organisation's key. */
export async function ensureIntakeKey(ctx: Context): Promise<void> {
  if (await intakes.keyPair(ctx.sql)) return;
  const { publicKey, privateKey: secret } = await ctx.box.newKeys();
  const keys = await ctx.vault.keys(ORGANISATION);
  const sealedPrivate = keys.sealBytes("intake_key", "one", secret);
  await intakes.keepKeyPair(ctx.sql, { publicKey, sealedPrivate });
}

/** Throw away what nobody could open, and the traces of what was. */
export async function sweepIntake(ctx: Context): Promise<void> {
  await outbox.removeDone(ctx.sql, "intake.received", TRACES_AT_ONCE);
  const lost = await intakes.removeOld(ctx.sql);
  if (lost > 0) ctx.log.error({ lost }, "intakes could not be opened within a day");
}

async function privateKey(ctx: Context): Promise<Buffer> {
  const pair = await intakes.keyPair(ctx.sql);
  if (!pair) throw new Error("There is no intake key yet.");
  const keys = await ctx.vault.keys(ORGANISATION);
  return keys.openBytes("intake_key", "one", pair.sealedPrivate);
}

const TRACES_AT_ONCE = 20_000;
/** Some minutes of what the largest wave makes people send. */
const WAITING_MAX = 5_000;
/** Everything but a very long question has the same length. */
const PADDED_TO = 4_096;

function purposeOf(kind: string): string {
  return `intake ${kind}`;
}
