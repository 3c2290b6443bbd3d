import type { Context, SendOptions } from "../../context.ts";
import { after } from "../../domain/delivery.ts";
import type { Outcome, Verdict } from "../../domain/delivery.ts";
import { MessageHold } from "../../domain/delivery/message.ts";
import type { Claimed } from "../../store/delivery/claim.ts";
import type { Settled } from "../../store/delivery/settle.ts";
import { OVERRIDDEN } from "../../store/wave/hours.ts";
import type { Halt } from "./halt.ts";
import { OutOfHours } from "./hours.ts";
import { held, putOff, recipientDomain } from "./pacing.ts";
import type { Rate, Unsent } from "./pacing.ts";
import type { Outgoing, Prepared } from "./prepare.ts";

/** A claimed delivery, and when it was claimed by this process's own clock. */
export interface InHand extends Claimed {
  readonly claimedAt: number;
}

/** What decides whether and when something may be sent. */
export interface Attempting {
  readonly mayWrite: (claimedAt: number) => boolean;
  readonly rate: Rate;
  readonly halt: Halt;
}

/** What came of an attempt, and whether it went out although its reader's day was over. */
export type Attempted = Settled & { readonly despiteHours?: boolean };

/** What came of one message, whatever happens: an outcome that is lost is a delivery in doubt. */
export async function attempted(
  ctx: Context,
  sender: Attempting,
  { prepared, waveId }: { readonly prepared: Prepared; readonly waveId: string },
  row: InHand,
): Promise<Attempted> {
  const { id: deliveryId, attempt } = row;
  const message = await ready(ctx, sender, prepared, row);
  if ("verdict" in message) {
    sender.rate.giveBack(1);
    return { deliveryId, attempt, ...message };
  }
  const stillMay = () =>
    sender.mayWrite(row.claimedAt) && sender.halt.mayWrite(waveId, row.claimedAt);
  const options = row.relay === null ? {} : { relay: row.relay };
  const outcome = await attemptOne(ctx, message, { deliveryId, stillMay, options });
  sender.rate.told(outcome, recipientDomain(message));
  const verdict = marked(after(outcome, row.putOff + 1), message);
  const numberHash = "numberHash" in message ? message.numberHash : undefined;
  const { despiteHours = false } = message;
  return { deliveryId, attempt, outcome, verdict, numberHash, despiteHours };
}

interface Sending {
  readonly deliveryId: string;
  readonly stillMay: () => boolean;
  readonly options: SendOptions;
}

async function attemptOne(
  ctx: Context,
  message: Outgoing,
  { deliveryId, stillMay, options }: Sending,
): Promise<Outcome> {
  try {
    if ("message" in message) return await ctx.email.send(message, stillMay, options);
    return ctx.sms ? await ctx.sms.send(message, stillMay) : NO_SMS;
  } catch (err) {
    // A gateway answers with values; whatever it throws, we cannot say that nothing was taken.
    ctx.log.error({ err, deliveryId }, "a gateway failed");
    return { kind: "unknown", code: "error" };
  }
}

/** What went out in the night says so, and is counted by it. */
function marked(verdict: Verdict, { despiteHours }: Outgoing): Verdict {
  const out = verdict.state === "accepted" || verdict.state === "unknown";
  return despiteHours && out ? { ...verdict, reason: OVERRIDDEN } : verdict;
}

/** The message, or why it does not go now: it is held, or its turn comes later. */
async function ready(
  ctx: Context,
  { rate }: Attempting,
  prepared: Prepared,
  row: Claimed,
): Promise<Outgoing | Unsent> {
  const message = composed(ctx, prepared, row);
  if ("verdict" in message) return message;
  const waitMs = await rate.wait(recipientDomain(message));
  return waitMs > 0 ? putOff("rate", waitMs) : message;
}

function composed(ctx: Context, prepared: Prepared, row: Claimed): Outgoing | Unsent {
  try {
    return prepared.compose(row, ctx.now());
  } catch (err) {
    if (err instanceof MessageHold) return held(err.reason);
    if (err instanceof OutOfHours)
      return putOff("quiet-hours", err.opensAt.getTime() - ctx.now().getTime());
    ctx.log.error({ err, deliveryId: row.id }, "a message could not be composed");
    return held("unreadable");
  }
}

const NO_SMS = { kind: "not-sent", code: "no-sms" } as const;
