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
} from "./time.ts";

export const ENGLISH: Wording = {
  language: "en",
  reader: "reader",
  guardian: (name) => `parent or guardian of ${name}`,
  estate: (name) => `family of ${name}`,
  began: {
    known: (moment, also) => `This began ${on(moment, also)}.`,
    unknown: "We do not yet know when this began.",
  },
  ended: {
    known: (moment, also) => `It ended ${on(moment, also)}.`,
    unknown: "We do not yet know when it ended.",
  },
  found: {
    known: (moment, also) => `We found out ${on(moment, also)}.`,
    unknown: "We do not yet know exactly when it was discovered.",
  },
  contained: {
    known: (moment, also) => `We stopped it ${on(moment, also)}.`,
    unknown: "We do not yet know whether it has fully stopped.",
  },
  elsewhere: (moment, zone) =>
    sameClock(moment, zone)
      ? undefined
      : `${localDate(moment, zone, LOCALE).toFormat(FORMAT[moment.precision])}, ${zoneName(zone)}`,
  place: {
    known: (place) => sentence(`Where it happened: ${place}`, "."),
    unknown: "We do not yet know where it happened.",
  },
  how: { known: asSentence, unknown: "We do not yet know how it happened." },
  people: {
    known: (count) =>
      PLURAL.select(count) === "one"
        ? "One person is affected."
        : `This affects ${count.toLocaleString(LOCALE)} people.`,
    unknown: "We do not yet know how many people are affected.",
  },
  encryption: {
    known: (state) => ENCRYPTION[state],
    unknown: "We do not yet know whether the information was encrypted.",
  },
  whatWeDo: {
    known: asSentence,
    unknown: "We do not yet know every step we will take. We will write to you when we do.",
  },
  actions: {
    known: asSentence,
    unknown: "We do not yet know what else you can do. We will write to you when we do.",
  },
  contact: {
    known: asSentence,
    unknown: "We do not yet have a phone line for your questions. We will write to you when we do.",
  },
  element: (label, state) =>
    state === "confirmed" ? `your ${label}` : `your ${label} (we are not yet sure of this)`,
  phone: (value, hours, zone) => `Phone: ${value} (${hours}, ${zoneName(zone)})`,
  hours: (open) => (alwaysOpen(open) ? "day and night" : open.map(openTimes).join("; ")),
  email: (value) => `E-mail: ${value}`,
  post: (value) => `Post: ${onOneLine(value, ", ")}`,
  yourName: "[your name]",
  yourData: "[the kinds of data listed in your notice]",
  yourTime: "[the same where you live]",
  yourPersonalCode: "[your personal code]",
  yourSurveyCode: "[your survey code]",
  yourSurveyLink: "[the address of your survey]",
};

function asSentence(text: string): string {
  return sentence(text, ".");
}

/** A date that reads the same on both sides of the Atlantic: the month is a word. */
function on(moment: Moment, also: string | undefined): string {
  const { zone, precision } = moment;
  const text = localDate(moment, zone, LOCALE).toFormat(FORMAT[precision]);
  const timed = precision === "minute" || precision === "hour";
  const more = also === undefined ? "" : `; for you: ${also}`;
  return `${PREPOSITION[precision]} ${text}${timed ? ` (${zoneName(zone)}${more})` : ""}`;
}

/** `Europe/Berlin` as people say it: "Berlin time". */
function zoneName(zone: string): string {
  if (!zone.includes("/") || zone.startsWith("Etc/")) return bareZone(zone);
  return `${zone.split("/").at(-1)?.replaceAll("_", " ")} time`;
}

function openTimes({ days, from, to }: OpenHours): string {
  const spans = runsOf(days).map(([first, last]) =>
    first === last
      ? dayName(first, LOCALE)
      : `${dayName(first, LOCALE)} to ${dayName(last, LOCALE)}`,
  );
  return `${listOf(spans, LOCALE)}, ${from} to ${to}`;
}

const LOCALE = "en-GB";
const PLURAL = new Intl.PluralRules(LOCALE);

const FORMAT = {
  minute: "d MMMM yyyy 'at' HH:mm",
  hour: "d MMMM yyyy 'at about' HH:mm",
  day: "d MMMM yyyy",
  week: "d MMMM yyyy",
  month: "MMMM yyyy",
  year: "yyyy",
} as const;

const PREPOSITION = {
  minute: "on",
  hour: "on",
  day: "on",
  week: "in the week of",
  month: "in",
  year: "in",
} as const;

const ENCRYPTION: Readonly<Record<EncryptionState, string>> = {
  none: "The information was not encrypted.",
  partial: "Some of the information was encrypted, and some was not.",
  full: "The information was encrypted, and the key was not taken.",
  "full-key-unknown":
    "The information was encrypted. We do not yet know whether the key was taken too.",
  "full-key-taken": "The information was encrypted, but the key was taken too.",
};
