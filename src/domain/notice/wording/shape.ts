import type { PageLanguage } from "../../language.ts";
import type { Moment } from "../../instant.ts";
import type { OpenHours } from "../../scope.ts";

/** Candor's own sentences in one language. Every other word of a notice is its author's. */
export interface Wording {
  readonly language: PageLanguage;
  /** Stands for a name that nobody gave us. */
  readonly reader: string;
  /** Whom a notice about a minor, a ward or a dead person is addressed to. */
  readonly guardian: (name: string) => string;
  readonly estate: (name: string) => string;
  readonly began: TimeSentence;
  readonly ended: TimeSentence;
  readonly found: TimeSentence;
  readonly contained: TimeSentence;
  /** A moment by the clocks of another zone, which it names; nothing where they show the same. */
  readonly elsewhere: (moment: Moment, zone: string) => string | undefined;
  readonly place: Sentence<string>;
  readonly how: Sentence<string>;
  readonly people: Sentence<number>;
  readonly encryption: Sentence<EncryptionState>;
  readonly whatWeDo: Sentence<string>;
  readonly actions: Sentence<string>;
  readonly contact: Sentence<string>;
  /** One kind of data, and whether we are sure. */
  readonly element: (label: string, state: "suspected" | "confirmed") => string;
  readonly phone: (value: string, hours: string, zone: string) => string;
  /** When a line is staffed, in words. */
  readonly hours: (open: readonly OpenHours[]) => string;
  readonly email: (value: string) => string;
  readonly post: (value: string) => string;
  /** What the public page shows where a notice speaks of one person. */
  readonly yourName: string;
  readonly yourData: string;
  readonly yourTime: string;
  readonly yourPersonalCode: string;
  readonly yourSurveyCode: string;
  readonly yourSurveyLink: string;
}

/** What we say when we know, and what we honestly say when we do not. */
export interface Sentence<T> {
  readonly known: (value: T) => string;
  readonly unknown: string;
}

/** A sentence that names a moment; `also` is the same moment where the reader lives, in words. */
export interface TimeSentence {
  readonly known: (moment: Moment, also?: string) => string;
  readonly unknown: string;
}

export type EncryptionState = "none" | "partial" | "full" | "full-key-unknown" | "full-key-taken";
