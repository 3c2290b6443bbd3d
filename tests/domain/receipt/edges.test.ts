import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import {
  messageReference,
  quotedReference,
  referredDelivery,
} from "../../../src/domain/delivery/reference.ts";
import type { KeyedHash } from "../../../src/domain/delivery/reference.ts";
import { ReceiptProvider, ReceiptStatus, eventIdOf } from "../../../src/domain/receipt.ts";
import { dsnReceipt } from "../../../src/domain/receipt/dsn.ts";
import { sendgridReceipts } from "../../../src/domain/receipt/sendgrid.ts";
import { sesReceipt } from "../../../src/domain/receipt/ses.ts";
import { SmsWish, twilioReceipt } from "../../../src/domain/receipt/twilio.ts";

const HASH: KeyedHash = (purpose, text) =>
  createHmac("sha256", Buffer.alloc(32, 7)).update(`${purpose}|${text}`).digest();
const REFERENCE = messageReference(HASH, "42");
const OURS = `<${REFERENCE}@example.org>`;

test("what is stored and sent between processes keeps its words", () => {
  const statuses = ["queued", "sent", "delivered", "failed", "bounced", "complained"];
  expect(ReceiptStatus.options).toEqual(statuses);
  expect(ReceiptProvider.options).toEqual(["twilio", "ses", "sendgrid", "dsn"]);
  const from = "+12025550142";
  for (const wish of ["stop", "start"])
    expect(SmsWish.parse({ from, wish })).toEqual({ from, wish });
  for (const none of [{ from, wish: "help" }, { from }, { wish: "stop" }, {}])
    expect(SmsWish.safeParse(none).success).toBe(false);
});

test("a report is named by all that it says, each part by itself", () => {
  expect(eventIdOf("1", "23")).not.toBe(eventIdOf("12", "3"));
  const sid = `SM${"a".repeat(32)}`;
  const path = { deliveryId: "7", attempt: 2 };
  const receipt = twilioReceipt(path, { MessageSid: sid, MessageStatus: "sent" });
  expect(receipt?.eventId).toBe(eventIdOf("7", 2, sid, "sent", ""));
});

describe("the reference in a Message-ID", () => {
  test("stays what it was: reports of months ago still find their message", () => {
    expect(REFERENCE).toBe("73f4f1729da1e41d9267dc21873d8cc3");
  });

  test.for([
    ["0", undefined],
    [String((1n << 63n) - 1n), String((1n << 63n) - 1n)],
    [String(1n << 63n), undefined],
    [String((1n << 64n) - 1n), undefined],
  ] as const)("of delivery %s is that of %s", ([deliveryId, found]) => {
    expect(referredDelivery(HASH, messageReference(HASH, deliveryId))).toBe(found);
  });

  test.for(["", "z".repeat(32), `${REFERENCE}z`, REFERENCE.toUpperCase()])(
    "%s is none, and no fault",
    (reference) => {
      expect(referredDelivery(HASH, reference)).toBeUndefined();
    },
  );

  test.for([
    [`${REFERENCE}@example.org`, REFERENCE],
    [`${OURS} and more`, undefined],
    [`${REFERENCE}@exa mple.org`, undefined],
  ] as const)("is read from %j", ([quoted, reference]) => {
    expect(quotedReference(quoted)).toBe(reference);
  });
});

describe("a mail server's report", () => {
  const read = (deliveryStatus: string, returned: string | undefined = `Message-ID: ${OURS}`) =>
    dsnReceipt({ deliveryStatus, feedbackReport: undefined, returned });
  const complaint = (feedbackReport: string) =>
    dsnReceipt({ deliveryStatus: undefined, feedbackReport, returned: `Message-ID: ${OURS}` });

  test("is named by what it says of which message", () => {
    expect(read("Action: failed\nStatus: 5.1.1")).toEqual({
      provider: "dsn",
      eventId: eventIdOf(REFERENCE, "bounced", "5.1.1"),
      deliveryId: null,
      attempt: null,
      messageRef: REFERENCE,
      status: "bounced",
      code: "5.1.1",
      reference: null,
    });
  });

  test.for([
    ["Status: 5.1.1", "no action at all"],
    ["Action:\nStatus: 5.1.1", "an empty one"],
    ["Action: dropped\nStatus: 5.1.1", "one that no standard names"],
    [`${"X: y\n".repeat(15_000)}Action: failed`, "one behind more text than is read"],
  ] as const)("with %j has no action: %s", ([status]) => {
    expect(read(status)).toBe("no-action");
  });

  test.for([
    ["Action: failed\nStatus: 5.1.1\n (no such user)", "a folded line"],
    ["Action: failed\rStatus: 5.1.1", "old line ends"],
    ["Action : failed\nStatus\t: 5.1.1", "a space before the colon"],
    ["Action: failed\nStatus: 5.1.1\nAction: delivered\nStatus: 2.0.0", "a field twice"],
    ["Actions\nAction: failed\nStatus: 5.1.1", "a line without a colon"],
    ["Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1", "the action in the second block"],
    [`Reporting-MTA: x${"\n".repeat(80)}Action: failed\nStatus: 5.1.1`, "many empty lines"],
  ] as const)("is read from %j: %s", ([status]) => {
    expect(read(status)).toMatchObject({ status: "bounced", code: "5.1.1" });
  });

  test.for([
    [`Original-Message-ID: ${OURS}\n\nAction: failed`, REFERENCE],
    [`Original-Envelope-ID: ${REFERENCE}\n\nAction: failed`, REFERENCE],
    [`\n\n\nOriginal-Envelope-ID: ${REFERENCE}\n\nAction: failed`, REFERENCE],
    [`Original-Envelope-ID: x${REFERENCE}\n\nAction: failed`, undefined],
    [`Original-Envelope-ID: ${REFERENCE}0\n\nAction: failed`, undefined],
    ["Action: failed", undefined],
  ] as const)("without our headers, %j names %s", ([status, reference]) => {
    const found = read(status, "Subject: hello");
    if (reference === undefined) expect(found).toBe("no-reference");
    else expect(found).toMatchObject({ messageRef: reference });
    expect(
      dsnReceipt({ deliveryStatus: status, feedbackReport: undefined, returned: undefined }),
    ).toEqual(found);
  });

  test("of a complaint says its kind, or is none", () => {
    for (const kind of ["abuse", "Fraud"])
      expect(complaint(`Feedback-Type: ${kind}`)).toMatchObject({
        status: "complained",
        code: null,
      });
    for (const none of ["", "User-Agent: x/1", "Feedback-Type: virus"])
      expect(complaint(none)).toBe("not-abuse");
  });
});

