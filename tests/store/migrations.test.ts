import { readFileSync, readdirSync } from "node:fs";

import { expect, test } from "vitest";

const FOLDER = new URL("../../src/store/migrations/main/", import.meta.url);
/** The first release; what came before it had no old version beside it. */
const FIRST = "0014";

/** What would break an older version that runs beside the new one. */
const TAKES_AWAY = [
  /\bdrop\s+(table|column|function|type)\b/i,
  /\brename\b/i,
  /\balter\s+column\s+\w+\s+(type|set\s+not\s+null)\b/i,
  /\badd\s+column\s+(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/i,
];

test.for(
  readdirSync(FOLDER)
    .filter((name) => name >= FIRST)
    .toSorted(),
)("%s only adds, so that old and new processes run side by side", (name) => {
  const text = readFileSync(new URL(name, FOLDER), "utf8").replaceAll(/--.*$/gm, "");
  expect(TAKES_AWAY.filter((pattern) => pattern.test(text))).toEqual([]);
});

test.for([
  "alter table x drop column y",
  "alter table x rename to z",
  "alter table x alter column y type bigint",
  "alter table x alter column y set not null",
  "alter table x add column y text not null, add column z integer default 0",
])("%s would be found", (text) => {
  expect(TAKES_AWAY.some((pattern) => pattern.test(text))).toBe(true);
});
