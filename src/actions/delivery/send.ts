import type { Context } from "../../context.ts";
import { after } from "../../domain/delivery.ts";
import type { SentChannel } from "../../domain/delivery.ts";
import * as claims from "../../store/delivery/claim.ts";
import type { Database } from "../../store/db.ts";
import { abandon as abandonRows } from "../../store/delivery/sweep.ts";
import * as slices from "../../store/delivery/slice.ts";
import { lookAt, openBreaker } from "../wave.ts";
import { attempted } from "./attempt.ts";
import type { Attempted, InHand } from "./attempt.ts";
import { createHalt } from "./halt.ts";
import type { Halt } from "./halt.ts";
import { noteOverride } from "./hours.ts";
import type { Rate } from "./pacing.ts";
import { prepareWave } from "./prepare.ts";
import type { OwnSources, Prepared, PrepareParts, SliceOf } from "./prepare.ts";
import { createSettlement, saveBy, untilDone } from "./settlement.ts";
import type { Settlement } from "./settlement.ts";
import { createSlots } from "./slots.ts";
import type { Slots, Taken } from "./slots.ts";

/** What a worker process brings along. */
export interface SenderParts {
  readonly workerId: string;
  /** Whether a body claimed at this monotonic time may be written; asked at the last moment. */
  readonly mayWrite: (claimedAt: number) => boolean;
  readonly rate: Rate;
  /** Where claims and outcomes are written, best a pool that keeps its plans; `ctx.sql` unless said. */
  readonly sql?: Database;
  /** What it sends by; e-mail unless said. */
  readonly channel?: SentChannel;
  /** What is each person's own in a wave; nothing unless said. */
  readonly own?: OwnSources;
  readonly prepare?: (
    ctx: Context,
    slice: SliceOf,
    parts: PrepareParts,
  ) => Promise<Prepared | undefined>;
}

/** One per worker process and channel. */
export interface Sender extends Required<SenderParts> {
  readonly slots: Slots;
  readonly settlement: Settlement;
  readonly halt: Halt;
  readonly active: Set<string>;
  /** Waves that were said to go out at any hour. */
  readonly overridden: Set<string>;
  readonly prepared: Map<string, Prepared>;
  stopping: boolean;
}

/**
 * The sending side of one process by one channel. At most twice as many deliveries as it has connections are
 * claimed and unsettled at any moment: the most that a kill can leave `unknown`.
 */
export function createSender(ctx: Context, parts: SenderParts): Sender {
  const { channel = "email", sql = ctx.sql } = parts;
  const save = saveBy(sql, parts.workerId);
  const { connections } = (channel === "sms" ? ctx.sms : undefined) ?? ctx.email;
  return {
    prepare: prepareWave,
    own: nothingOwn,
    ...parts,
    channel,
    sql,
    slots: createSlots(connections, channel === "sms" ? undefined : ctx.email.pipelined),
    settlement: createSettlement(save, ctx.log, connections),
    halt: createHalt(ctx),
    active: new Set(),
    overridden: new Set(),
    prepared: new Map(),
    stopping: false,
  };
}

/**
 * Send what is still leased in a slice, and give back what cannot be sent now. Safe to run any
 * number of times, here and elsewhere at once: only claimed rows are sent.
 */
export async function sendSlice(ctx: Context, sender: Sender, sliceId: string): Promise<void> {
  if (sender.active.has(sliceId)) return;
  sender.active.add(sliceId);
  const again = (err: unknown) => ctx.log.error({ err, sliceId }, "the database is away");
  try {
    const slice = await untilDone(() => slices.sliceOf(sender.sql, sliceId), again);
    if (!slice) {
      await untilDone(() => slices.giveBack(sender.sql, [sliceId]), again);
      return;
    }
    const prepared = await preparedFor(ctx, sender, slice);
    const pauseMs = prepared
      ? await sendAll(ctx, sender, { ...slice, sliceId, prepared }).finally(
          sender.halt.watch(slice.waveId),
        )
      : NOT_READY_MS;
    await untilDone(() => slices.giveBack(sender.sql, [sliceId], pauseMs), again);
    if (slice.canary) await judged(ctx, slice);
  } finally {
    sender.active.delete(sliceId);
  }
}

/** The others need not wait for the next sweep once the last canary is answered. */
async function judged(ctx: Context, slice: SliceOf): Promise<void> {
  await lookAt(ctx, slice).catch((err: unknown) =>
    ctx.log.warn({ err, waveId: slice.waveId }, "canaries could not be judged yet"),
  );
}

/** Own up to what this process leaves unfinished as it is made to stop. */
export async function abandon(ctx: Context, workerId: string): Promise<void> {
  const unknown = await ctx.sql.begin((tx) => abandonRows(tx, workerId));
  ctx.log.warn({ unknown }, "stopped in the middle of sending");
}

interface Job extends slices.Leased {
  readonly sliceId: string;
  readonly prepared: Prepared;
}