describe("an event of Amazon SES", () => {
  const mail = { messageId: "0100019a-0000", commonHeaders: { messageId: OURS } };
  const bounce = (
    bounceType: string,
    bounceSubType: string,
    bouncedRecipients: unknown[] = [],
  ) => ({
    eventType: "Bounce",
    mail,
    bounce: { bounceType, bounceSubType, bouncedRecipients },
  });

  test("keeps the names of both sides", () => {
    const receipt = {
      provider: "ses",
      eventId: "event-1",
      deliveryId: null,
      attempt: null,
      messageRef: REFERENCE,
      status: "delivered",
      code: null,
      reference: "0100019a-0000",
    };
    expect(sesReceipt("event-1", { eventType: "Delivery", mail })).toEqual(receipt);
    for (const messageId of [undefined, "", "x y", " 0100", "0100!", "a".repeat(101)])
      expect(
        sesReceipt("event-1", { eventType: "Delivery", mail: { ...mail, messageId } }),
      ).toEqual({
        ...receipt,
        reference: null,
      });
  });

  test.for([
    [{ eventType: "DeliveryDelay", mail }, "queued"],
    [{ eventType: "Rendering Failure", mail }, "failed"],
    [{ eventType: "Bounce", mail }, undefined],
    [{ ...bounce("Permanent", "General"), eventType: "Delivery" }, "delivered"],
    [{ eventType: "Complaint", mail }, "complained"],
    [{ mail }, undefined],
    [bounce("Permanent", "General"), "bounced"],
    [bounce("Permanent", "ContentRejected"), "failed"],
    [bounce("Permanent", "NoEmail", [{ status: "5.7.1" }]), "bounced"],
    [bounce("Permanent", "OnAccountSuppressionList", [{ status: "5.7.1" }]), "bounced"],
    [bounce("Permanent", "ContentRejected", [{ status: "5.1.1" }]), "bounced"],
    [bounce("Transient", "General"), undefined],
    [bounce("Transient", "General", [{ action: "delayed" }]), undefined],
  ] as const)("%j is %s", ([event, status]) => {
    expect(sesReceipt("event-1", event)?.status).toBe(status);
  });

  test("finds our Message-ID behind other headers, and none where there is none", () => {
    const read = (headers: unknown) => sesReceipt("e", { eventType: "Send", mail: { headers } });
    const others = [{ name: "Subject", value: "<a@example.org>" }, { name: "X-Empty" }];
    expect(read([...others, { name: "Message-ID", value: OURS }])?.messageRef).toBe(REFERENCE);
    for (const none of [others, [], undefined, [{ name: "Message-ID" }]])
      expect(read(none)).toBeUndefined();
  });
});

describe("an event of SendGrid", () => {
  const event = { event: "delivered", sg_event_id: "ab+/=.-_9", "smtp-id": OURS };

  test("keeps the names of both sides", () => {
    const receipt = {
      provider: "sendgrid",
      eventId: "ab+/=.-_9",
      deliveryId: null,
      attempt: null,
      messageRef: REFERENCE,
      status: "delivered",
      code: null,
      reference: "14c5.filter-1",
    };
    const named = (name: unknown) => sendgridReceipts([{ ...event, sg_message_id: name }]);
    expect(named("14c5.filter-1")).toEqual([receipt]);
    for (const none of [undefined, "", "a b", " ab", "ab!", "a".repeat(201), 7])
      expect(named(none)).toEqual([{ ...receipt, reference: null }]);
  });

  test("without a name of its own is left out", () => {
    for (const name of ["", " ab", "ab!", "a".repeat(201)])
      expect(sendgridReceipts([{ ...event, sg_event_id: name }])).toEqual([]);
  });

  test.for([
    ["Bounced Address", "bounced"],
    ["invalid SMTPAPI header", "bounced"],
    ["Not a bounced address", "failed"],
    ["Unsubscribed Address, not invalid", "failed"],
    [undefined, "failed"],
  ] as const)("dropped for %j is %s", ([reason, status]) => {
    expect(sendgridReceipts([{ ...event, event: "dropped", reason }])[0]?.status).toBe(status);
  });
});
