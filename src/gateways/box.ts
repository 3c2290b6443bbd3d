import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from "hpke";

import type { Box } from "../context.ts";

/**
 * Sealing to a public key by HPKE (RFC 9180), base mode. A blob is: version byte · 32-byte
 * encapsulated key · ciphertext with its tag. The purpose is HPKE's `info`.
 */
export const box: Box = {
  async newKeys() {
    const pair = await SUITE.GenerateKeyPair(true);
    const publicKey = Buffer.from(await SUITE.SerializePublicKey(pair.publicKey));
    const secret = await SUITE.SerializePrivateKey(pair.privateKey);
    // Opening needs both halves, and Node cannot yet make the public one of the other.
    return { publicKey, privateKey: Buffer.concat([secret, publicKey]) };
  },

  async seal(publicKey, purpose, value) {
    const key = await SUITE.DeserializePublicKey(publicKey);
    const plain = Buffer.from(JSON.stringify(value));
    const { encapsulatedSecret, ciphertext } = await SUITE.Seal(key, plain, infoOf(purpose));
    return Buffer.concat([VERSION, encapsulatedSecret, ciphertext]);
  },

  async open(privateKey, purpose, blob) {
    if (blob.length < VERSION.length + ENCAPSULATED_BYTES || blob[0] !== VERSION[0])
      throw new Error("This blob was not sealed by this version of the box.");
    const pair = {
      privateKey: await SUITE.DeserializePrivateKey(privateKey.subarray(0, KEY_BYTES)),
      publicKey: await SUITE.DeserializePublicKey(privateKey.subarray(KEY_BYTES)),
    };
    const cut = VERSION.length + ENCAPSULATED_BYTES;
    const encapsulated = blob.subarray(VERSION.length, cut);
    const plain = await SUITE.Open(pair, encapsulated, blob.subarray(cut), infoOf(purpose));
    return JSON.parse(Buffer.from(plain).toString());
  },
};

function infoOf(purpose: string) {
  return { info: Buffer.from(`candor ${purpose} v1`) };
}

const SUITE = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
const VERSION = Buffer.from([1]);
const ENCAPSULATED_BYTES = 32;
const KEY_BYTES = 32;
