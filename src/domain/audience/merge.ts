import type { Agreed, Person } from "./person.ts";
import { foldEmail } from "./address.ts";
import { sortElements } from "./row.ts";

/**
 * The merge rule, version 1. Two rows are one person when
 *
 * 1. they have the same reference and the same relation; where the relation is *guardian* or
 *    *estate* the names must be the same too, because the reference is then the child's or the
 *    dead person's, and two parents are two people; or
 * 2. they have the same e-mail address or the same phone number, and the same name (both may
 *    lack one), and the same relation.
 *
 * Rows that have no reference, e-mail address or phone number are one person only where they are
 * equal in everything. Letter case and letter forms (Unicode NFKC) do not make two addresses or
 * names, nor do runs of spaces. The rule is transitive. People at one address with other names
 * stay apart and are flagged as a shared mailbox. Nothing depends on the order of the rows.
 */
export const MERGE_RULE = 1;

/** What a person is compared by: two people are one exactly where they share a key. Never empty. */
export function mergeKeys(person: Person): string[] {
  const { email, phone, reference, relation } = person;
  const name = foldName(person.name ?? "");
  const keys: string[] = [];
  const add = (...parts: string[]) => keys.push(JSON.stringify([relation, ...parts]));
  if (reference !== undefined) add("reference", reference, relation === "self" ? "" : name);
  if (email !== undefined) add("email", foldEmail(email), name);
  if (phone !== undefined) add("phone", phone, name);
  if (keys.length === 0) add("whole", name, JSON.stringify(wholeOf(person)));
  return keys;
}

/**
 * One person out of rows that the rule takes as one, field by field and whatever the row order:
 *
 * - the longest value, then the first in code point order; of languages, one that is not the
 *   upload's default, since a default is nobody's wish;
 * - every data element that any row names;
 * - consent *no* before *yes* before *unknown*: a refusal anywhere must hold, because a letter
 *   is lawful where an e-mail may not be, and a row that does not know says nothing;
 * - `conflicts` names the fields in which the rows differ.
 */
export function mergePeople(people: readonly Person[], defaultLanguage: string): Person {
  const conflicts = new Set(people.flatMap((person) => person.conflicts ?? []));

  function choose(field: ChosenField, values: readonly (string | undefined)[]) {
    const given = values.filter((value) => value !== undefined);
    const folded = new Set(given.map(FOLDS[field] ?? ((value) => value)));
    if (folded.size > 1) conflicts.add(field);
    return given.reduce<string | undefined>(better, undefined);
  }
  const pick = <F extends ChosenField>(field: F): Person[F] => {
    const chosen = choose(
      field,
      people.map((person) => textOf(person[field])),
    );
    return people.find((person) => textOf(person[field]) === chosen)?.[field];
  };

  const agreed = AGREED_ORDER.find((value) => people.some((each) => each.agreed === value));
  const agreedSince = people
    .filter((person) => person.agreed === agreed)
    .map((person) => person.agreedSince)
    .filter((day) => day !== undefined)
    .toSorted()
    .at(0);
  if (new Set(people.map((each) => each.agreed).filter((each) => each !== "unknown")).size > 1)
    conflicts.add("agreed");
  const wished = people.map(({ language }) => language).filter((tag) => tag !== defaultLanguage);
  const merged: Person = {
    email: pick("email"),
    phone: pick("phone"),
    name: pick("name"),
    language: choose("language", wished) ?? defaultLanguage,
    country: pick("country"),
    region: pick("region"),
    postal: pick("postal"),
    zone: pick("zone"),
    preferredChannel: pick("preferredChannel"),
    agreed: agreed ?? "unknown",
    agreedSince,
    exposure: sortElements(people.flatMap((person) => person.exposure)),
    relation: people[0]?.relation ?? "self",
    reference: pick("reference"),
  };
  return conflicts.size === 0 ? merged : { ...merged, conflicts: [...conflicts].toSorted() };
}

/** A name as it is compared: one letter form, no case, single spaces. */
export function foldName(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase().replaceAll(/\s+/gu, " ").trim();
}

/** By how many keys one person is compared at most. */
export const KEYS_MAX = 3;

function better(best: string | undefined, value: string): string {
  if (best === undefined || value.length > best.length) return value;
  return value.length === best.length && value < best ? value : best;
}

/** A field's value as text that orders and compares like the value. */
function textOf(value: Person[ChosenField]): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return JSON.stringify([value.lines, value.city, value.postcode, value.region, value.country]);
}

function wholeOf(person: Person) {
  const { country, region, zone, preferredChannel, agreed, agreedSince, exposure } = person;
  const postal = textOf(person.postal);
  return [
    person.language,
    country,
    region,
    postal,
    zone,
    preferredChannel,
    agreed,
    agreedSince,
    exposure,
  ];
}

type ChosenField =
  | "email"
  | "phone"
  | "name"
  | "language"
  | "country"
  | "region"
  | "postal"
  | "zone"
  | "preferredChannel"
  | "reference";

/** Letter case in these is no difference. */
const FOLDS: Partial<Record<ChosenField, (value: string) => string>> = {
  email: foldEmail,
  name: foldName,
};
const AGREED_ORDER: readonly Agreed[] = ["no", "yes", "unknown"];
