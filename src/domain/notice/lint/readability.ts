import { FIELD } from "./sentence.ts";

/*
 * How hard a text is to read, by published formulas over counts that need no dictionary. They rank
 * texts; they do not understand them. A field counts as one short word.
 */

/** How a language is measured, and from where on a text is hard. */
export interface Measure {
  /** What the score is called in a message. */
  readonly name: string;
  /** Grade or index of these sentences; nothing where the language has sentence length only. */
  readonly score?: (sentences: readonly string[]) => number;
  /** The best a score should be, and the worst that goes out without a person's decision. */
  readonly limits?: Limits;
  /** Words in a sentence; characters in Chinese. */
  readonly length: (sentence: string) => number;
  readonly unit: string;
  readonly sentence: Limits;
}

interface Limits {
  readonly good: number;
  readonly most: number;
  /** Where the figures come from. */
  readonly source: string;
}

/** How texts in a language are measured: by LIX where no formula for it is known to us. */
export function measureOf(language: string): Measure {
  const base = language.toLowerCase().split(/[-_@]/)[0] ?? "";
  return MEASURES.get(base) ?? LIX;
}

/** The words of a text: runs of letters and digits, joined by an apostrophe, a dash or a point inside. */
export function wordsIn(text: string): string[] {
  return text.replaceAll(FIELD, " x ").match(WORD) ?? [];
}

/**
 * Syllables of an English word by its vowel groups: a silent final e and -ed do not count, a final
 * -le after a consonant does. Right for about nine words of ten, which is what the formula needs.
 */
export function syllablesEn(word: string): number {
  const letters = word.toLowerCase().replaceAll(/[^a-z]/g, "");
  if (letters.length <= 3) return 1;
  const spoken = letters.replace(/(?:[^laeiouy]es|(?<![td])ed|[^laeiouy]e)$/, "").replace(/^y/, "");
  return Math.max(1, spoken.match(/[aeiouy]{1,2}/g)?.length ?? 1);
}

/** Syllables of a Russian word: its vowels. */
export function syllablesRu(word: string): number {
  return Math.max(1, word.match(/[аеёиоуыэюя]/giu)?.length ?? 1);
}

/** Grade = 0.39 words per sentence + 11.8 syllables per word − 15.59 (Kincaid et al., 1975). */
export function gradeEn(sentences: readonly string[]): number {
  const { perSentence, perWord } = averages(sentences, syllablesEn);
  return 0.39 * perSentence + 11.8 * perWord - 15.59;
}

/**
 * The same with factors fitted to Russian texts of known school years: 0.318, 14.2 and 30.5
 * (I. Begtin, plainrussian.ru, github.com/infoculture/plainrussian).
 */
export function gradeRu(sentences: readonly string[]): number {
  const { perSentence, perWord } = averages(sentences, syllablesRu);
  return 0.318 * perSentence + 14.2 * perWord - 30.5;
}

/** LIX = words per sentence + per cent of words of more than six letters (Björnsson, 1968). */
export function lix(sentences: readonly string[]): number {
  const words = sentences.flatMap(wordsIn);
  const long = words.filter((word) => Array.from(word).length > 6).length;
  return words.length / sentences.length + (100 * long) / words.length;
}

/** Characters of a Chinese sentence that are read: no marks, no spaces; a field or a number is one. */
export function charactersIn(sentence: string): number {
  const short = sentence.replaceAll(FIELD, "甲").replaceAll(/[\p{N}\p{Script=Latin}./:-]+/gu, "甲");
  return short.match(/\p{L}/gu)?.length ?? 0;
}

function averages(sentences: readonly string[], syllables: (word: string) => number) {
  const words = sentences.flatMap(wordsIn);
  const spoken = words.reduce((sum, word) => sum + syllables(word), 0);
  return { perSentence: words.length / sentences.length, perWord: spoken / words.length };
}

function wordCount(sentence: string): number {
  return wordsIn(sentence).length;
}

const WORD = /[\p{L}\p{N}]+(?:[’'.@-][\p{L}\p{N}]+)*/gu;
const GOV_UK = "GOV.UK style guide: sentences over 25 words are hard to read; 40 is our own";
const WORDS = { length: wordCount, unit: "words" };
const MEASURES: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  [
    "en",
    {
      name: "Flesch-Kincaid grade",
      score: gradeEn,
      limits: {
        good: 8,
        most: 12,
        source: "plain-language practice for health texts asks for grade 6 to 8; 12 ends school",
      },
      ...WORDS,
      sentence: { good: 25, most: 40, source: GOV_UK },
    },
  ],
  [
    "ru",
    {
      name: "Flesch-Kincaid grade for Russian",
      score: gradeRu,
      limits: {
        good: 9,
        most: 12,
        source: "grade 9 ends compulsory school and 11 all of it; 12 is the first of higher study",
      },
      ...WORDS,
      sentence: { good: 25, most: 40, source: `${GOV_UK}; taken over for Russian` },
    },
  ],
  [
    "zh",
    {
      name: "sentence length",
      length: charactersIn,
      unit: "characters",
      sentence: { good: 60, most: 100, source: "our own: no published limit is known to us" },
    },
  ],
]);
const LIX: Measure = {
  name: "LIX",
  score: lix,
  limits: { good: 40, most: 55, source: "Björnsson 1968: to 40 is fiction, from 55 hard" },
  ...WORDS,
  sentence: { good: 25, most: 40, source: GOV_UK },
};
