import type { Keys } from "../../context.ts";
import { foldEmail } from "../../domain/audience/address.ts";
import { mergeKeys } from "../../domain/audience/merge.ts";
import { Person, isPerson } from "../../domain/audience/person.ts";
import { placeOf } from "../../domain/audience/residence.ts";
import { canonical } from "../../domain/timeline.ts";
import type { SealedPerson } from "../../store/audience/recipient.ts";

/**
 * A person as stored. The id is the smallest of the keyed hashes the person is compared by, so
 * that an import that was killed and started again gives everyone the same id. `more` are the
 * hashes of the rows that were merged into this person.
 */
export function sealPerson(
  keys: Keys,
  audienceId: string,
  person: Person,
  more: Iterable<string> = [],
): SealedPerson {
  const own = mergeKeys(person).map((key) => uuidOf(keys.hash("merge", `${audienceId}|${key}`)));
  const all = [...new Set([...own, ...more])].toSorted();
  const [recipientId = ""] = all;
  const { email, phone, postal, language, agreed } = person;
  const place = placeOf(person);
  const placed = place === undefined ? person : { ...person, place };
  return {
    recipientId,
    sealed: keys.seal("recipient", recipientId, placed),
    keys: all,
    emailIndex: email === undefined ? undefined : emailIndexOf(keys, email),
    digest: keys.hash("recipient-digest", canonical(placed)),
    language: language ?? "und",
    agreed,
    place,
    hasEmail: email !== undefined,
    hasPhone: phone !== undefined,
    hasPost: postal !== undefined,
  };
}

/** A person out of what was stored. */
export function openPerson(keys: Keys, recipientId: string, sealed: Buffer): Person {
  const opened = keys.open("recipient", recipientId, sealed);
  return isPerson(opened) ? opened : Person.parse(opened);
}

/** The keyed hash by which a mailbox is found within one incident. */
export function emailIndexOf(keys: Keys, email: string): string {
  return uuidOf(keys.hash("email", foldEmail(email)));
}

/** The first 128 bits of a keyed hash in the shape of a UUID, version 8 (RFC 9562). */
function uuidOf(hash: Buffer): string {
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16);
  const [a, b, c, d] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${a}-${b}-${c}-${d}-${hex.slice(20)}`;
}
