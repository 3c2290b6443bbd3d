import { createPublicKey, verify } from "node:crypto";

export interface SignedBody {
  /** SPKI, base64: the verification keys that SendGrid shows. */
  readonly keys: readonly string[];
  readonly body: Buffer;
  readonly signature: string;
  /** Seconds since 1970, as it came. */
  readonly timestamp: string;
  readonly now: Date;
}

/**
 * Whether SendGrid signed these bytes
 * (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features):
 * ECDSA on P-256 over the timestamp and the body as it came. An old signature is refused; what is
 * sent twice meanwhile is known by the ids of its events.
 */
export function isSendgrid({ keys, body, signature, timestamp, now }: SignedBody): boolean {
  if (!/^\d{9,11}$/.test(timestamp) || !/^[A-Za-z0-9+/]{20,200}={0,2}$/.test(signature))
    return false;
  const seconds = Number(timestamp) - now.getTime() / 1_000;
  if (seconds < -OLD_SECONDS_MAX || seconds > AHEAD_SECONDS_MAX) return false;
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  const given = Buffer.from(signature, "base64");
  return keys.some((key) => {
    const spki = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
    return verify("sha256", signed, spki, given);
  });
}

/** For a day it says again what it could not say at first. */
const OLD_SECONDS_MAX = 86_400;
/** Between its clock and ours. */
const AHEAD_SECONDS_MAX = 600;
