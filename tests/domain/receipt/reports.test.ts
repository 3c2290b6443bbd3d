import { createHmac, randomBytes } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  messageReference,
  quotedReference,
  referredDelivery,
} from "../../../src/domain/delivery/reference.ts";
import type { KeyedHash } from "../../../src/domain/delivery/reference.ts";
import { dsnReceipt } from "../../../src/domain/receipt/dsn.ts";
import { sendgridReceipts } from "../../../src/domain/receipt/sendgrid.ts";
import { sesReceipt } from "../../../src/domain/receipt/ses.ts";
import { reportParts } from "../../../src/gateways/bounce.ts";
import { arfOf, dsnOf } from "../../support/report.ts";

const hashOf =
  (key: Buffer): KeyedHash =>
  (purpose, text) =>
    createHmac("sha256", key).update(`${purpose}|${text}`).digest();
const HASH = hashOf(Buffer.alloc(32, 7));
const REFERENCE = messageReference(HASH, "42");
const OURS = `<${REFERENCE}@example.org>`;

describe("the reference in a Message-ID", () => {
  const id = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(String);

  test("leads back to its delivery, and to no other", () => {
    fc.assert(
      fc.property(id, (deliveryId) => {
        const reference = messageReference(HASH, deliveryId);
        expect(reference).toMatch(/^[0-9a-f]{32}$/);
        expect(referredDelivery(HASH, reference)).toBe(deliveryId);
        expect(messageReference(HASH, deliveryId)).toBe(reference);
      }),
    );
  });

  test("cannot be made up, changed or made with another key", () => {
    const made = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(made, (bytes) => {
        expect(referredDelivery(HASH, Buffer.from(bytes).toString("hex"))).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(id, fc.nat(31), fc.integer({ min: 1, max: 15 }), (deliveryId, at, by) => {
        const digits = messageReference(HASH, deliveryId).split("");
        digits[at] = (Number.parseInt(digits[at] ?? "", 16) ^ by).toString(16);
        expect(referredDelivery(HASH, digits.join(""))).toBeUndefined();
      }),
    );
    const other = hashOf(randomBytes(32));
    expect(referredDelivery(HASH, messageReference(other, "42"))).toBeUndefined();
    // Neighbours share nothing that would show how many were sent.
    const [one, two] = [messageReference(HASH, "1"), messageReference(HASH, "2")];
    expect(one.slice(16, 30)).not.toBe(two.slice(16, 30));
  });

  test.for([
    [OURS, REFERENCE],
    [`  ${OURS.toUpperCase()} `, REFERENCE],
    [REFERENCE, undefined],
    [`<x${REFERENCE}@example.org>`, undefined],
    ["<010f019@email.amazonses.com>", undefined],
    ["", undefined],
  ] as const)("is read from %j", ([quoted, reference]) => {
    expect(quotedReference(quoted)).toBe(reference);
  });
});

describe("a mail server's report", () => {
  const read = async (mail: string) => {
    const parts = await reportParts(Buffer.from(mail, "latin1"));
    return typeof parts === "string" ? parts : dsnReceipt(parts);
  };

  test.for([
    ["failed", "5.1.1", "bounced"],
    ["failed", "5.1.10", "bounced"],
    ["failed", "5.1.100", "failed"],
    ["failed", "5.4.4 (no route)", "bounced"],
    ["failed", "5.7.1", "failed"],
    ["failed", "5.2.2", "failed"],
    ["failed", "4.4.7", "failed"],
    ["Failed", "5.2.1", "bounced"],
    ["failed", "nonsense", "failed"],
    ["delayed", "4.4.1", "queued"],
    ["delivered", "2.0.0", "delivered"],
    ["relayed", "2.0.0", "sent"],
    ["expanded", "2.0.0", "sent"],
  ] as const)("that says %s and %s is %s", async ([action, status, said]) => {
    const receipt = await read(dsnOf({ messageId: OURS, action, status }));
    expect(receipt).toMatchObject({ provider: "dsn", messageRef: REFERENCE, status: said });
    expect(JSON.stringify(receipt)).not.toContain("example.com");
    // The same report by another way is the same event.
    const whole = dsnOf({ messageId: OURS, action, status, returned: "message/rfc822" });
    expect(await read(whole)).toEqual(receipt);
  });

  test("whose parts are encoded is read all the same", async () => {
    const mail = dsnOf({ messageId: OURS, action: "failed", status: "5.1.1", base64: true });
    expect(await read(mail)).toMatchObject({ status: "bounced", code: "5.1.1" });
  });

  test("that quotes our envelope alone is enough", async () => {
    const given = { messageId: "<gone@relay.example.net>", action: "failed", status: "5.1.1" };
    expect(await read(dsnOf({ ...given, envelope: REFERENCE }))).toMatchObject({
      messageRef: REFERENCE,
    });
    expect(await read(dsnOf(given))).toBe("no-reference");
  });

  test("of a complaint is one, and of anything else is none", async () => {
    expect(await read(arfOf({ messageId: OURS, type: "abuse" }))).toMatchObject({
      status: "complained",
    });
    expect(await read(arfOf({ messageId: OURS, type: "not-spam" }))).toBe("not-abuse");
  });

  test.for([
    ["an answer of a person", "From: a@example.com\r\nSubject: Re: hello\r\n\r\nWho are you?\r\n"],
    ["nothing", ""],
    ["a forwarded notice", `Message-ID: ${OURS}\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n`],
  ] as const)("is not %s", async ([, mail]) => {
    expect(await read(mail)).toBe("not-a-report");
  });

  test("of any bytes is an answer, quickly", async () => {
    const piece = fc.constantFrom(
      ...dsnOf({ messageId: OURS, action: "failed", status: "5.1.1" }).split(/(?<=\n)/),
      "--",
      "\r\n",
      ":",
      "Content-Type: multipart/report; boundary=",
      "\0",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), async (all) => {
        const result = await read(all.join(""));
        expect(typeof result === "string" || result.provider === "dsn").toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(await reportParts(Buffer.alloc(2_000_000, "a"))).toBe("malformed");
  });
});

describe("an event of Amazon SES", () => {
  const mail = {
    messageId: "0100019a-0000",
    destination: ["person@example.com"],
    commonHeaders: { messageId: OURS, to: ["person@example.com"] },
  };
  const bounce = (bounceType: string, bounceSubType: string, more = {}) => ({
    eventType: "Bounce",
    mail,
    bounce: { bounceType, bounceSubType, bouncedRecipients: [{ emailAddress: "x", ...more }] },
  });

  test.for([
    [{ eventType: "Send", mail }, "queued"],
    [{ eventType: "Delivery", mail }, "delivered"],
    [{ notificationType: "Delivery", mail }, "delivered"],
    [{ eventType: "Reject", mail }, "failed"],
    [bounce("Permanent", "General", { status: "5.1.1" }), "bounced"],
    [bounce("Permanent", "General"), "bounced"],
    [bounce("Permanent", "General", { status: "5.7.1" }), "failed"],
    [bounce("Permanent", "Suppressed", { status: "5.1.0" }), "bounced"],
    [bounce("Transient", "MailboxFull", { action: "failed", status: "5.2.2" }), "failed"],
    [bounce("Transient", "General"), undefined],
    [{ eventType: "Complaint", mail, complaint: {} }, "complained"],
    [{ eventType: "Complaint", mail, complaint: { complaintFeedbackType: "not-spam" } }, undefined],
    // It was not even sent: the person is told another way, and nobody complained of us.
    [{ eventType: "Complaint", mail, complaint: NEVER_SENT }, "failed"],
    [{ eventType: "Open", mail }, undefined],
    [{ eventType: "Delivery", mail: { commonHeaders: { messageId: "<other@x.org>" } } }, undefined],
    [{ eventType: "Delivery" }, undefined],
    ["text", undefined],
  ] as const)("%j is %s", ([event, status]) => {
    const receipt = sesReceipt("event-1", event);
    expect(receipt?.status).toBe(status);
    expect(JSON.stringify(receipt ?? {})).not.toContain("person@example.com");
  });

  test("finds our Message-ID among the headers too", () => {
    const headers = [{ name: "message-ID", value: OURS }];
    expect(sesReceipt("event-1", { eventType: "Delivery", mail: { headers } })).toMatchObject({
      messageRef: REFERENCE,
    });
  });
});

describe("a batch of SendGrid's", () => {
  const event = (name: string, more = {}) => ({
    event: name,
    email: "person@example.com",
    sg_event_id: `id-${name}`,
    "smtp-id": OURS,
    ...more,
  });

  test("is read event by event; one that we cannot read costs none of the others", () => {
    const batch = [
      event("processed"),
      event("deferred"),
      event("delivered"),
      event("bounce", { type: "bounce", status: "5.1.1" }),
      event("bounce", { type: "bounce", status: "5.7.1" }),
      event("bounce", { type: "bounce" }),
      event("bounce", { type: "blocked", status: "5.1.1" }),
      event("dropped", { reason: "Bounced Address" }),
      event("dropped", { reason: "Spam Content" }),
      event("spamreport"),
      event("open"),
      event("delivered", { sg_event_id: undefined }),
      event("delivered", { "smtp-id": "<geopod@ismtpd.example.net>" }),
      null,
      "text",
    ];
    const receipts = sendgridReceipts(batch);
    expect(receipts.map(({ status }) => status)).toEqual([
      "queued",
      "queued",
      "delivered",
      "bounced",
      "failed",
      "bounced",
      "failed",
      "bounced",
      "failed",
      "complained",
    ]);
    expect(JSON.stringify(receipts)).not.toContain("person@example.com");
    for (const none of [undefined, {}, "text", 1]) expect(sendgridReceipts(none)).toEqual([]);
  });
});

/** As SES says of an address on its own list of complaints (API_Complaint). */
const NEVER_SENT = {
  complaintSubType: "OnAccountSuppressionList",
  complaintFeedbackType: "not-spam",
};
