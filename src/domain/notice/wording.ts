import { DateTime } from "luxon";

import type { Moment } from "../instant.ts";

/** Candor's own sentences in one language. Every other word of a notice is its author's. */
export interface Wording {
  /** Stands for a name that nobody gave us. */
  readonly reader: string;
  /** Whom a notice about a minor, a ward or a dead person is addressed to. */
  readonly guardian: (name: string) => string;
  readonly estate: (name: string) => string;
  readonly began: Sentence<Moment>;
  readonly ended: Sentence<Moment>;
  readonly found: Sentence<Moment>;
  readonly contained: Sentence<Moment>;
  readonly place: Sentence<string>;
  readonly how: Sentence<string>;
  readonly people: Sentence<number>;
  readonly encryption: Sentence<keyof typeof ENCRYPTION>;
  readonly whatWeDo: Sentence<string>;
  readonly actions: Sentence<string>;
  readonly contact: Sentence<string>;
  /** One kind of data, and whether we are sure. */
  readonly element: (label: string, state: "suspected" | "confirmed") => string;
  readonly phone: (value: string, hours: string, zone: string) => string;
  readonly email: (value: string) => string;
  readonly post: (value: string) => string;
  /** What the public page shows where a notice speaks of one person. */
  readonly yourName: string;
  readonly yourData: string;
}

/** What we say when we know, and what we honestly say when we do not. */
interface Sentence<T> {
  readonly known: (value: T) => string;
  readonly unknown: string;
}

const ENGLISH: Wording = {
  reader: "reader",
  guardian: (name) => `parent or guardian of ${name}`,
  estate: (name) => `family of ${name}`,
  began: {
    known: (moment) => `This began ${on(moment)}.`,
    unknown: "We do not yet know when this began.",
  },
  ended: {
    known: (moment) => `It ended ${on(moment)}.`,
    unknown: "We do not yet know when it ended.",
  },
  found: {
    known: (moment) => `We found out ${on(moment)}.`,
    unknown: "We do not yet know exactly when it was discovered.",
  },
  contained: {
    known: (moment) => `We stopped it ${on(moment)}.`,
    unknown: "We do not yet know whether it has fully stopped.",
  },
  place: {
    known: (place) => sentence(`Where it happened: ${place}`),
    unknown: "We do not yet know where it happened.",
  },
  how: { known: sentence, unknown: "We do not yet know how it happened." },
  people: {
    known: (count) =>
      count === 1
        ? "One person is affected."
        : `This affects ${count.toLocaleString("en")} people.`,
    unknown: "We do not yet know how many people are affected.",
  },
  encryption: {
    known: (state) => ENCRYPTION[state],
    unknown: "We do not yet know whether the information was encrypted.",
  },
  whatWeDo: {
    known: sentence,
    unknown: "We do not yet know every step we will take. We will write to you when we do.",
  },
  actions: {
    known: sentence,
    unknown: "We do not yet know what else you can do. We will write to you when we do.",
  },
  contact: {
    known: sentence,
    unknown: "We do not yet have a phone line for your questions. We will write to you when we do.",
  },
  element: (label, state) =>
    state === "confirmed" ? `your ${label}` : `your ${label} (we are not yet sure of this)`,
  phone: (value, hours, zone) => `Phone: ${value} (${hours}, ${zoneName(zone)})`,
  email: (value) => `E-mail: ${value}`,
  post: (value) => `Post: ${value.replaceAll(/\s*\n\s*/g, ", ")}`,
  yourName: "[your name]",
  yourData: "[the kinds of data listed in your notice]",
};

/** Language → wording. A language without a row here is refused rather than sent half English. */
export const WORDING: ReadonlyMap<string, Wording> = new Map([["en", ENGLISH]]);

function on(moment: Moment): string {
  return `${PREPOSITION[moment.precision]} ${englishDate(moment)}`;
}

/** A date that reads the same on both sides of the Atlantic: the month is a word. */
function englishDate({ at, zone, precision }: Moment): string {
  const local = DateTime.fromJSDate(at, { zone }).setLocale("en-GB");
  const text = local.toFormat(FORMAT[precision]);
  return precision === "minute" || precision === "hour" ? `${text} (${zoneName(zone)})` : text;
}

/** `Europe/Berlin` as people say it: "Berlin time". */
function zoneName(zone: string): string {
  if (!zone.includes("/") || zone.startsWith("Etc/")) return zone.replace(/^Etc\//, "");
  return `${zone.split("/").at(-1)?.replaceAll("_", " ")} time`;
}

function sentence(text: string): string {
  return /[.!?…]["”’)]?$/.test(text) ? text : `${text}.`;
}

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

const ENCRYPTION = {
  none: "The information was not encrypted.",
  partial: "Some of the information was encrypted, and some was not.",
  full: "The information was encrypted, and the key was not taken.",
  "full-key-unknown":
    "The information was encrypted. We do not yet know whether the key was taken too.",
  "full-key-taken": "The information was encrypted, but the key was taken too.",
} as const;
