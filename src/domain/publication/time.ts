import { PAGE_LANGUAGES } from "../language.ts";
import type { PageLanguage } from "../language.ts";

/** For whom and when a page is made. A copy that stands for long says hours, not *open now*. */
export interface Viewpoint {
  readonly language: PageLanguage;
  readonly now: Date;
  readonly standing: boolean;
}

/** A moment for `<time>`: for machines, and in words. */
export interface ShownTime {
  readonly iso: string;
  readonly text: string;
  /** The zone's name, in words, for this moment: `Central European Summer Time`. */
  readonly zone: string;
}

/** Day and time on the wall of a zone, the month as a word. */
export function shownTime(at: Date, zone: string, language: PageLanguage): ShownTime {
  return { ...base(at, zone, language), text: formatted(at, zone, language, DAY_AND_TIME) };
}

/** The day alone, where the hour says nothing. */
export function shownDay(at: Date, zone: string, language: PageLanguage): string {
  return formatted(at, zone, language, DAY);
}

/** The same with the weekday and without the year, for what is near. */
export function nearTime(at: Date, zone: string, language: PageLanguage): ShownTime {
  return { ...base(at, zone, language), text: formatted(at, zone, language, NEAR) };
}

/** From when to when, on the wall of a zone; the day is said once where it is the same. */
export interface ShownSpan {
  readonly text: string;
  readonly zone: string;
}

/** A span of hours that is near: the weekday, and no year. */
export function nearSpan(
  { startsAt, endsAt }: { readonly startsAt: Date; readonly endsAt: Date },
  zone: string,
  language: PageLanguage,
): ShownSpan {
  const [day, lastDay] = [startsAt, endsAt].map((at) => formatted(at, zone, language, NEAR_DAY));
  const text =
    day === lastDay
      ? [day, format(zone, language, CLOCK).formatRange(startsAt, endsAt)].join(
          language === "zh" ? " " : ", ",
        )
      : [startsAt, endsAt].map((at) => formatted(at, zone, language, NEAR)).join(" – ");
  return { text, zone: base(startsAt, zone, language).zone };
}

function base(at: Date, zone: string, language: PageLanguage): Omit<ShownTime, "text"> {
  const parts = format(zone, language, { timeZoneName: "long" }).formatToParts(at);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
  return { iso: at.toISOString(), zone: name };
}

function formatted(
  at: Date,
  zone: string,
  language: PageLanguage,
  options: Intl.DateTimeFormatOptions,
): string {
  return format(zone, language, options).format(at);
}

/** Formats are slow to make and few. */
function format(zone: string, language: PageLanguage, options: Intl.DateTimeFormatOptions) {
  const key = `${zone} ${language} ${JSON.stringify(options)}`;
  const known = FORMATS.get(key);
  if (known) return known;
  // British English: the day comes before the month, and the month is a word.
  const tag = language === "en" ? "en-GB" : PAGE_LANGUAGES[language].tag;
  const made = new Intl.DateTimeFormat(tag, { ...options, timeZone: zone, hourCycle: "h23" });
  if (FORMATS.size >= FORMATS_MAX) FORMATS.clear();
  FORMATS.set(key, made);
  return made;
}

const CLOCK = { hour: "2-digit", minute: "2-digit" } as const;
const DAY = { day: "numeric", month: "long", year: "numeric" } as const;
const DAY_AND_TIME = { ...DAY, ...CLOCK } as const;
const NEAR_DAY = { weekday: "long", day: "numeric", month: "long" } as const;
const NEAR = { ...NEAR_DAY, ...CLOCK } as const;
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const FORMATS_MAX = 200;
