import { describe, expect, test } from "vitest";

import { enhancedCode, failureOf } from "../../../src/domain/receipt/bounce.ts";
import {
  CONFIGURATION_CODES,
  twilioReceipt,
  twilioStatus,
  twilioWish,
} from "../../../src/domain/receipt/twilio.ts";

const SID = `SM${"0a".repeat(16)}`;
const PATH = { deliveryId: "42", attempt: 3 };

function receipt(over: Readonly<Record<string, unknown>> = {}) {
  return twilioReceipt(PATH, { MessageSid: SID, MessageStatus: "delivered", ...over });
}

describe("Twilio's report", () => {
  test("is a receipt of one attempt", () => {
    expect(receipt({ ErrorCode: "30003" })).toEqual({
      provider: "twilio",
      eventId: expect.stringMatching(/^[0-9a-f]{64}$/),
      deliveryId: "42",
      attempt: 3,
      messageRef: null,
      status: "delivered",
      code: "30003",
      reference: SID,
    });
    expect(receipt()).toMatchObject({ code: null });
  });

  test("has the same name as its copies and as nothing else", () => {
    const others = [
      receipt({ MessageStatus: "sent" }),
      receipt({ ErrorCode: "30003" }),
      receipt({ MessageSid: `MM${"0a".repeat(16)}` }),
      twilioReceipt({ ...PATH, attempt: 4 }, { MessageSid: SID, MessageStatus: "delivered" }),
      twilioReceipt({ ...PATH, deliveryId: "4" }, { MessageSid: SID, MessageStatus: "delivered" }),
    ];
    const names = others.map((each) => each?.eventId);
    expect(receipt()?.eventId).toBe(receipt()?.eventId);
    expect(new Set([...names, receipt()?.eventId]).size).toBe(6);
  });

  test.for([
    ["queued", "queued"],
    ["accepted", "queued"],
    ["sending", "queued"],
    ["anything_new", "queued"],
    ["sent", "sent"],
    ["delivered", "delivered"],
    ["read", "delivered"],
    ["undelivered", "failed"],
    ["failed", "failed"],
    ["canceled", "failed"],
  ] as const)("%s means %s", ([said, status]) => {
    expect(receipt({ MessageStatus: said })?.status).toBe(status);
    expect(twilioStatus(said)).toBe(status);
  });

  test.for([
    { MessageSid: "SM0" },
    { MessageSid: `x${SID}` },
    { MessageSid: `${SID}0` },
    { MessageSid: `XX${"0a".repeat(16)}` },
    { MessageSid: undefined },
    { MessageStatus: "Delivered" },
    { MessageStatus: "" },
    { MessageStatus: "a".repeat(31) },
    { MessageStatus: "a b" },
  ])("%j is none", (over) => {
    expect(receipt(over)).toBeUndefined();
  });

  test("without a code that can be one is kept all the same", () => {
    for (const ErrorCode of ["x", "1x", "x1", "12345678901", "", 30_003])
      expect(receipt({ ErrorCode })).toMatchObject({ code: null });
    expect(receipt({ ErrorCode: "1234567890" })).toMatchObject({ code: "1234567890" });
    expect(receipt({ MessageStatus: "a".repeat(30) })?.status).toBe("queued");
    expect(receipt({ MessageSid: SID.toUpperCase() })).toBeDefined();
  });

  test("blames our own account by these codes", () => {
    expect(CONFIGURATION_CODES).toEqual(["30002", "30032", "30034", "30038"]);
  });
});

describe("an answer by SMS", () => {
  const from = "+12025550142";
  const wish = (body: string, over = {}) => twilioWish({ From: from, Body: body, ...over });

  test.for("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT СТОП 退订".split(" "))(
    "%s asks for no more",
    (word) => {
      expect(wish(` ${word.toLowerCase()}\n`)).toEqual({ from, wish: "stop" });
    },
  );

  test.for("START UNSTOP СТАРТ".split(" "))("%s asks to go on", (word) => {
    expect(wish(word)).toEqual({ from, wish: "start" });
  });

  test("says nothing in other words", () => {
    for (const body of ["", "STOP IT", "please stop", "yes", "HELP"])
      expect(wish(body)).toBeUndefined();
    expect(twilioWish({ From: from })).toBeUndefined();
  });

  test("is read as Twilio itself read it", () => {
    expect(wish("whatever", { OptOutType: "STOP" })).toEqual({ from, wish: "stop" });
    expect(wish("stop", { OptOutType: "START" })).toEqual({ from, wish: "start" });
    expect(wish("stop", { OptOutType: "HELP" })).toBeUndefined();
    expect(wish("stop", { OptOutType: "OTHER" })).toBeUndefined();
  });

  test.for([
    "12025550142",
    "+02025550142",
    "+120",
    "x+12025550142",
    "+12025550142x",
    "+1234567890123456",
  ])("comes from a number, which %s is not", (bad) => {
    expect(twilioWish({ From: bad, Body: "STOP" })).toBeUndefined();
  });

  test("comes from short and long numbers", () => {
    expect(twilioWish({ From: "+12345", Body: "STOP" })).toBeDefined();
    expect(twilioWish({ From: "+1234", Body: "STOP" })).toBeDefined();
    expect(twilioWish({ From: "+123456789012345", Body: "STOP" })).toBeDefined();
  });
});

describe("an enhanced status code", () => {
  test.for([
    ["5.1.1", "5.1.1"],
    ["  4.4.7 (expired)", "4.4.7"],
    ["2.0.0\n", "2.0.0"],
    ["5.123.456", "5.123.456"],
    ["5.1.1x", null],
    ["x5.1.1", null],
    ["3.1.1", null],
    ["5.1", null],
    ["5.1234.1", null],
    ["5.1.1234", null],
    ["", null],
    [undefined, null],
  ] as const)("in %j is %s", ([text, code]) => {
    expect(enhancedCode(text)).toBe(code);
  });

  test.for(["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"])(
    "%s: nobody is there",
    (code) => {
      expect(failureOf(code)).toBe("bounced");
    },
  );

  test.for(["5.2.2", "5.7.1", "4.1.1", "5.1.11", "", null])(
    "%s: this message did not arrive",
    (code) => {
      expect(failureOf(code)).toBe("failed");
    },
  );
});
