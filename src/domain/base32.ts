/** Crockford's base 32: no I, L, O or U. 256 is a multiple of 32, so `%` favours none. */
export const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The first bits of these bytes as `length` letters, five bits each. */
export function base32(bytes: Buffer, length: number): string {
  let letters = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5 && letters.length < length; letters += BASE32[(held >>> bits) & 31])
      bits -= 5;
  }
  return letters;
}

/**
 * What a person typed, as a code of `length` letters is written: capitals in groups of four, O
 * read as 0, and I and L read as 1. Nothing where it cannot be one.
 */
export function typedBase32(typed: string, length: number): string | undefined {
  const plain = typed
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}_.]/gu, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return LETTERS.test(plain) && plain.length === length ? inFours(plain) : undefined;
}

/** `ABCD-EFGH-JKMN`. */
export function inFours(letters: string): string {
  return (letters.match(/.{1,4}/g) ?? []).join("-");
}

const LETTERS = /^[0-9A-HJKMNP-TV-Z]+$/;
