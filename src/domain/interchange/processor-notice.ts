import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { z } from "zod";

import type { Element, ExposedElement } from "../element.ts";
import { Incident } from "../incident.ts";
import { Instant, NOT_YET_KNOWN, Zone } from "../instant.ts";
import { refuse } from "../refusal.ts";
import { ScopeFacts } from "../scope.ts";
import type { ChangedFacts } from "../scope.ts";
import { difference } from "../scope/difference.ts";
import { canonical } from "../timeline.ts";
import { line } from "../text.ts";

/*
 * What a processor tells its controller of a breach (GDPR Article 33(2)), for another Candor to
 * open: the facts of its scope, signed with Ed25519 (RFC 8032) over canonical JSON (RFC 8785).
 * It names no affected person, and of people only how many of this controller's.
 */

const PUBLIC_KEY_BYTES = 32;
const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);

/** The facts that travel: not how our own people are reached, and nobody else's people. */
export const NoticeFacts = ScopeFacts.omit({
  contactLines: true,
  role: true,
  sector: true,
  actions: true,
}).extend({
  // Their words are in one language; whoever opens the notice translates.
  translations: z.strictObject({}).default({}),
});

export const NoticeBody = z.strictObject({
  format: z.literal("candor-processor-notice/1"),
  processor: line(200),
  /** The processor's public key, 32 bytes. */
  key: Base64Url,
  /** The key of the controller it is for, where the processor knows it. */
  controller: Base64Url.exactOptional(),
  /** Their incident, and which of the notices of it this is: a later one has a greater number. */
  incident: z.uuid(),
  number: z.int().min(1).max(2_147_483_647),
  issuedAt: Instant,
  determination: Incident.shape.determination,
  awareAt: Instant,
  awareZone: Zone,
  facts: NoticeFacts,
});
export type NoticeBody = z.output<typeof NoticeBody>;

/** The body as it was written, and its signature. */
export const SignedNotice = z.strictObject({
  notice: z.record(z.string(), z.json()),
  signature: Base64Url,
});
export type SignedNotice = z.output<typeof SignedNotice>;

/** How many people of one controller are affected, where. */
export const ControllersPeople = ScopeFacts.shape.people;

/** The Ed25519 key of 32 secret bytes (RFC 8410 gives it its frame). */
export function signingKey(seed: Buffer): KeyObject {
  const key = Buffer.concat([PKCS8_FRAME, seed.subarray(0, PUBLIC_KEY_BYTES)]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** The public key of a private one, 32 bytes. */
export function publicBytes(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return spki.subarray(-PUBLIC_KEY_BYTES);
}

/** The 32 bytes of a key in base64url; nothing where they are more or fewer. */
export function publicKeyOf(text: string): Buffer | undefined {
  const key = Buffer.from(text, "base64url");
  return key.length === PUBLIC_KEY_BYTES ? key : undefined;
}

/** What two people read to each other on the telephone before one trusts the other's key. */
export function keyFingerprint(publicKey: Buffer): string {
  const digest = createHash("sha256").update(publicKey).digest("hex").slice(0, 32);
  return (digest.match(/.{4}/g) ?? []).join(" ");
}

/** Sign what a processor tells. */
export function signNotice(body: NoticeBody, key: KeyObject): SignedNotice {
  const notice = z.encode(NoticeBody, body);
  const signed = signedBytes(notice);
  if (!signed) throw new Error("What a scope says has a canonical form.");
  const signature = sign(null, signed, key).toString("base64url");
  return SignedNotice.parse({ notice, signature });
}

/**
 * The body of a notice whose signature holds under the key that it names: whether that key is
 * trusted is the caller's to ask. Refuses, by field, one that was changed and one of another form.
 */
export function readNotice({ notice, signature }: SignedNotice): NoticeBody {
  const named = z.string().catch("").parse(notice["key"]);
  const key = publicKeyOf(named);
  // In its one spelling: otherwise one key would make several of the same incident.
  if (!key || key.toString("base64url") !== named || !holds(notice, key, signature))
    refuse("invalid-input", "This notice was changed, or is not signed by the key it names.", [
      { field: "signature", code: "wrong", message: "Ask the processor to send it again." },
    ]);
  const { success, data, error } = NoticeBody.safeParse(notice);
  if (success) return data;
  return refuse(
    "invalid-input",
    "This notice is signed, and says what we cannot read.",
    error.issues.map(({ path, message }) => ({
      field: ["notice", ...path].join("."),
      code: "form",
      message,
    })),
  );
}

/** Our own facts of what a processor told: we are the controller, and the rest is for us to find out. */
export function factsOf({ facts }: NoticeBody): ScopeFacts {
  return {
    ...facts,
    translations: {},
    role: "controller",
    sector: NOT_YET_KNOWN,
    actions: NOT_YET_KNOWN,
    contactLines: NOT_YET_KNOWN,
  };
}

/**
 * What a later notice changes in our facts: what it tells and did not tell when we opened the one
 * before (`base` is our scope of then). What the processor does not know takes nothing from us, and
 * neither does what it only says again: people here may have found out better since.
 */
export function newsOf(
  { facts: told }: NoticeBody,
  { base, current }: { readonly base: ScopeFacts; readonly current: ScopeFacts },
): z.input<typeof ChangedFacts> {
  const laid = (over: ScopeFacts, dataElements: ScopeFacts["dataElements"]): ScopeFacts => ({
    ...over,
    ...told,
    dataElements,
    translations: over.translations,
  });
  const news = difference(base, laid(base, told.dataElements)).map(({ field }) => field);
  const elements = mergedElements(told.dataElements, base.dataElements, current.dataElements);
  const changed = difference(current, laid(current, elements)).filter(
    ({ field, after }) => after !== NOT_YET_KNOWN && news.includes(field),
  );
  return Object.fromEntries(changed.map(({ field, after }) => [field, after]));
}

/** Their kinds of data, each as we have it where they say nothing new of it; and those only we know. */
function mergedElements(told: Elements, base: Elements, current: Elements): Elements {
  const find = (all: Elements, named: Element) => all.find(({ element }) => element === named);
  const isOurs = ({ element }: ExposedElement) => !find(told, element) && !find(base, element);
  return [
    ...told.map((each) =>
      find(base, each.element)?.state === each.state ? (find(current, each.element) ?? each) : each,
    ),
    ...current.filter(isOurs),
  ];
}

type Elements = ScopeFacts["dataElements"];

function holds(notice: SignedNotice["notice"], key: Buffer, signature: string): boolean {
  const signed = signedBytes(notice);
  if (!signed) return false;
  const spki = createPublicKey({
    key: Buffer.concat([SPKI_FRAME, key]),
    format: "der",
    type: "spki",
  });
  return verify(null, signed, spki, Buffer.from(signature, "base64url"));
}

/**
 * Under a label of its own, so that no other thing signed can pass for a notice. Nothing for what
 * has no canonical form: half a character, a number without end (RFC 8785, section 3.2.2).
 */
function signedBytes(notice: unknown): Buffer | undefined {
  try {
    return Buffer.from(`candor processor notice v1\0${canonical(notice)}`);
  } catch {
    return undefined;
  }
}

const PKCS8_FRAME = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_FRAME = Buffer.from("302a300506032b6570032100", "hex");
