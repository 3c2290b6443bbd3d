/**
 * A notice code from 8 random bytes: 8 characters of Crockford's base 32, as `ABCD-EFGH`. It is
 * public, one for each version and language, and opens nothing but the wording.
 */
export function noticeCode(random: Buffer): string {
  const letters = Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]);
  return grouped(letters.join(""));
}

/**
 * What a person typed, as a code is stored: capitals, one dash, O read as 0, and I and L
 * read as 1. Nothing where it cannot be a code.
 */
export function normalisedCode(typed: string): string | undefined {
  const plain = typed
    .slice(0, TYPED_MAX)
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}_.]/gu, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return CODE.test(plain) ? grouped(plain) : undefined;
}

function grouped(letters: string): string {
  return `${letters.slice(0, CODE_LENGTH / 2)}-${letters.slice(CODE_LENGTH / 2)}`;
}

/** Crockford's base 32: no I, L, O or U. 256 is a multiple of 32, so `%` favours none. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const CODE_LENGTH = 8;
const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;
const TYPED_MAX = 40;
