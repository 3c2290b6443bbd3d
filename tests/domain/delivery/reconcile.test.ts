import { describe, expect, test } from "vitest";

import {
  LOOK_GAP_MS,
  LOOKS_NEEDED,
  UNKNOWN_RULES,
  judgeLook,
  nextStep,
} from "../../../src/domain/delivery/reconcile.ts";
import type { Unknown } from "../../../src/domain/delivery/reconcile.ts";

const MINUTE = 60_000;
const unknown = (over: Partial<Unknown>): Unknown => ({
  channel: "email",
  noticeClass: "legal",
  unknownMs: 60 * MINUTE,
  resent: false,
  looks: 0,
  lookedMs: null,
  ...over,
});

describe("what becomes of an unknown one by itself", () => {
  test.for([
    [{ unknownMs: 15 * MINUTE - 1 }, "wait"],
    [{ unknownMs: 15 * MINUTE }, "resend"],
    [{ resent: true }, "person"],
    [{ resent: true, unknownMs: 0 }, "person"],
    [{ noticeClass: "courtesy", unknownMs: 0 }, "person"],
    [{ noticeClass: "courtesy" }, "person"],
    [{ channel: "sms", unknownMs: 10 * MINUTE - 1 }, "wait"],
    [{ channel: "sms", unknownMs: 10 * MINUTE }, "look"],
    [{ channel: "sms", noticeClass: "courtesy", unknownMs: 10 * MINUTE }, "look"],
    [{ channel: "sms", looks: 1, lookedMs: 5 * MINUTE - 1 }, "wait"],
    [{ channel: "sms", looks: 1, lookedMs: 5 * MINUTE }, "look"],
    [{ channel: "sms", looks: 2, lookedMs: 60 * MINUTE }, "person"],
    [{ channel: "sms", looks: 2, unknownMs: 0 }, "person"],
    [{ channel: "sms", resent: true }, "look"],
  ] as const)("%j: %s", ([over, step]) => {
    expect(nextStep(unknown(over))).toBe(step);
  });

  test("only e-mail that the law requires is ever sent again without evidence", () => {
    const again = Object.entries(UNKNOWN_RULES).flatMap(([channel, classes]) =>
      Object.entries(classes).flatMap(([kind, { then }]) =>
        then === "resend" ? [`${channel} ${kind}`] : [],
      ),
    );
    expect(again).toEqual(["email legal"]);
    expect([LOOKS_NEEDED, LOOK_GAP_MS]).toEqual([2, 5 * MINUTE]);
  });
});

describe("what a provider lists", () => {
  const ours = { text: "Your code is ABCD.", knownReferences: new Set(["SM1"]) };
  const sms = (reference: string, text = "Something else.") => ({ reference, text });

  test("proves that it was taken where the text is ours", () => {
    const found = sms("SM3", ours.text);
    expect(judgeLook([sms("SM1"), sms("SM2"), found], ours)).toEqual({ kind: "found", sms: found });
  });

  test.for([
    ["nothing is there", [], "absent"],
    ["all of it is known", [sms("SM1"), sms("SM1", ours.text)], "absent"],
    ["one belongs to nothing we know", [sms("SM1"), sms("SM2")], "unsure"],
  ] as const)("proves %s", ([, listed, kind]) => {
    expect(judgeLook(listed, ours)).toEqual({ kind });
  });
});
