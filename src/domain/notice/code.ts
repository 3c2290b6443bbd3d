import { BASE32, inFours, typedBase32 } from "../base32.ts";

/**
 * A notice code from 8 random bytes: 8 characters of Crockford's base 32, as `ABCD-EFGH`. It is
 * public, one for each version and language, and opens nothing but the wording.
 */
export function noticeCode(random: Buffer): string {
  const letters = Array.from(random, (byte) => BASE32[byte % BASE32.length]);
  return inFours(letters.join(""));
}

/**
 * What a person typed, as a code is stored: capitals, one dash, O read as 0, and I and L
 * read as 1. Nothing where it cannot be a code.
 */
export function normalisedCode(typed: string): string | undefined {
  return typedBase32(typed.slice(0, TYPED_MAX), CODE_LENGTH);
}

export const CODE_LENGTH = 8;
const TYPED_MAX = 40;
