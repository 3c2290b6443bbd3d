import { z } from "zod";

import { Day } from "../instant.ts";

/** A promise made in a notice: a sentence that names a day, and that day. */
export const Commitment = z.object({ sentence: z.string(), dueOn: Day });
export type Commitment = z.output<typeof Commitment>;

/**
 * The promises in a text: its sentences that name a real day on or after `from`
 * (`YYYY-MM-DD`), each with the last day it names. Reads "14 March 2026", "March 14th, 2026",
 * "2026-03-14", "2026年3月14日" and "14 марта 2026".
 */
export function commitmentsIn(text: string, from: string): Commitment[] {
  return sentences(text).flatMap((sentence) => {
    const dueOn = days(sentence)
      .filter((day) => day >= from)
      .toSorted()
      .at(-1);
    return dueOn === undefined ? [] : [{ sentence: sentence.slice(0, SENTENCE_MAX), dueOn }];
  });
}

/** Paragraphs and list items apart, then sentences; the wrapped lines of a text are joined. */
function sentences(text: string): string[] {
  const blocks = text.replaceAll(/\n(?=(?:- |\d+\. ))/g, "\n\n").split(/\n\s*\n/);
  return blocks
    .map((block) =>
      block
        .replace(/\n[=-]{3,}\s*$/, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .map((block) => block.replace(/^(?:- |\d+\. )/, ""))
    .flatMap((block) => Array.from(SEGMENTER.segment(block), ({ segment }) => segment.trim()))
    .filter((sentence) => sentence !== "");
}

function days(sentence: string): string[] {
  const found = [
    ...Array.from(sentence.matchAll(DAY_FIRST), ([, d, m, y]) => day(y, monthOf(m), d)),
    ...Array.from(sentence.matchAll(MONTH_FIRST), ([, m, d, y]) => day(y, monthOf(m), d)),
    ...Array.from(sentence.matchAll(ISO), ([, y, m, d]) => day(y, Number(m), d)),
    ...Array.from(sentence.matchAll(CHINESE), ([, y, m, d]) => day(y, Number(m), d)),
    ...Array.from(sentence.matchAll(RUSSIAN), ([, d, m, y]) => day(y, monthOf(m), d)),
  ];
  return found.filter((each) => each !== undefined);
}

function day(year = "", month = 0, date = ""): string | undefined {
  const text = `${year}-${String(month).padStart(2, "0")}-${date.padStart(2, "0")}`;
  return Day.safeParse(text).success ? text : undefined;
}

function monthOf(name = ""): number {
  const short = name.slice(0, 3).toLowerCase();
  return Math.max(MONTHS.indexOf(short), MONTHS_RU.indexOf(short)) + 1;
}

const SENTENCE_MAX = 1_000;
const SEGMENTER = new Intl.Segmenter("en", { granularity: "sentence" });
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  "(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?";
const DAY_FIRST = new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)? (?:of )?${MONTH},? (\\d{4})\\b`, "gi");
const MONTH_FIRST = new RegExp(`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})\\b`, "gi");
/** In the genitive, as a date names them. */
const MONTHS_RU = "янв фев мар апр мая июн июл авг сен окт ноя дек".split(" ");
const RUSSIAN =
  /(?<!\d)(\d{1,2}) (января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря) (\d{4})(?!\d)/gi;
/** Spaces are where a line was broken. */
const CHINESE = /(?<!\d)(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日/g;
const ISO = /\b(\d{4})-(\d{2})-(\d{2})\b/g;
