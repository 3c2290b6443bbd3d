import type { Moment } from "../../instant.ts";
import type { OpenHours } from "../../scope.ts";
import type { EncryptionState, Wording } from "./shape.ts";
import {
  alwaysOpen,
  bareZone,
  dayName,
  listOf,
  localDate,
  onOneLine,
  runsOf,
  sameClock,
  sentence,
  zonePlace,
} from "./time.ts";

/** Names and places stand in the nominative, so that nothing has to agree with them. */
export const RUSSIAN: Wording = {
  language: "ru",
  reader: "читатель",
  guardian: (name) => `родитель или опекун человека по имени ${name}`,
  estate: (name) => `близкие человека по имени ${name}`,
  began: {
    known: (moment, also) => `Это началось ${when(moment, also)}.`,
    unknown: "Мы пока не знаем, когда это началось.",
  },
  ended: {
    known: (moment, also) => `Это закончилось ${when(moment, also)}.`,
    unknown: "Мы пока не знаем, когда это закончилось.",
  },
  found: {
    known: (moment, also) => `Мы узнали об этом ${when(moment, also)}.`,
    unknown: "Мы пока не знаем точно, когда это обнаружили.",
  },
  contained: {
    known: (moment, also) => `Мы остановили это ${when(moment, also)}.`,
    unknown: "Мы пока не знаем, полностью ли это прекратилось.",
  },
  elsewhere: (moment, zone) =>
    sameClock(moment, zone) ? undefined : `${date(moment, zone)}, ${zoneName(zone)}`,
  place: {
    known: (place) => asSentence(`Где это произошло: ${place}`),
    unknown: "Мы пока не знаем, где это произошло.",
  },
  how: { known: asSentence, unknown: "Мы пока не знаем, как это произошло." },
  people: {
    known: (count) => `${AFFECTED[PLURAL.select(count)](count.toLocaleString(LOCALE))}.`,
    unknown: "Мы пока не знаем, сколько человек пострадало.",
  },
  encryption: {
    known: (state) => ENCRYPTION[state],
    unknown: "Мы пока не знаем, были ли эти сведения зашифрованы.",
  },
  whatWeDo: {
    known: asSentence,
    unknown: "Мы пока не знаем всех шагов, которые предпримем. Когда узнаем, мы вам напишем.",
  },
  actions: {
    known: asSentence,
    unknown: "Мы пока не знаем, что ещё вы можете сделать. Когда узнаем, мы вам напишем.",
  },
  contact: {
    known: asSentence,
    unknown:
      "У нас пока нет телефонной линии для ваших вопросов. Когда она появится, мы вам напишем.",
  },
  element: (label, state) =>
    state === "confirmed" ? label : `${label} (мы в этом пока не уверены)`,
  phone: (value, hours, zone) => `Телефон: ${value} (${hours}, ${zoneName(zone)})`,
  hours: (open) => (alwaysOpen(open) ? "круглосуточно" : open.map(openTimes).join("; ")),
  email: (value) => `Электронная почта: ${value}`,
  post: (value) => `Почтовый адрес: ${onOneLine(value, ", ")}`,
  yourName: "[ваше имя]",
  yourData: "[виды данных, перечисленные в вашем уведомлении]",
  yourTime: "[то же самое по времени там, где вы живёте]",
  yourPersonalCode: "[ваш личный код]",
  yourSurveyCode: "[ваш код опроса]",
  yourSurveyLink: "[адрес вашего опроса]",
};

function asSentence(text: string): string {
  return sentence(text, ".");
}

function when(moment: Moment, also: string | undefined): string {
  const { zone, precision } = moment;
  const timed = precision === "minute" || precision === "hour";
  const more = also === undefined ? "" : `; у вас: ${also}`;
  return date(moment, zone) + (timed ? ` (${zoneName(zone)}${more})` : "");
}

/** "в марте": the prepositional of every month is its genitive with е at the end. */
function date(moment: Moment, zone: string): string {
  const local = localDate(moment, zone, LOCALE);
  if (moment.precision !== "month") return local.toFormat(FORMAT[moment.precision]);
  const [, month = ""] = local.toFormat("d MMMM").split(" ");
  return `в ${month.replace(/[ая]$/, "е")} ${local.year} года`;
}

/** The name of a place does not decline after a colon. */
function zoneName(zone: string): string {
  const place = zonePlace(zone, LOCALE);
  return place === undefined ? bareZone(zone) : `часовой пояс: ${place}`;
}

function openTimes({ days, from, to }: OpenHours): string {
  const spans = runsOf(days).map(([first, last]) =>
    first === last
      ? dayName(first, LOCALE)
      : `${dayName(first, LOCALE)} – ${dayName(last, LOCALE)}`,
  );
  return `${listOf(spans, LOCALE)}, с ${from} до ${to}`;
}

const LOCALE = "ru";
const PLURAL = new Intl.PluralRules(LOCALE);

const AFFECTED: Readonly<Record<Intl.LDMLPluralRule, (count: string) => string>> = {
  zero: (count) => `Пострадали ${count} человек`,
  one: (count) => `Пострадал ${count} человек`,
  two: (count) => `Пострадали ${count} человека`,
  few: (count) => `Пострадали ${count} человека`,
  many: (count) => `Пострадали ${count} человек`,
  other: (count) => `Пострадали ${count} человек`,
};

const FORMAT = {
  minute: "d MMMM yyyy 'года в' HH:mm",
  hour: "d MMMM yyyy 'года около' HH:mm",
  day: "d MMMM yyyy 'года'",
  week: "'на неделе, в которую входит' d MMMM yyyy 'года'",
  year: "'в' yyyy 'году'",
} as const;

const ENCRYPTION: Readonly<Record<EncryptionState, string>> = {
  none: "Эти сведения не были зашифрованы.",
  partial: "Часть этих сведений была зашифрована, часть — нет.",
  full: "Эти сведения были зашифрованы, и ключ не был похищен.",
  "full-key-unknown": "Эти сведения были зашифрованы. Мы пока не знаем, был ли похищен и ключ.",
  "full-key-taken": "Эти сведения были зашифрованы, но ключ тоже был похищен.",
};
