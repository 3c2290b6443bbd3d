import type { PageLanguage } from "../../language.ts";
import type { LawDuty, Text } from "./duty.ts";
import { HABITS } from "./habits.ts";
import { missing } from "./law.ts";
import { headingOf, withoutEnd } from "./sentence.ts";

/**
 * A source with the statements that the laws of its readers' places want and for which there are
 * ready words, each at the end of its section. What only people know stays missing, and so does
 * what another of these laws forbids; the linter names it. Changes nothing that stands there.
 */
export function completed(source: string, duties: readonly LawDuty[], text: Text): string {
  if (text.kind !== "initial") return source;
  const prohibited = new Set(duties.flatMap((duty) => duty.prohibited));
  const lacking = missing(duties, text).filter(({ content }) => !prohibited.has(content));
  const added = new Map<number, string[]>();
  for (const { how } of lacking) {
    const words = how?.say?.[text.language];
    const section = how?.section ?? LAST;
    const known = added.get(section) ?? [];
    if (words !== undefined && !known.includes(words)) added.set(section, [...known, words]);
  }
  const agencies = [...new Set(lacking.flatMap((each) => each.agencies))];
  if (agencies.length > 0) {
    const lines = agencies.map((line) => `- ${line}`).join("\n");
    added.set(LAST, [...(added.get(LAST) ?? []), `${MORE_HELP[text.language]}\n\n${lines}`]);
  }
  const rows = source.split("\n");
  const headings = HABITS[text.language].headings.map((heading) => rowOf(rows, heading));
  // From the end, so that the rows before keep their places.
  for (const [section, words] of [...added].toSorted(([a], [b]) => b - a)) {
    const next = headings.slice(section + 1).find((row) => row >= 0);
    const end = lastWords(rows, next ?? rows.length);
    rows.splice(end, 0, ...words.flatMap((each) => ["", ...each.split("\n")]));
  }
  return rows.join("\n");
}

/** The row of a heading; −1 where there is none. */
function rowOf(rows: readonly string[], heading: string): number {
  const wanted = heading.toLowerCase();
  return rows.findIndex((row) => {
    const words = headingOf(row);
    return words !== undefined && withoutEnd(words, "#?？").toLowerCase() === wanted;
  });
}

/** Where words go that stand last before a row. */
function lastWords(rows: readonly string[], before: number): number {
  let end = before;
  while (rows[end - 1]?.trim() === "") end -= 1;
  return end;
}

const LAST = 4;
const MORE_HELP: Readonly<Record<PageLanguage, string>> = {
  en: "These offices also help people whose information was exposed:",
  zh: "下列机构也会帮助信息被泄露的人：",
  ru: "Людям, чьи сведения стали известны посторонним, помогают также:",
};
