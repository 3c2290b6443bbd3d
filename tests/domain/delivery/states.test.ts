import { describe, expect, test } from "vitest";

import {
  DECIDED_STATE,
  DeliveryState,
  OPEN_STATES,
  after,
  mayBecome,
} from "../../../src/domain/delivery.ts";
import type { Outcome } from "../../../src/domain/delivery.ts";
import { twilioCallback, twilioInbound } from "../../../src/domain/delivery/callback.ts";

/** Written down a second time and by hand: what may follow what. */
const MOVES: Readonly<Record<DeliveryState, string>> = {
  planned: "accepted cancelled delivered leased rejected unknown",
  leased: "accepted cancelled delivered excluded planned rejected sending unknown",
  sending: "accepted held planned rejected unknown",
  accepted: "delivered rejected",
  delivered: "rejected",
  rejected: "planned",
  unknown: "accepted delivered planned rejected",
  held: "accepted cancelled delivered planned rejected unknown",
  excluded: "",
  "needs-letter": "accepted cancelled excluded rejected",
  "not-reached": "",
  cancelled: "",
};

describe("a delivery", () => {
  test.for(DeliveryState.options)("that is %s may become what its table says", (from) => {
    const next = DeliveryState.options.filter((to) => mayBecome(from, to)).toSorted();
    expect(next.join(" ")).toBe(MOVES[from]);
  });

  test("is on its way in three states", () => {
    expect([...OPEN_STATES].toSorted()).toEqual(["leased", "planned", "sending"]);
  });

  test("becomes what a person decides of it", () => {
    expect(DECIDED_STATE).toEqual({
      accepted: "accepted",
      resend: "planned",
      rejected: "rejected",
    });
  });
});

describe("what follows an outcome", () => {
  const minutes = (n: number) => n * 60_000;

  test.for([
    [
      { kind: "accepted", code: "250" },
      { state: "accepted", reason: null, nextInMs: 0 },
    ],
    [
      { kind: "unknown", code: "x" },
      { state: "unknown", reason: null, nextInMs: 0 },
    ],
    [
      { kind: "not-sent", code: "x" },
      { state: "planned", reason: "not-sent", nextInMs: 1_000 },
    ],
    [
      { kind: "not-sent", code: "x", retryAfterMs: 7_000 },
      { state: "planned", reason: "not-sent", nextInMs: 7_000 },
    ],
    [
      { kind: "rejected", fault: "configuration", code: "535" },
      { state: "planned", reason: "configuration", nextInMs: 0 },
    ],
    [
      { kind: "rejected", fault: "recipient", code: "550" },
      { state: "rejected", reason: "recipient", nextInMs: 0 },
    ],
    [
      { kind: "rejected", fault: "content", code: "554" },
      { state: "rejected", reason: "content", nextInMs: 0 },
    ],
  ] as const)("%j", ([outcome, verdict]) => {
    for (const attempt of [1, 5, 20]) expect(after(outcome, attempt)).toEqual(verdict);
  });

  test.for(["transient", "throttled"] as const)("%s is tried for a day, then given up", (kind) => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => after({ kind, code: "450" }, n));
    expect(waits.map(({ nextInMs }) => nextInMs)).toEqual(
      [1, 5, 15, 60, 120, 240, 480, 480].map(minutes),
    );
    for (const { state, reason } of waits) expect([state, reason]).toEqual(["planned", kind]);
    const given = { state: "rejected", reason: "gave-up", nextInMs: 0 };
    expect(after({ kind, code: "450" }, 9)).toEqual(given);
  });

  test("waits as long as was asked, and never less than is usual", () => {
    const asked = (kind: "transient" | "throttled", retryAfterMs: number): Outcome => ({
      kind,
      code: "450",
      retryAfterMs,
    });
    for (const kind of ["transient", "throttled"] as const) {
      expect(after(asked(kind, minutes(2)), 1).nextInMs).toBe(minutes(2));
      expect(after(asked(kind, 10), 1).nextInMs).toBe(minutes(1));
    }
  });
});

test.for([
  "https://incident.example.org",
  "https://incident.example.org/",
  "https://incident.example.org//",
])("Twilio reports to %s", (url) => {
  const base = "https://incident.example.org/callbacks/twilio";
  expect(twilioCallback(url, "42", 3)).toBe(`${base}/42/3`);
  expect(twilioInbound(url)).toBe(`${base}/inbound`);
});
