import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** A key and its certificate, as Amazon would have them. */
export interface Signer {
  readonly key: KeyObject;
  readonly certificate: string;
}

/** A self-signed certificate (X.509, in the fewest fields that one may have) from 2020 to `until`. */
export function givenSigner({ bits = 2_048, until = 2045 } = {}): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const name = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, "sns.amazonaws.com"))));
  const times = der(0x30, time(2020), time(until));
  const spki = publicKey.export({ format: "der", type: "spki" });
  const toSign = der(0x30, der(0x02, [1]), SHA256_RSA, name, times, name, spki);
  const signature = der(0x03, [0], sign("sha256", toSign, privateKey));
  const lines = der(0x30, toSign, SHA256_RSA, signature)
    .toString("base64")
    .replaceAll(/.{64}/g, "$&\n");
  const certificate = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey, certificate };
}

/** One value in the distinguished encoding of ASN.1. */
function der(tag: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const content = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))),
  );
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function time(year: number): Buffer {
  return der(0x17, `${String(year).slice(2)}0101000000Z`);
}

/** 2.5.4.3 */
const COMMON_NAME = der(0x06, [0x55, 0x04, 0x03]);
/** 1.2.840.113549.1.1.11 */
const SHA256_RSA = der(
  0x30,
  der(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]),
  der(0x05),
);
