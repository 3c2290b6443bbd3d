import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import type { KeyObject } from "node:crypto";

import type { Keys, Vault } from "../context.ts";

interface WrappedKey {
  readonly id: string;
  readonly rootVersion: number;
  readonly wrapped: Buffer;
}

export interface Keystore {
  find(id: string): Promise<WrappedKey | undefined>;
  keep(key: WrappedKey): Promise<WrappedKey>;
  remove(id: string): Promise<void>;
}

export interface RootKey {
  readonly version: number;
  readonly key: KeyObject;
}

/**
 * A vault over a root key and the store of wrapped keys: sealing and keyed hashing.
 *
 * One AES-256-GCM blob a row, under a key per incident, which is itself wrapped by the
 * root key and kept on another server. A blob is: algorithm byte · key version byte ·
 * 12-byte nonce · ciphertext · 16-byte tag, with the associated data
 * `table|incident|row|version`, so that a blob copied to another row does not open.
 */
export function createVault(root: RootKey, keystore: Keystore): Vault {
  const cache = new Map<string, Promise<Keys>>();

  async function load(id: string): Promise<Keys> {
    const stored =
      (await keystore.find(id)) ?? (await keystore.keep(wrapKey(root, id, randomBytes(KEY_BYTES))));
    return createKeys(id, unwrapKey(root, stored));
  }

  return {
    keys(id) {
      const known = cache.get(id);
      if (known) return known;
      if (cache.size >= CACHED_KEYS_MAX) cache.clear();
      const loading = load(id);
      cache.set(id, loading);
      loading.catch(() => cache.delete(id));
      return loading;
    },
    async destroy(id) {
      await keystore.remove(id);
      cache.delete(id);
    },
    forget: () => cache.clear(),
  };
}

/** Wrap a data key under the root key, bound to its id and the root key's version. */
export function wrapKey(root: RootKey, id: string, key: Buffer): WrappedKey {
  return {
    id,
    rootVersion: root.version,
    wrapped: encrypt(root.key, Buffer.from(`key|${id}|${root.version}`), key),
  };
}

/** The data key itself. Throws where the root key is not the one it was wrapped under. */
export function unwrapKey(root: RootKey, { id, rootVersion, wrapped }: WrappedKey): Buffer {
  if (rootVersion !== root.version)
    throw new Error(`This key is wrapped under root key ${rootVersion}, not ${root.version}.`);
  return decrypt(root.key, Buffer.from(`key|${id}|${rootVersion}`), wrapped);
}

/** SHA-256 of a root key under a label: says which key it is without giving it away. */
export function fingerprint(key: Buffer): Buffer {
  return createHash("sha256").update("candor root key fingerprint v1").update(key).digest();
}

function createKeys(id: string, secret: Buffer): Keys {
  const sealing = createSecretKey(derive(secret, "seal/v1"));
  const hashing = new Map<string, KeyObject>();
  const aad = (table: string, row: string) => Buffer.from(`${table}|${id}|${row}|${KEY_VERSION}`);

  function hashKey(purpose: string): KeyObject {
    const known = hashing.get(purpose) ?? createSecretKey(derive(secret, `hash/${purpose}/v1`));
    hashing.set(purpose, known);
    return known;
  }

  const sealBytes = (table: string, row: string, bytes: Buffer) =>
    encrypt(sealing, aad(table, row), bytes);
  const openBytes = (table: string, row: string, blob: Buffer) =>
    decrypt(sealing, aad(table, row), blob);
  return {
    sealBytes,
    openBytes,
    seal: (table, row, value) => sealBytes(table, row, Buffer.from(JSON.stringify(value))),
    open: (table, row, blob) => JSON.parse(openBytes(table, row, blob).toString()),
    hash: (purpose, text) => createHmac("sha256", hashKey(purpose)).update(text).digest(),
  };
}

function derive(secret: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", label, KEY_BYTES));
}

function encrypt(key: KeyObject, aad: Buffer, plain: Buffer): Buffer {
  const nonce = nextNonce();
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([HEADER, nonce, body, cipher.getAuthTag()]);
}

function decrypt(key: KeyObject, aad: Buffer, blob: Buffer): Buffer {
  if (blob.length < HEADER.length + NONCE_BYTES + TAG_BYTES || !blob.subarray(0, 2).equals(HEADER))
    throw new Error("This blob was not sealed by this version of the vault.");
  const nonce = blob.subarray(HEADER.length, HEADER.length + NONCE_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce)
    .setAAD(aad)
    .setAuthTag(blob.subarray(-TAG_BYTES));
  const plain = decipher.update(blob.subarray(HEADER.length + NONCE_BYTES, -TAG_BYTES));
  decipher.final();
  return plain;
}

/** Nonces are cut from a pool: one call for random bytes every 1,024 blobs instead of each. */
function nextNonce(): Buffer {
  if (poolUsed + NONCE_BYTES > pool.length) {
    pool = randomBytes(NONCE_BYTES * 1_024);
    poolUsed = 0;
  }
  poolUsed += NONCE_BYTES;
  return pool.subarray(poolUsed - NONCE_BYTES, poolUsed);
}

let pool = Buffer.alloc(0);
let poolUsed = 0;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_VERSION = 1;
const HEADER = Buffer.from([1, KEY_VERSION]);
const CACHED_KEYS_MAX = 1_000;
