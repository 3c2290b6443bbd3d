import type { Context } from "../../context.ts";
import { clockVerdict } from "../../domain/recovery.ts";
import { clock } from "../../store/engine.ts";

/** Whether this process tells the right time. */
export interface ClockGuard {
  /** False while its clock is over 30 s away from the database's: it must send nothing then. */
  right(): boolean;
  check(): Promise<void>;
  stop(): void;
}

/**
 * Compare this process's clock with the database's now and every minute. Over 2 s apart is said in
 * the log, over 30 s keeps this process from sending until it is right again. Half of the time
 * that the answer took is doubt, and held in the clock's favour. Throws where the database does
 * not answer at first; later the last verdict stands.
 */
export async function startClockGuard(ctx: Context): Promise<ClockGuard> {
  let verdict: ReturnType<typeof clockVerdict> = "right";

  async function check(): Promise<void> {
    const aheadMs = await ahead(ctx);
    const now = clockVerdict(aheadMs);
    if (now === verdict) return;
    const facts = { aheadMs: Math.round(aheadMs) };
    if (now === "wrong")
      ctx.log.error(facts, "this machine's clock is wrong; it sends nothing until it is right");
    else if (now === "off") ctx.log.warn(facts, "this machine's clock and the database's differ");
    else ctx.log.info(facts, "this machine's clock is right again");
    verdict = now;
  }

  await check();
  const timer = setInterval(
    () => void check().catch((err: unknown) => ctx.log.warn({ err }, "the clock was not compared")),
    EVERY_MS,
  );
  return { right: () => verdict !== "wrong", check, stop: () => clearInterval(timer) };
}

async function ahead(ctx: Context): Promise<number> {
  const [askedAt, monotonic] = [ctx.now().getTime(), performance.now()];
  const database = await clock(ctx.sql);
  const halfway = (performance.now() - monotonic) / 2;
  const aheadMs = askedAt + halfway - database;
  return Math.sign(aheadMs) * Math.max(0, Math.abs(aheadMs) - halfway);
}

const EVERY_MS = 60_000;
