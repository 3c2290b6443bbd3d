/** A keyed hash for one purpose, of 32 bytes. */
export type KeyedHash = (purpose: string, text: string) => Buffer;

/**
 * What stands in an e-mail's Message-ID: the delivery, hidden and signed, as 32 hex digits. Every
 * report that comes back quotes that header (RFC 3464 in its third part, SES among the common
 * headers, SendGrid as `smtp-id`), and the same message sent again has the same one. Nobody
 * without the key can make one up, or read from it how many were sent.
 *
 * It is a synthetic initialisation vector (RFC 5297): 8 bytes of a keyed hash of the number, then
 * the number under a mask that another key makes of those.
 */
export function messageReference(hash: KeyedHash, deliveryId: string): string {
  const tag = tagOf(hash, deliveryId);
  const masked = BigInt(deliveryId) ^ maskOf(hash, tag);
  return tag + masked.toString(16).padStart(HALF, "0");
}

/** The delivery that a reference names; nothing where we did not make it. */
export function referredDelivery(hash: KeyedHash, reference: string): string | undefined {
  if (!REFERENCE.test(reference)) return undefined;
  const tag = reference.slice(0, HALF);
  const id = BigInt(`0x${reference.slice(HALF)}`) ^ maskOf(hash, tag);
  // 64 bits of the hash: nobody finds a second number with this tag.
  return id > 0n && id < MOST && tagOf(hash, String(id)) === tag ? String(id) : undefined;
}

/** The reference in a Message-ID as somebody quotes it; nothing where that is none of ours. */
export function quotedReference(messageId: string): string | undefined {
  return QUOTED.exec(messageId.trim())?.[1]?.toLowerCase();
}

function tagOf(hash: KeyedHash, deliveryId: string): string {
  return hash("message-reference", deliveryId).toString("hex", 0, HALF / 2);
}

function maskOf(hash: KeyedHash, tag: string): bigint {
  return hash("message-reference-mask", tag).readBigUInt64BE();
}

/** Hex digits. */
const HALF = 16;
const MOST = 1n << 63n;
const REFERENCE = /^[0-9a-f]{32}$/;
const QUOTED = /^<?([0-9a-f]{32})@[a-z0-9.-]{1,255}>?$/i;
