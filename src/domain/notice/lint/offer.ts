import type { PageLanguage } from "../../language.ts";
import { WRITE } from "./contents/say.ts";
import type { Told } from "./contents/say.ts";
import { lawsOf, placesOf } from "./duty.ts";
import type { LawDuty, Text } from "./duty.ts";
import type { Found } from "./rule.ts";
import type { Sentence } from "./sentence.ts";

/** An offer of credit monitoring that laws of the readers' places ask for and a text does not make. */
export function offerProblems(duties: readonly LawDuty[], text: Text): Found[] {
  const owed = Math.max(
    0,
    ...duties.map(({ creditMonitoringMonths = 0 }) => creditMonitoringMonths),
  );
  if (owed === 0) return [];
  const asking = duties.filter(({ creditMonitoringMonths }) => creditMonitoringMonths === owed);
  const offer = offerIn(text.sentences, text.language);
  const message = `${placesOf(asking)}: offer ${owed} months of credit monitoring, free of charge, and say how to get it.`;
  const common = { severity: "must-fix", law: lawsOf(asking) } as const;
  if (offer === undefined)
    return [
      {
        ...common,
        line: text.parsed.lines.body,
        code: "offer-missing",
        message,
        fix: WRITE.monitoring[text.language].replace("{time}", UNIT[text.language](owed)),
      },
    ];
  if (offer.months >= owed) return [];
  const { sentence, line, words } = offer;
  const enough = UNIT[text.language](owed);
  return [
    {
      ...common,
      line,
      code: "offer-short",
      message,
      sentence,
      fix: words === "" ? `${sentence} (${enough})` : sentence.replace(words, enough),
    },
  ];
}

interface Offer {
  readonly months: number;
  readonly sentence: string;
  readonly line: number;
  /** The words that tell how long; "" where none do. */
  readonly words: string;
}

/** The longest time that a sentence on monitoring, or the one after it, names. */
function offerIn(sentences: readonly Sentence[], language: PageLanguage): Offer | undefined {
  const offers = sentences.flatMap((each, at): Offer[] => {
    if (!MONITORING[language].test(each.text)) return [];
    const near = [each, ...sentences.slice(at + 1, at + 2)];
    return near.map(({ text, line }) => ({ ...longest(text, language), sentence: text, line }));
  });
  return offers.reduce<Offer | undefined>(
    (best, offer) => (best === undefined || offer.months > best.months ? offer : best),
    undefined,
  );
}

function longest(text: string, language: PageLanguage): Pick<Offer, "months" | "words"> {
  let best = { months: 0, words: "" };
  for (const [words, amount = "", unit = ""] of text.matchAll(TIME[language])) {
    const many = NUMBERS.get(amount.toLowerCase()) ?? Number(amount);
    const months = YEAR.test(unit) ? many * 12 : many;
    if (months > best.months) best = { months, words };
  }
  return best;
}

const MONITORING: Told<RegExp> = {
  en: /credit monitoring|identity (?:monitoring|protection|theft (?:protection|prevention|mitigation))/i,
  zh: /信用监控|信用监测|身份保护/u,
  ru: /(?:наблюдени|мониторинг)\p{L}* (?:за )?кредитн|защит\p{L}* личности/iu,
};
const TIME: Told<RegExp> = {
  en: /\b(\d{1,3}|one|two|three|four|five|twelve|eighteen|twenty-four|thirty-six)[ -](month|year)s?\b/gi,
  zh: /(\d{1,3}|二十四|十八|十二|三十六|[一二两三四五])\s*个?\s*(月|年)/gu,
  ru: /(?<![\p{L}\d])(\d{1,3}|один|одного|два|двух|три|тр[её]х|двенадцать|двенадцати|восемнадцать|восемнадцати|двадцать четыре|двадцати четыр[её]х)\s+(месяц\p{L}*|год\p{L}*|лет)/giu,
};
const YEAR = /year|年|год|лет/i;
const PLURAL_RU = new Intl.PluralRules("ru");
const MONTHS_RU: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = {
  one: "месяц",
  few: "месяца",
};
const UNIT: Told<(months: number) => string> = {
  en: (months) => `${months} months`,
  zh: (months) => `${months} 个月`,
  ru: (months) => `${months} ${MONTHS_RU[PLURAL_RU.select(months)] ?? "месяцев"}`,
};
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ["one", 1],
  ["two", 2],
  ["three", 3],
  ["four", 4],
  ["five", 5],
  ["twelve", 12],
  ["eighteen", 18],
  ["twenty-four", 24],
  ["thirty-six", 36],
  ["一", 1],
  ["二", 2],
  ["两", 2],
  ["三", 3],
  ["四", 4],
  ["五", 5],
  ["十二", 12],
  ["十八", 18],
  ["二十四", 24],
  ["三十六", 36],
  ["один", 1],
  ["одного", 1],
  ["два", 2],
  ["двух", 2],
  ["три", 3],
  ["трех", 3],
  ["трёх", 3],
  ["двенадцать", 12],
  ["двенадцати", 12],
  ["восемнадцать", 18],
  ["восемнадцати", 18],
  ["двадцать четыре", 24],
  ["двадцати четырех", 24],
  ["двадцати четырёх", 24],
]);
