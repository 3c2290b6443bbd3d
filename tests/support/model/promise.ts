import { expect } from "vitest";

import { isOpen, mayClaim, rowOf } from "./machine.ts";
import type { InHand, Machine } from "./machine.ts";
import { PEOPLE } from "./order.ts";
import type { Meant, Order } from "./order.ts";
import { takenBefore } from "./taken.ts";

/** A machine as it was before something happened: what the promise compares. */
export interface Before {
  readonly claimable: boolean;
  readonly states: ReadonlyMap<string, string>;
  /** Of whom some attempt is known to have been taken. */
  readonly accepted: ReadonlySet<string>;
}

export function before(m: Machine): Before {
  // What was taken and did not arrive is rightly sent again.
  const accepted = [...m.rows.values()].filter(({ key, attempt }) =>
    takenBefore(m, { key, attempt: attempt + 1 }),
  );
  return {
    claimable: mayClaim(m),
    states: new Map([...m.rows].map(([key, { state }]) => [key, state])),
    accepted: new Set(accepted.map(({ key }) => key)),
  };
}

/** The promise of the send path, after anything whatever. */
export function promise(m: Machine, was: Before, meant: Meant, claimed: readonly InHand[]): void {
  // Everybody has one delivery by each channel that was planned, and none is lost.
  for (let person = 0; person < PEOPLE; person += 1) rowOf(m, `${person}/email`);
  for (const key of was.states.keys()) rowOf(m, key);
  // Nothing is claimed of a wave that stands still, or by two.
  if (!was.claimable) expect(claimed).toEqual([]);
  expect(new Set(claimed.map(({ key }) => key)).size).toBe(claimed.length);
  // What was taken, as far as anybody knew, is never sent again.
  for (const { key } of claimed) expect(was.accepted.has(key), `${key} is sent again`).toBe(false);
  for (const row of m.rows.values()) {
    const own = m.attempts.get(`${row.key}/${row.attempt}`);
    const past = was.states.get(row.key);
    if (row.state === "sending") expect(own).toMatchObject({ worker: row.worker });
    if (row.state === "sending") expect(own?.outcome).toBeUndefined();
    if (row.state === "leased") expect(row.slice).toBeDefined();
    // Only a person has an unknown one sent again.
    if (past === "unknown" && row.state === "planned")
      expect(meant).toMatchObject({ does: "decide", key: row.key, decision: "resend" });
  }
  if (m.wave.state === "done") expect([...m.rows.values()].filter(isOpen)).toEqual([]);
  if (meant.does === "settle" || meant.does === "settle again") fenced(m, was, meant.hand);
}

/** An outcome of an attempt that is not the newest moves nothing, unless the person has the message. */
function fenced(m: Machine, was: Before, { key, attempt }: InHand): void {
  const row = rowOf(m, key);
  if (row.attempt !== attempt) expect([was.states.get(key), "accepted"]).toContain(row.state);
}

/** What brings any wave to rest: all workers are gone, then one sends what is left. */
export const ENDING: readonly Order[] = [
  ...[0, 1, 2].map((worker) => ({ does: "lose", worker }) as const),
  { does: "mark unknown" },
  { does: "expire leases" },
  { does: "apply receipts" },
  ...Array.from({ length: 5 }, () => [
    { does: "sweep" } as const,
    { does: "beat", worker: 0 } as const,
    ...(["email", "sms"] as const).flatMap((channel): Order[] => [
      { does: "lease", channel, most: 2 * PEOPLE },
      { does: "claim", worker: 0, slice: -1, most: 2 * PEOPLE, unheard: false },
      ...Array.from({ length: PEOPLE }, (): Order => ({
        does: "settle",
        hand: -1,
        outcome: { kind: "accepted", code: "250" },
      })),
    ]),
    { does: "apply receipts" } as const,
  ]).flat(),
  { does: "sweep" },
];

/** Whether everybody's delivery is at an end, in figures that add up. */
export function atRest(m: Machine): void {
  const rows = [...m.rows.values()];
  expect(rows.filter(isOpen)).toEqual([]);
  const people = new Set(rows.filter(({ onward }) => onward !== true).map(({ person }) => person));
  expect(people.size).toBe(PEOPLE);
}
