import { parkedRows, retryRows } from "../actions/outbox.ts";
import { doubts } from "../actions/recovery/doubt.ts";
import { lockSending, unlockSending } from "../actions/recovery/unlock.ts";
import { witness } from "../actions/recovery/witness.ts";
import type { Context } from "../context.ts";
import { openRedis } from "../gateways/redis.ts";
import type { RedisClient } from "../gateways/redis.ts";
import { witnessPlaces } from "../gateways/witness.ts";
import { compareQueues, rebuildQueues } from "../queues.ts";
import { statusOf } from "../views/engine.ts";
import { ask } from "./client.ts";
import { say } from "./operator.ts";

/** Whether anything may be sent, which workers live, and what waits. */
export async function status(ctx: Context, { json }: { readonly json: boolean }): Promise<void> {
  await look(ctx);
  const found = await statusOf(ctx.sql);
  const { sending, workers, parked: waiting, outbox } = found;
  if (sending.state === "locked") process.exitCode = ATTENTION;
  if (json) return say(JSON.stringify(found));
  const since = sending.since === null ? "" : ` since ${sending.since.toISOString()}`;
  say(`Sending is ${sending.state}${sending.reason ? ` (${sending.reason})` : ""}${since}.`);
  if (sending.facts !== null) say(`  ${JSON.stringify(sending.facts)}`);
  say(`${workers.length} workers live.`);
  for (const { id, trouble } of workers) if (trouble !== null) say(`  ${id}: ${trouble}`);
  say(`${outbox} pieces of work wait for later stages; ${waiting} are parked.`);
}

/** Stop all sending at once. */
export async function lock(ctx: Context, { reason }: { readonly reason: string }): Promise<void> {
  await lockSending(ctx, reason);
  say("Sending is locked. What is in flight ends; nothing else is taken.");
}

/** Let sending go on, after saying what is in doubt. */
export async function unlock(
  ctx: Context,
  { reason, yes }: { readonly reason: string; readonly yes: boolean },
): Promise<void> {
  await look(ctx);
  const { restored, missing, waves, approvals, messages } = await doubts(ctx);
  if (restored) {
    say("This database was restored from a backup. It does not know whom it wrote to since.");
    say(`  ${missing ?? "An unknown number of"} attempts were made that it does not know of.`);
    for (const wave of waves)
      say(
        `  wave ${wave.waveId} (incident ${wave.incidentId}, ${wave.state}): ` +
          `${wave.planned} planned, ${wave.leased} leased, ${wave.sending} sending, ` +
          `${wave.unknown} unknown, ${wave.rejected} rejected`,
      );
    say(`  ${approvals} approvals were not used: one may have started a wave since.`);
    say(`  ${messages} messages of our own wait, and may have been sent.`);
    say("Every wave above will stand still until two people resume it, or one cancels it;");
    say("one that is done, as soon as anything of it would go on.");
  }
  if (!yes && (await ask(undefined, "Type unlock to go on:")).trim() !== "unlock")
    throw new Error("Nothing was changed.");
  const { paused, leased, sending } = await unlockSending(ctx, reason);
  say(`Sending is open. ${paused} waves stand still; ${sending} deliveries are unknown now,`);
  say(`${leased} go back to planned.`);
}

/** Empty our part of Redis and hand everything over again; with `dryRun` only compare. */
export function rebuild(ctx: Context, { dryRun }: { readonly dryRun: boolean }): Promise<void> {
  return withRedis(ctx, async (redis) => {
    const found = await compareQueues(ctx, redis);
    say(
      `PostgreSQL: ${found.rows} deliveries leased in ${found.slices} slices, ` +
        `${found.outbox} outbox rows open.`,
    );
    say(
      `Redis: ${found.missing} jobs missing, ${found.stale} stale; ` +
        (found.ours ? "it is the one we filled." : "it is not the one we filled."),
    );
    if (dryRun) {
      if (found.missing + found.stale > 0 || !found.ours) process.exitCode = ATTENTION;
      return;
    }
    const { keys, rows, outbox } = await rebuildQueues(ctx, redis);
    say(
      `Removed ${keys} keys. ${rows} deliveries and ${outbox} outbox rows are handed over again.`,
    );
  });
}

/** What failed too often and waits for a person. */
export async function parked(ctx: Context): Promise<void> {
  const rows = await parkedRows(ctx);
  for (const { id, kind, ids, failures, parkedAt, parkedCode } of rows)
    say(
      `${id}  ${kind}  ${JSON.stringify(ids)}  ${failures} tries, ` +
        `parked ${parkedAt.toISOString()}, ${parkedCode ?? "no code"}`,
    );
  if (rows.length === 0) return say("Nothing is parked.");
  process.exitCode = ATTENTION;
}

/** Try parked work again: one by its number, or all. */
export async function retry(ctx: Context, id: number | undefined): Promise<void> {
  say(`${await retryRows(ctx, id)} are tried again.`);
}

/** As every process does at its start: a restored database is found out here too. */
function look(ctx: Context): Promise<void> {
  return withRedis(ctx, async (redis) => {
    const { failed } = await witness(ctx, witnessPlaces(redis, ctx.config.WITNESS_FILE));
    if (failed.length > 0) process.stderr.write("A witness cannot be read or written.\n");
  });
}

async function withRedis(ctx: Context, run: (redis: RedisClient) => Promise<void>): Promise<void> {
  const redis = openRedis(ctx.config.REDIS_URL);
  try {
    await run(redis);
  } finally {
    redis.disconnect();
  }
}

/** Done, and a person should look. */
const ATTENTION = 2;
