import { z } from "zod";

/** The languages of every page and every message of our own. */
export const PageLanguage = z.enum(["en", "zh", "ru"]);
export type PageLanguage = z.output<typeof PageLanguage>;

/** How each language names itself, and its tag on a page: Chinese is written in simplified characters. */
export const PAGE_LANGUAGES: Readonly<Record<PageLanguage, { name: string; tag: string }>> = {
  en: { name: "English", tag: "en" },
  zh: { name: "简体中文", tag: "zh-Hans" },
  ru: { name: "Русский", tag: "ru" },
};

/** The page language for a BCP 47 tag: that of its base language, or English. */
export function pageLanguageOf(tag: string): PageLanguage {
  const base = tag.toLowerCase().split(/[-_]/)[0];
  return PageLanguage.options.find((each) => each === base) ?? "en";
}
