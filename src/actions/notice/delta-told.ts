import type { Keys } from "../../context.ts";
import { KEYS_MAX, mergeKeys } from "../../domain/audience/merge.ts";
import type { Person } from "../../domain/audience/person.ts";
import type { Element } from "../../domain/element.ts";
import { createKnown } from "../../domain/notice/known.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import { openPerson } from "../audience/sealing.ts";

/** The people who were told, against whom others are held. */
export interface ToldPeople {
  /** What somebody was told of, and that they are still affected; nothing where they were not told. */
  find(person: Person): ReadonlySet<Element> | undefined;
  /** Those of whom nobody was found, opened anew; whoever was erased since is not among them. */
  missing(): AsyncGenerator<Person>;
}

/**
 * Read everybody who was told: which data each was told of, by the keys that make two rows one
 * person. Kept in memory as keyed hashes, about 110 bytes a person.
 */
export async function toldOf(tx: Sql, keys: Keys, audienceId: string): Promise<ToldPeople> {
  // A frozen audience takes nobody new.
  const count = await recipients.count(tx, audienceId);
  const known = createKnown(count, KEYS_MAX);
  const ids = Buffer.alloc(count * ID_BYTES);
  const found = new Uint8Array(count);
  const exposures: (ReadonlySet<Element> | undefined)[] = [];
  const sets = new Map<string, ReadonlySet<Element>>();
  const hashes = (person: Person) =>
    mergeKeys(compared(person)).map((key) => keys.hash("delta", key));
  /** Many have the same set, so each is kept once. */
  function setOf(elements: readonly Element[]): ReadonlySet<Element> {
    const name = elements.toSorted().join();
    const set = sets.get(name) ?? new Set(elements);
    sets.set(name, set);
    return set;
  }
  /** What somebody was told under any of these numbers. */
  function exposureAt(numbers: readonly number[]): ReadonlySet<Element> | undefined {
    const all = numbers.flatMap((number) => exposures[number] ?? []);
    return all.length > 1 ? setOf([...new Set(all.flatMap((set) => [...set]))]) : all[0];
  }

  let people = 0;
  for await (const { id, person } of peopleOf(tx, keys, audienceId)) {
    ids.write(id.replaceAll("-", ""), people * ID_BYTES, "hex");
    const own = hashes(person);
    // Two of one name at one address, whom nothing tells apart: what either was told counts.
    const before = known.find(own);
    const all = [...(exposureAt(before) ?? []), ...person.exposure];
    exposures[known.add(own)] = setOf(before.length === 0 ? person.exposure : [...new Set(all)]);
    people += 1;
  }

  return {
    find(person) {
      const numbers = known.find(hashes(person));
      for (const number of numbers) found[number] = 1;
      return exposureAt(numbers);
    },
    async *missing() {
      let asked: string[] = [];
      for (let n = 0; n < people; n += 1) {
        if (found[known.numberOf(n)] === 1) continue;
        asked.push(ids.toString("hex", n * ID_BYTES, (n + 1) * ID_BYTES));
        if (asked.length < PEOPLE_PER_STEP) continue;
        yield* peopleBy(tx, keys, asked);
        asked = [];
      }
      if (asked.length > 0) yield* peopleBy(tx, keys, asked);
    },
  };
}

/** Everybody of an audience, opened, in order of id. */
export async function* peopleOf(
  tx: Sql,
  keys: Keys,
  audienceId: string,
): AsyncGenerator<{ id: string; person: Person }> {
  let after = FIRST;
  for (;;) {
    const page = await recipients.sealedAfter(tx, audienceId, after, PEOPLE_PER_STEP);
    for (const { id, sealed } of page) yield { id, person: openPerson(keys, id, sealed) };
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
  }
}

async function* peopleBy(tx: Sql, keys: Keys, ids: readonly string[]): AsyncGenerator<Person> {
  for (const { id, sealed } of await recipients.several(tx, ids))
    yield openPerson(keys, id, sealed);
}

/**
 * A person as they are compared: by who they are and where they live, and not by what was exposed
 * of them, which is what may have changed, nor by how they wish to be told.
 */
function compared({ email, phone, reference, relation, name, ...rest }: Person): Person {
  const { country, region, postal } = rest;
  const where = { country, region, postal };
  return { email, phone, reference, relation, name, ...where, ...NO_WISH };
}

const FIRST = "00000000-0000-0000-0000-000000000000";
const NO_WISH = { language: "en", agreed: "unknown", exposure: [] } satisfies Partial<Person>;
const PEOPLE_PER_STEP = 2_000;
const ID_BYTES = 16;
