import { z } from "zod";

import { NOT_YET_KNOWN } from "../instant.ts";
import { SCOPE_FIELDS, ScopeFacts } from "../scope.ts";
import { canonical } from "../timeline.ts";

const Changes = z.object({
  added: z.array(z.json()),
  removed: z.array(z.json()),
  changed: z.array(z.object({ before: z.json(), after: z.json() })),
});

/** One fact that differs between two versions; lists also say which of their rows differ. */
export const FieldDifference = z.object({
  field: ScopeFacts.keyof(),
  before: z.json(),
  after: z.json(),
  rows: Changes.optional(),
});
export type FieldDifference = z.output<typeof FieldDifference>;

/** What differs from one version of the facts to another, in reading order. */
export function difference(before: ScopeFacts, after: ScopeFacts): FieldDifference[] {
  const [old, current] = [z.encode(ScopeFacts, before), z.encode(ScopeFacts, after)];
  return SCOPE_FIELDS.filter((field) => canonical(old[field]) !== canonical(current[field])).map(
    (field) => ({
      field,
      before: old[field] ?? null,
      after: current[field] ?? null,
      ...(field === "dataElements" || field === "people"
        ? {
            rows: rowChanges(
              rowsOf(old[field], ROW_KEYS[field]),
              rowsOf(current[field], ROW_KEYS[field]),
            ),
          }
        : {}),
    }),
  );
}

type Rows = ReadonlyMap<string, z.core.util.JSONType>;

function rowChanges(before: Rows, after: Rows): z.output<typeof Changes> {
  return {
    added: [...after].filter(([key]) => !before.has(key)).map(([, row]) => row),
    removed: [...before].filter(([key]) => !after.has(key)).map(([, row]) => row),
    changed: [...after].flatMap(([key, row]) => {
      const was = before.get(key);
      return was === undefined || canonical(was) === canonical(row)
        ? []
        : [{ before: was, after: row }];
    }),
  };
}

/** A list by its key; a list not yet known has no rows. */
function rowsOf(list: z.core.util.JSONType, key: string): Rows {
  const rows = list === NOT_YET_KNOWN ? [] : z.array(z.record(z.string(), z.json())).parse(list);
  return new Map(rows.map((row) => [canonical(row[key]), row]));
}

/** What identifies a row of each list. */
const ROW_KEYS = { dataElements: "element", people: "jurisdiction" } as const;
