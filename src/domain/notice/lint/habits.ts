import type { PageLanguage } from "../../language.ts";
import { CHINESE } from "./habits/chinese.ts";
import { ENGLISH } from "./habits/english.ts";
import { RUSSIAN } from "./habits/russian.ts";
import type { Habits } from "./rule.ts";

export const HABITS: Readonly<Record<PageLanguage, Habits>> = {
  en: ENGLISH,
  zh: CHINESE,
  ru: RUSSIAN,
};
