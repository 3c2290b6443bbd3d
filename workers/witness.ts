import { isWitnessed, witness } from "../src/actions/recovery/witness.ts";
import type { WitnessPlace } from "../src/actions/recovery/witness.ts";
import type { Context } from "../src/context.ts";
import type { Mark, Witness } from "../src/domain/recovery.ts";

/**
 * Let the database be witnessed now and every 10 s, in the places given and in this process's own
 * memory; and within a second where its server was started again, because until then it sends
 * nothing.
 */
export async function startWitness(
  ctx: Context,
  places: readonly WitnessPlace[],
): Promise<{ stop(): Promise<void> }> {
  const all = [...places, memory()];
  const said = createSpeaker(ctx);
  said(await witness(ctx, all));
  let turns = 0;
  let running: Promise<void> | undefined;

  async function turn(): Promise<void> {
    turns += 1;
    try {
      if (turns % LOOK_EVERY === 0 || !(await isWitnessed(ctx))) said(await witness(ctx, all));
    } catch (err) {
      ctx.log.warn({ err }, "the database was not witnessed");
    }
    running = undefined;
  }

  const timer = setInterval(() => (running ??= turn()), TURN_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Outlives a restore that took Redis and the file with it. */
function memory(): WitnessPlace {
  const kept: Witness = {};
  return {
    read: () => Promise.resolve({ ...kept }),
    write(databaseId: string, mark: Mark, at: Date) {
      kept[databaseId] = { ...mark, at: at.toISOString() };
      return Promise.resolve();
    },
  };
}

/** Each thing is said when it begins and when it ends. */
function createSpeaker({ log }: Context) {
  const before = { locked: false, another: false, failed: false };
  return ({ locked, findings, failed }: Awaited<ReturnType<typeof witness>>) => {
    const another = findings.includes("another");
    if (locked && !before.locked) log.error("sending is locked; `candor queue status` says why");
    if (!locked && before.locked) log.info("sending is open again");
    if (another && !before.another)
      log.warn("only another database was witnessed here; nothing to compare with");
    if (failed.length > 0 && !before.failed)
      log.warn({ err: failed[0] }, "a witness cannot be read or written");
    Object.assign(before, { locked, another, failed: failed.length > 0 });
  };
}

const TURN_MS = 1_000;
/** Turns: every 10 s. */
const LOOK_EVERY = 10;
