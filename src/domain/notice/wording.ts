import type { PageLanguage } from "../language.ts";
import { CHINESE } from "./wording/chinese.ts";
import { ENGLISH } from "./wording/english.ts";
import { RUSSIAN } from "./wording/russian.ts";
import type { Wording } from "./wording/shape.ts";

const ALL: Readonly<Record<PageLanguage, Wording>> = { en: ENGLISH, zh: CHINESE, ru: RUSSIAN };

/** Base language → wording. A language without one is refused rather than sent half English. */
export const WORDING: ReadonlyMap<string, Wording> = new Map(Object.entries(ALL));