/** Claim and send until nothing is left; answers after how many milliseconds the rest is due. */
async function sendAll(ctx: Context, sender: Sender, job: Job): Promise<number> {
  const underWay = new Map<string, Promise<void>>();
  let pauseMs = 0;
  let left = job.rows;
  while (!sender.stopping && left > 0) {
    const taken = await sender.slots.take(Math.min(MICRO_BATCH_MAX, left));
    // While no relay is well nothing is claimed, so that no try is used up.
    const awayMs = sender.channel === "sms" ? 0 : (ctx.email.waitMs?.() ?? 0);
    const idle = sender.stopping || awayMs > 0 || !sender.mayWrite(performance.now());
    const tokens = idle ? 0 : await sender.rate.take(taken.count);
    const rows = tokens > 0 ? await claimRows(ctx, sender, job, { tokens, underWay }) : [];
    taken.claimed(rows.length);
    left -= rows.length;
    if (tokens > rows.length) sender.rate.giveBack(tokens - rows.length);
    for (const row of rows)
      underWay.set(
        row.id,
        sendOne(ctx, sender, { ...job, taken }, row).finally(() => underWay.delete(row.id)),
      );
    if (tokens === 0) pauseMs = Math.max(NO_TOKEN_MS, awayMs);
    if (rows.length === 0) break;
  }
  await Promise.all(underWay.values());
  return pauseMs;
}

/** A claim whose answer never arrived may have worked: its rows are given back before the next. */
async function claimRows(
  ctx: Context,
  { workerId, sql }: Sender,
  { sliceId, waveId }: Job,
  { tokens, underWay }: { tokens: number; underWay: ReadonlyMap<string, unknown> },
): Promise<InHand[]> {
  let unsure = false;
  return untilDone(
    async () => {
      const known = [...underWay.keys()];
      if (unsure) await sql.begin((tx) => claims.disown(tx, { sliceId, workerId, known }));
      const claimedAt = performance.now();
      const rows = await claims.claim(sql, { sliceId, waveId, workerId, rowsMax: tokens });
      return rows.map((row) => ({ ...row, claimedAt }));
    },
    (err) => {
      unsure = true;
      ctx.log.error({ err, sliceId }, "claiming again");
    },
  );
}

/** One message to one person. Nothing but the claim and the outcome touches the database. */
async function sendOne(
  ctx: Context,
  sender: Sender,
  { taken, ...job }: Job & { readonly taken: Taken },
  row: InHand,
): Promise<void> {
  const { despiteHours, ...settled } = await attempted(ctx, sender, job, row).catch(
    (err: unknown) => unclear(ctx, row, err),
  );
  taken.sent();
  try {
    await sender.settlement.add(settled);
    if (despiteHours) await noteOnce(ctx, sender, job);
    const { outcome } = settled;
    if (outcome.kind === "rejected" && outcome.fault === "configuration")
      await openBreaker(ctx, job, outcome.code);
  } catch (err) {
    const { deliveryId } = settled;
    ctx.log.error({ err, deliveryId }, "a delivery went wrong after its outcome was written");
  } finally {
    taken.settled();
  }
}

/** Nothing of an attempt is known to throw; where something does, nobody can say what was taken. */
function unclear(ctx: Context, { id: deliveryId, attempt }: InHand, err: unknown): Attempted {
  ctx.log.error({ err, deliveryId }, "an attempt failed");
  const outcome = { kind: "unknown", code: "error" } as const;
  return { deliveryId, attempt, outcome, verdict: after(outcome, 1) };
}

/** Each process says it once a wave, and one of them is heard. */
async function noteOnce(ctx: Context, { overridden }: Sender, slice: SliceOf): Promise<void> {
  if (overridden.has(slice.waveId)) return;
  overridden.add(slice.waveId);
  await noteOverride(ctx, slice);
}

async function preparedFor(
  ctx: Context,
  sender: Sender,
  slice: SliceOf,
): Promise<Prepared | undefined> {
  const known = sender.prepared.get(slice.waveId);
  if (known) return known;
  const prepared = await sender.prepare(ctx, slice, sender).catch((err: unknown) => {
    // No key, no mail: the rows wait until the keystore answers again.
    ctx.log.error({ err, waveId: slice.waveId }, "a wave cannot be prepared");
    return undefined;
  });
  if (!prepared) return undefined;
  if (sender.prepared.size >= PREPARED_MAX) sender.prepared.clear();
  sender.prepared.set(slice.waveId, prepared);
  return prepared;
}

const nothingOwn: OwnSources = async () => ({ of: () => ({ own: {} }) });

/** Also bounds how much of a slice is claimed ahead where there are many connections. */
const MICRO_BATCH_MAX = 100;
const NO_TOKEN_MS = 1_000;
const NOT_READY_MS = 5_000;
const PREPARED_MAX = 20;
