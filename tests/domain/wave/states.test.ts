import { describe, expect, test } from "vitest";

import {
  NEXT_STATES,
  PRIORITY,
  PausedReason,
  WaveState,
  requireStep,
  resumedState,
  secondsLeft,
} from "../../../src/domain/wave.ts";

/** Written down a second time and by hand: each wave's steps, and no others. */
const STEPS = [
  ["planned", "canary"],
  ["planned", "sending"],
  ["planned", "cancelled"],
  ["canary", "sending"],
  ["canary", "paused"],
  ["canary", "cancelled"],
  ["canary", "done"],
  ["sending", "paused"],
  ["sending", "cancelled"],
  ["sending", "done"],
  ["paused", "canary"],
  ["paused", "sending"],
  ["paused", "cancelled"],
  ["done", "sending"],
] as const satisfies [WaveState, WaveState][];

describe("a wave", () => {
  const states = WaveState.options;

  test("takes the steps of its table and no others", () => {
    for (const from of states)
      for (const to of states) {
        const allowed = STEPS.some(([a, b]) => a === from && b === to);
        const step = () => requireStep(from, to);
        if (allowed) expect(step, `${from} → ${to}`).not.toThrow();
        else expect(step, `${from} → ${to}`).toThrow(`This wave is ${from}.`);
      }
    expect(Object.keys(NEXT_STATES).toSorted()).toEqual(states.toSorted());
  });

  test("refuses a step with the code that callers know", () => {
    expect(() => requireStep("cancelled", "sending")).toThrow(
      expect.objectContaining({ code: "wrong-state" }),
    );
  });

  test("that was ended by a person never goes on", () => {
    for (const to of states) expect(() => requireStep("cancelled", to)).toThrow();
  });

  test("goes back to its canary unless that had passed", () => {
    expect(resumedState({ canaryPassed: false })).toBe("canary");
    expect(resumedState({ canaryPassed: true })).toBe("sending");
  });

  test("stands still for these reasons", () => {
    expect(PausedReason.options.toSorted()).toEqual(
      ["breaker", "canary", "facts-changed", "late", "person", "restored"].toSorted(),
    );
  });

  test("goes before others where it is urgent, and before courtesies where the law requires it", () => {
    expect(PRIORITY.urgent).toBeGreaterThan(1);
    expect(PRIORITY.urgent).toBeLessThan(PRIORITY.legal - 1);
    expect(PRIORITY.legal).toBeLessThan(PRIORITY.courtesy - 1);
  });

  test.for([
    [0, 0, 0],
    [0, 5, 0],
    [10, 0, null],
    [10, 4, 3],
    [1, 0.5, 2],
    [10, -1, null],
  ] as const)("with %i left at %d a second has %s seconds to go", ([left, rate, seconds]) => {
    expect(secondsLeft(left, rate)).toBe(seconds);
  });
});
