/**
 * A personal code from a keyed hash of the person's id: its first 60 bits as 12 characters of
 * Crockford's base 32, `ABCD-EFGH-JKMN`. A letter printed again and a mail tried again show the
 * same code, and it need not be kept anywhere in clear. At 60 guesses a minute from each of a
 * thousand networks, one code of a million people is found after some 18 years; and a code opens
 * nothing by itself.
 */
export function personalCode(hash: Buffer): string {
  const high = hash.readUInt32BE(0) >>> 2;
  const low = ((hash.readUInt32BE(0) & 3) * 2 ** 28 + (hash.readUInt32BE(4) >>> 4)) >>> 0;
  return grouped(letters(high) + letters(low));
}

/**
 * What a person typed, as a personal code is written: capitals and dashes, O read as 0, and I and
 * L read as 1. Nothing where it cannot be a code.
 */
export function normalisedPersonalCode(typed: string): string | undefined {
  const plain = typed
    .slice(0, TYPED_MAX)
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}_.]/gu, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return CODE.test(plain) ? grouped(plain) : undefined;
}

/** The number by which a person and staff speak of one inquiry, `Q-7KM29D`, from 6 random bytes. */
export function inquiryNumber(random: Buffer): string {
  return `Q-${Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join("")}`;
}

/** 30 bits as six characters. */
function letters(bits: number): string {
  return [25, 20, 15, 10, 5, 0].map((shift) => ALPHABET[(bits >>> shift) & 31]).join("");
}

function grouped(plain: string): string {
  return `${plain.slice(0, 4)}-${plain.slice(4, 8)}-${plain.slice(8)}`;
}

/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/;
const TYPED_MAX = 60;
