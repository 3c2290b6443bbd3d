import { createHash } from "node:crypto";

import { base32, inFours, typedBase32 } from "../base32.ts";

/**
 * A pass from the HMAC of a recipient's id under the survey's key: its first 80 bits as 16
 * characters of Crockford's base 32, `ABCD-EFGH-JKMN-PQRS`. It lets one answer in and says
 * nothing about whose it is.
 */
export function passOf(mac: Buffer): string {
  return inFours(base32(mac, LENGTH));
}

/**
 * What a person typed, as a pass is written: capitals, dashes, O read as 0, and I and L read as
 * 1. Nothing where it cannot be a pass.
 */
export function normalisedPass(typed: string): string | undefined {
  return typedBase32(typed.slice(0, TYPED_MAX), LENGTH);
}

/** SHA-256 of a pass: all that is stored of it. 80 random bits need no salt. */
export function passHash(pass: string): Buffer {
  return createHash("sha256").update(pass).digest();
}

const LENGTH = 16;
const TYPED_MAX = 60;
