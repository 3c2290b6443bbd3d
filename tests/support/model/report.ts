import type { DeliveryState } from "../../../src/domain/delivery.ts";

import { attemptsOf, move, rowOf } from "./machine.ts";
import type { Machine, Told } from "./machine.ts";
import { failedLater } from "./taken.ts";

/** Apply what the SMS provider told, all at once. Reports of what is being sent now wait. */
export function applyReceipts(m: Machine): void {
  const sending = ({ key, attempt }: Told) => {
    const row = rowOf(m, key);
    return row.state === "sending" && row.attempt === attempt;
  };
  const waiting = m.told.filter((told) => !sending(told));
  const copied = new Set(waiting.filter((told) => mayBeTwo(m, told)));
  for (const key of new Set(waiting.map((told) => told.key))) {
    const row = rowOf(m, key);
    const said = waiting
      .filter((told) => told.key === key)
      .flatMap((told) => {
        const before = waiting.filter((other) => other.key === key && other.id < told.id);
        const next = nextBy(m, told, copied.has(told)) ?? failedAfter(m, told, before);
        const final = told.status === "delivered" || told.status === "failed";
        return next ? [{ next, final, id: told.id }] : [];
      })
      .toSorted((a, b) => Number(b.final) - Number(a.final) || a.id - b.id);
    if (said[0]) move(row, said[0].next);
  }
  m.told = m.told.filter(sending);
  for (const told of waiting) hear(m, told, copied.has(told));
}

/** Whether a newer attempt was taken, or may have been. */
function mayBeTwo(m: Machine, { key, attempt: n }: Told): boolean {
  const newer = attemptsOf(m, rowOf(m, key)).slice(n);
  return newer.some(({ outcome }) => outcome === undefined || !IN_VAIN.has(outcome));
}

function hear(m: Machine, { key, attempt: n, status }: Told, copied: boolean): void {
  const attempt = m.attempts.get(`${key}/${n}`);
  if (!attempt) return;
  if (attempt.outcome !== undefined && attempt.outcome !== "rejected") attempt.outcome = "accepted";
  if (status === "failed") attempt.failed = true;
  if (copied && status !== "failed") attempt.duplicate = true;
}

/** Of a copy that failed it is no news that it was on its way, where another is to follow it. */
function nextBy(m: Machine, told: Told, copied: boolean): DeliveryState | undefined {
  const { key, attempt, status } = told;
  const row = rowOf(m, key);
  const { state, wanted } = row;
  const old = attempt < row.attempt;
  const open = state === "unknown" || state === "planned" || state === "leased";
  const unsure = open || state === "held";
  if (status === "delivered") return unsure || state === "accepted" ? "delivered" : undefined;
  if (status === "failed") {
    const over = old ? state === "accepted" && !copied : !wanted && (open || state === "accepted");
    return over ? "rejected" : undefined;
  }
  if ((wanted || old) && failedLater(m, told)) return undefined;
  return unsure ? "accepted" : undefined;
}

/** A held message that was taken after all, as the reports before this one say, has failed now. */
function failedAfter(m: Machine, told: Told, before: readonly Told[]): DeliveryState | undefined {
  const row = rowOf(m, told.key);
  const isIt = row.state === "held" && told.status === "failed" && told.attempt === row.attempt;
  return isIt && before.some((other) => nextBy(m, other, false) === "accepted")
    ? "rejected"
    : undefined;
}

const IN_VAIN = new Set<string>(["not-sent", "throttled", "transient", "rejected"]);
