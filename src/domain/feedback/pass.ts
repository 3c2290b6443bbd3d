import { createHash } from "node:crypto";

/**
 * A pass from the HMAC of a recipient's id under the survey's key: its first 80 bits as 16
 * characters of Crockford's base 32, `ABCD-EFGH-JKMN-PQRS`. It lets one answer in and says
 * nothing about whose it is.
 */
export function passOf(mac: Buffer): string {
  let bits = BigInt(`0x${mac.subarray(0, PASS_BYTES).toString("hex")}`);
  let letters = "";
  for (let i = 0; i < LENGTH; i += 1) {
    letters = `${ALPHABET[Number(bits % 32n)]}${letters}`;
    bits /= 32n;
  }
  return grouped(letters);
}

/**
 * What a person typed, as a pass is written: capitals, dashes, O read as 0, and I and L read as
 * 1. Nothing where it cannot be a pass.
 */
export function normalisedPass(typed: string): string | undefined {
  const plain = typed
    .slice(0, TYPED_MAX)
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}_.]/gu, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return PLAIN.test(plain) ? grouped(plain) : undefined;
}

/** SHA-256 of a pass: all that is stored of it. 80 random bits need no salt. */
export function passHash(pass: string): Buffer {
  return createHash("sha256").update(pass).digest();
}

function grouped(letters: string): string {
  return (letters.match(/.{4}/g) ?? []).join("-");
}

/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PLAIN = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const PASS_BYTES = 10;
const LENGTH = 16;
const TYPED_MAX = 60;
