import { createWatch } from "../src/actions/alert.ts";
import * as audience from "../src/actions/audience.ts";
import * as delivery from "../src/actions/delivery.ts";
import { sweepLetters } from "../src/actions/delivery/letter.ts";
import { ownWords } from "../src/actions/feedback/own.ts";
import { releaseAnswers } from "../src/actions/feedback/release.ts";
import { sweepSurveys } from "../src/actions/feedback/survey.ts";
import * as followup from "../src/actions/followup/tick.ts";
import { sweepVisits } from "../src/actions/inquiry/visit.ts";
import { sweepIntake } from "../src/actions/intake.ts";
import { sendMessages } from "../src/actions/message.ts";
import { writeSite } from "../src/actions/publication/site.ts";
import * as receipt from "../src/actions/receipt.ts";
import { sweepBounces } from "../src/actions/receipt/bounce.ts";
import { pollSilent } from "../src/actions/receipt/poll.ts";
import { reconcile } from "../src/actions/receipt/reconcile.ts";
import { sweepSubscriptions } from "../src/actions/subscription.ts";
import * as wave from "../src/actions/wave.ts";
import type { Context } from "../src/context.ts";

/** What the sweep must know of the process it runs in. */
interface Self {
  readonly workerId: string;
  readonly mayWrite: (claimedAt: number) => boolean;
}

/** Put things right on a timer, in every worker; row locks keep them apart. */
export function startSweep(ctx: Context, self: Self): { stop(): Promise<void> } {
  // What goes by the time of day waits while this machine's clock is wrong.
  const rightly = { ctx, may: () => self.mayWrite(performance.now()) };
  const timers = [
    every({ ctx }, EVERY_SECOND_MS, delivery.sweep, receipt.sweep, wave.sweep),
    every(rightly, EVERY_SECOND_MS, followup.sweep),
    every(rightly, EVERY_HALF_SECOND_MS, () => sendMessages(ctx, self)),
    every(
      rightly,
      EVERY_MINUTE_MS,
      audience.sweepUploads,
      sweepLetters,
      sweepIntake,
      sweepVisits,
      releaseAnswers,
      sweepSurveys,
      sweepSubscriptions,
      createWatch(),
    ),
    every({ ctx }, EVERY_MINUTE_MS, () => writeSite(ctx)),
    every(
      { ctx },
      EVERY_MINUTE_MS,
      sweepBounces,
      receipt.sweepUnproven,
      reconcileUnknown,
      pollSilent,
    ),
  ];
  return { stop: async () => void (await Promise.all(timers.map((stop) => stop()))) };
}

function reconcileUnknown(ctx: Context): Promise<void> {
  return reconcile(ctx, ownWords);
}

/**
 * Run these one after the other, again and again, never twice at once, where they may; answers
 * how to stop. One that fails keeps none of the others from its turn: files must go whatever else
 * is broken.
 */
function every(
  { ctx, may = () => true }: { readonly ctx: Context; readonly may?: () => boolean },
  ms: number,
  ...works: readonly ((ctx: Context) => Promise<unknown>)[]
): () => Promise<void> {
  const failing = new Set<unknown>();
  let running: Promise<void> | undefined;

  async function turn(): Promise<void> {
    for (const work of may() ? works : [])
      try {
        await work(ctx);
        failing.delete(work);
      } catch (err) {
        // Said once an outage, not every time.
        if (!failing.has(work)) ctx.log.error({ err, sweep: work.name }, "a sweep failed");
        failing.add(work);
      }
    running = undefined;
  }

  const timer = setInterval(() => (running ??= turn()), ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

const EVERY_HALF_SECOND_MS = 500;
const EVERY_SECOND_MS = 1_000;
const EVERY_MINUTE_MS = 60_000;
