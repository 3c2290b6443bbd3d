import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

import type { Signer } from "./signer.ts";

export const TOPIC = "arn:aws:sns:eu-central-1:123456789012:candor-mail";
export const CERTIFICATE_URL = `https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-${"0".repeat(32)}.pem`;

export type Envelope = Record<string, string>;

/** What SNS posts, before it is signed. */
export function notification(message: unknown, at: Date, more: Envelope = {}): Envelope {
  return {
    Type: "Notification",
    MessageId: randomUUID(),
    TopicArn: TOPIC,
    Message: JSON.stringify(message),
    Timestamp: at.toISOString(),
    SignatureVersion: "2",
    SigningCertURL: CERTIFICATE_URL,
    ...more,
  };
}

/** Sign an envelope as SNS does, written from its description. */
export function signed(envelope: Envelope, { key }: Signer): Envelope {
  const names =
    envelope["Type"] === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const text = names
    .filter((name) => envelope[name] !== undefined)
    .map((name) => `${name}\n${envelope[name]}\n`)
    .join("");
  const hash = envelope["SignatureVersion"] === "1" ? "sha1" : "sha256";
  return { ...envelope, Signature: sign(hash, Buffer.from(text), key).toString("base64") };
}

/** A pair of keys like SendGrid's; the public one as it shows it. */
export function givenSendgridKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const shown = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return { shown, privateKey };
}

/** The headers of one post of SendGrid's. */
export function sendgridHeaders(body: string, at: Date, key: KeyObject): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  return {
    "content-type": "application/json",
    "x-twilio-email-event-webhook-timestamp": timestamp,
    "x-twilio-email-event-webhook-signature": sign(
      "sha256",
      Buffer.from(timestamp + body),
      key,
    ).toString("base64"),
  };
}
