import { BASE32, base32, inFours, typedBase32 } from "../base32.ts";

/**
 * A personal code from a keyed hash of the person's id: its first 60 bits as 12 characters of
 * Crockford's base 32, `ABCD-EFGH-JKMN`. A letter printed again and a mail tried again show the
 * same code, and it need not be kept anywhere in clear. At 60 guesses a minute from each of a
 * thousand networks, one code of a million people is found after some 18 years; and a code opens
 * nothing by itself.
 */
export function personalCode(hash: Buffer): string {
  return inFours(base32(hash, LENGTH));
}

/**
 * What a person typed, as a personal code is written: capitals and dashes, O read as 0, and I and
 * L read as 1. Nothing where it cannot be a code.
 */
export function normalisedPersonalCode(typed: string): string | undefined {
  return typedBase32(typed.slice(0, TYPED_MAX), LENGTH);
}

/** The number by which a person and staff speak of one inquiry, `Q-7KM29D`, from 6 random bytes. */
export function inquiryNumber(random: Buffer): string {
  return `Q-${Array.from(random, (byte) => BASE32[byte % BASE32.length]).join("")}`;
}

const LENGTH = 12;
const TYPED_MAX = 60;
