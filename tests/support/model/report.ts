import type { DeliveryState } from "../../../src/domain/delivery.ts";
import type { ReceiptStatus } from "../../../src/domain/receipt.ts";
import { move, rowOf } from "./machine.ts";
import type { Machine, Row, Told } from "./machine.ts";

/** Apply what the SMS provider told, all at once. Reports of what is being sent now wait. */
export function applyReceipts(m: Machine): void {
  const sending = ({ key, attempt }: Told) => {
    const row = rowOf(m, key);
    return row.state === "sending" && row.attempt === attempt;
  };
  const waiting = m.told.filter((told) => !sending(told));
  m.told = m.told.filter(sending);
  for (const key of new Set(waiting.map((told) => told.key))) {
    const row = rowOf(m, key);
    const newest = waiting.filter((told) => told.key === key && told.attempt === row.attempt);
    const failed =
      (m.attempts.get(`${key}/${row.attempt}`)?.failed ?? false) ||
      newest.some(({ status }) => status === "failed");
    const said = newest
      .flatMap(({ status, id }) => {
        const next = nextBy(status, row, failed);
        const final = status === "delivered" || status === "failed";
        return next ? [{ next, final, id }] : [];
      })
      .toSorted((a, b) => Number(b.final) - Number(a.final) || a.id - b.id);
    if (said[0]) move(row, said[0].next);
  }
  for (const told of waiting) hear(m, told);
}

function hear(m: Machine, { key, attempt: n, status }: Told): void {
  const attempt = m.attempts.get(`${key}/${n}`);
  if (!attempt) return;
  if (attempt.outcome === "unknown") attempt.outcome = "accepted";
  if (status === "failed") attempt.failed = true;
  if (rowOf(m, key).attempt > n && status !== "failed") attempt.duplicate = true;
}

/** Of a copy that failed it is no news that it was on its way, where a person asked for another. */
function nextBy(
  status: ReceiptStatus,
  { state, wanted }: Row,
  failed: boolean,
): DeliveryState | undefined {
  const unsure = state === "unknown" || state === "planned" || state === "leased";
  const open = unsure || state === "accepted";
  if (status === "delivered") return open ? "delivered" : undefined;
  if (wanted && failed) return undefined;
  if (status === "failed") return open ? "rejected" : undefined;
  return unsure ? "accepted" : undefined;
}
