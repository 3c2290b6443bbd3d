import type { Context } from "../../context.ts";
import { after } from "../../domain/delivery.ts";
import type { Outcome, SentChannel } from "../../domain/delivery.ts";
import { MessageHold } from "../../domain/delivery/message.ts";
import * as claims from "../../store/delivery/claim.ts";
import type { Claimed } from "../../store/delivery/claim.ts";
import { settle } from "../../store/delivery/settle.ts";
import { abandon as abandonRows } from "../../store/delivery/sweep.ts";
import * as slices from "../../store/delivery/slice.ts";
import { openBreaker } from "../wave.ts";
import { prepareWave } from "./prepare.ts";
import type { Outgoing, OwnSources, Prepared, PrepareParts, SliceOf } from "./prepare.ts";
import { createSettlement, untilDone } from "./settlement.ts";
import type { Settlement } from "./settlement.ts";
import { createSlots } from "./slots.ts";
import type { Slots } from "./slots.ts";

/** What a worker process brings along. */
export interface SenderParts {
  readonly workerId: string;
  /** Whether a body claimed at this monotonic time may be written; asked at the last moment. */
  readonly mayWrite: (claimedAt: number) => boolean;
  /** Leave to send, of the rate all workers share: how many of `most`, 0 after 250 ms. */
  readonly takeTokens: (most: number) => Promise<number>;
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
  readonly active: Set<string>;
  readonly prepared: Map<string, Prepared>;
  stopping: boolean;
}

/**
 * The sending side of one process by one channel. At most twice as many deliveries as it has connections are
 * claimed and unsettled at any moment: the most that a kill can leave `unknown`.
 */
export function createSender(ctx: Context, parts: SenderParts): Sender {
  const save = settle.bind(null, ctx.sql, parts.workerId);
  const { channel = "email" } = parts;
  const { connections } = (channel === "sms" ? ctx.sms : undefined) ?? ctx.email;
  return {
    prepare: prepareWave,
    own: nothingOwn,
    ...parts,
    channel,
    slots: createSlots(2 * connections),
    settlement: createSettlement(save, ctx.log),
    active: new Set(),
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
    const slice = await untilDone(() => slices.sliceOf(ctx.sql, sliceId), again);
    if (!slice) return;
    const prepared = await preparedFor(ctx, sender, slice);
    const pauseMs = prepared
      ? await sendAll(ctx, sender, { ...slice, sliceId, prepared })
      : NOT_READY_MS;
    await untilDone(() => slices.giveBack(ctx.sql, [sliceId], pauseMs), again);
  } finally {
    sender.active.delete(sliceId);
  }
}

/** Own up to what this process leaves unfinished as it is made to stop. */
export async function abandon(ctx: Context, workerId: string): Promise<void> {
  const unknown = await abandonRows(ctx.sql, workerId);
  ctx.log.warn({ unknown }, "stopped in the middle of sending");
}

interface Job extends SliceOf {
  readonly sliceId: string;
  readonly prepared: Prepared;
}

/** A claimed delivery, and when it was claimed by this process's own clock. */
interface InHand extends Claimed {
  readonly claimedAt: number;
}

/** Claim and send until nothing is left; answers after how many milliseconds the rest is due. */
async function sendAll(ctx: Context, sender: Sender, job: Job): Promise<number> {
  const underWay = new Map<string, Promise<void>>();
  let pauseMs = 0;
  while (!sender.stopping) {
    const free = await sender.slots.take(MICRO_BATCH_MAX);
    const tokens = sender.stopping ? 0 : await sender.takeTokens(free);
    const rows = tokens > 0 ? await claimRows(ctx, sender, job, { tokens, underWay }) : [];
    sender.slots.release(free - rows.length);
    for (const row of rows)
      underWay.set(
        row.id,
        sendOne(ctx, sender, job, row).finally(() => underWay.delete(row.id)),
      );
    if (tokens === 0) pauseMs = NO_TOKEN_MS;
    if (rows.length === 0) break;
  }
  await Promise.all(underWay.values());
  return pauseMs;
}

/** A claim whose answer never arrived may have worked: its rows are given back before the next. */
async function claimRows(
  ctx: Context,
  { workerId }: Sender,
  { sliceId, waveId }: Job,
  { tokens, underWay }: { tokens: number; underWay: ReadonlyMap<string, unknown> },
): Promise<InHand[]> {
  let unsure = false;
  return untilDone(
    async () => {
      if (unsure) await claims.disown(ctx.sql, { sliceId, workerId, known: [...underWay.keys()] });
      const claimedAt = performance.now();
      const rows = await claims.claim(ctx.sql, { sliceId, waveId, workerId, rowsMax: tokens });
      return rows.map((row) => ({ ...row, claimedAt }));
    },
    (err) => {
      unsure = true;
      ctx.log.error({ err, sliceId }, "claiming again");
    },
  );
}

/** One message to one person. Nothing but the claim and the outcome touches the database. */
async function sendOne(ctx: Context, sender: Sender, job: Job, row: InHand): Promise<void> {
  const { id: deliveryId, attempt } = row;
  try {
    const message = composed(ctx, job.prepared, row);
    if (typeof message === "string") {
      const outcome = { kind: "not-sent", code: "held" } as const;
      const verdict = { state: "held", reason: message, nextInMs: 0 } as const;
      await sender.settlement.add({ deliveryId, attempt, outcome, verdict });
      return;
    }
    const outcome = await attemptOne(ctx, sender, message, row);
    const verdict = after(outcome, row.putOff + 1);
    const numberHash = "numberHash" in message ? message.numberHash : undefined;
    await sender.settlement.add({ deliveryId, attempt, outcome, verdict, numberHash });
    if (outcome.kind === "rejected" && outcome.fault === "configuration")
      await openBreaker(ctx, job, outcome.code);
  } catch (err) {
    ctx.log.error({ err, deliveryId }, "a delivery went wrong after its outcome was written");
  } finally {
    sender.slots.release(1);
  }
}

async function attemptOne(
  ctx: Context,
  { mayWrite }: Sender,
  message: Outgoing,
  row: InHand,
): Promise<Outcome> {
  const stillMay = () => mayWrite(row.claimedAt);
  try {
    if ("message" in message) return await ctx.email.send(message, stillMay);
    return ctx.sms ? await ctx.sms.send(message, stillMay) : NO_SMS;
  } catch (err) {
    // A gateway answers with values; whatever it throws, we cannot say that nothing was taken.
    ctx.log.error({ err, deliveryId: row.id }, "a gateway failed");
    return { kind: "unknown", code: "error" };
  }
}

/** The message, or the reason why it is held. */
function composed(ctx: Context, prepared: Prepared, row: Claimed): Outgoing | string {
  try {
    return prepared.compose(row, ctx.now());
  } catch (err) {
    if (err instanceof MessageHold) return err.reason;
    ctx.log.error({ err, deliveryId: row.id }, "a message could not be composed");
    return "unreadable";
  }
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

const NO_SMS = { kind: "not-sent", code: "no-sms" } as const;
/** Also bounds how much of a slice is claimed ahead where there are many connections. */
const MICRO_BATCH_MAX = 50;
const NO_TOKEN_MS = 1_000;
const NOT_READY_MS = 5_000;
const PREPARED_MAX = 20;
