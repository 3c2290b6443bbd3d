import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import Handlebars from "handlebars";
import { load } from "js-yaml";
import { z } from "zod";

import { PageLanguage } from "../domain/language.ts";

/** Words of one file in one language, with values filled in. */
type Fill = (
  file: string,
  language: PageLanguage,
  values: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, string>>;

/**
 * Read the words of our own pages and messages: one YAML file per page, and in it one key per
 * sentence with that sentence in every page language, side by side. A sentence may hold
 * `{{value}}`. Throws for a key that lacks a language: half a translation is none.
 */
export function readWords(folder: string): { readonly html: Fill; readonly text: Fill } {
  const files = new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => {
        const parsed = Words.safeParse(load(readFileSync(join(folder, name), "utf8")));
        if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
        return [name.slice(0, -".yaml".length), Object.entries(parsed.data)] as const;
      }),
  );
  const filler = (noEscape: boolean): Fill => {
    const compiled = new Map(
      [...files].map(([file, entries]) => [
        file,
        entries.map(([key, all]) => [key, sentences(all, noEscape)] as const),
      ]),
    );
    return (file, language, values) => {
      const entries = compiled.get(file);
      if (!entries) throw new TypeError(`There are no words for ${file}.`);
      return Object.fromEntries(entries.map(([key, all]) => [key, all[language](values)]));
    };
  };
  return { html: filler(false), text: filler(true) };
}

type Sentence = (values: Readonly<Record<string, unknown>>) => string;

function sentences(
  all: Record<PageLanguage, string>,
  noEscape: boolean,
): Record<PageLanguage, Sentence> {
  const compile = (text: string) => Handlebars.compile(text, { knownHelpersOnly: true, noEscape });
  return { en: compile(all.en), zh: compile(all.zh), ru: compile(all.ru) };
}

const Words = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9]*$/),
  z.record(PageLanguage, z.string().trim().min(1)),
);
