import { PAGE_LANGUAGES } from "../language.ts";
import type { PageLanguage } from "../language.ts";
import type { PublicFacts } from "../publication.ts";
import type { WordedField } from "../scope.ts";

/** A text on a page; where it is in another language than the page, which. */
export interface Phrase {
  readonly text: string;
  /** For the `lang` attribute. */
  readonly lang: string | undefined;
  /** The key of the page's words that say so: `onlyEn`. */
  readonly only: string | undefined;
}

type Worded = Pick<PublicFacts, Exclude<WordedField, "whatHappened">>;

/** What a fact says in a language, or in its own where nobody has translated it. */
export function toldFact<F extends keyof Worded>(
  facts: PublicFacts,
  field: F,
  wanted: PageLanguage,
): { readonly value: Worded[F]; readonly language: PageLanguage } {
  const { language, translations } = facts;
  const words = wanted === language ? undefined : translations[wanted];
  const told: Worded = { ...facts, ...words };
  return { value: told[field], language: words?.[field] === undefined ? language : wanted };
}

/** A text in one language for a page in another. */
export function phrase(text: string, language: PageLanguage, page: PageLanguage): Phrase {
  if (language === page) return { text, lang: undefined, only: undefined };
  return { text, lang: PAGE_LANGUAGES[language].tag, only: ONLY[language] };
}

const ONLY: Readonly<Record<PageLanguage, string>> = { en: "onlyEn", zh: "onlyZh", ru: "onlyRu" };
