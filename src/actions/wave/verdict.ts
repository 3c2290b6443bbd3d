import { canaryVerdict, newestVerdict, waveVerdict } from "../../domain/wave/brake.ts";
import type { PausedReason, Wave } from "../../domain/wave.ts";
import type { Sql } from "../../store/db.ts";
import * as brake from "../../store/wave/brake.ts";
import * as waves from "../../store/wave.ts";

export type Said = "pass" | "done" | keyof typeof STOPS;

/** What a running wave should do now: stop, go on from its canary, end, or nothing. */
export async function verdict(sql: Sql, found: Wave): Promise<Said | undefined> {
  const open = await waves.hasOpen(sql, found.id);
  const barrier = open ? await waves.barrier(sql, found.id) : undefined;
  if (barrier) return barrier;
  // A wave that started or went on as the facts changed was not there to be stopped.
  if (open && !(await waves.factsHold(sql, found.id))) return "changed";
  if (found.state !== "canary" && found.state !== "sending") return undefined;
  if (found.state === "sending" && !open) return "done";
  const { canary, all, judged } = await brake.faultsOf(sql, found.id);
  const said = canaryVerdict(canary, judged);
  if (found.state === "canary") return said === "wait" ? undefined : said;
  // What is known of the canaries only now stops the others all the same.
  if (said === "stop") return said;
  const newest = await brake.newestCounts(sql, found.id, judged);
  return waveVerdict(all, judged) ?? newestVerdict(newest, judged);
}

/** Why a wave is stopped without anybody pressing stop: the reason that people read. */
export const STOPS = {
  stop: "canary",
  held: "breaker",
  complained: "breaker",
  rejected: "breaker",
  changed: "facts-changed",
  late: "late",
  withdrawn: "person",
} as const satisfies Record<string, PausedReason>;
