import { z } from "zod";

/**
 * What can be wrong with a row, and what to do about it. The report gives the code for
 * machines and the sentence for people; neither ever quotes the value.
 */
export const FAULTS = {
  "row-empty":
    "The row holds neither an address nor a name nor a reference. Fill it in or remove it.",
  "columns-differ":
    "The row has more or fewer cells than the header. Check for a missing or extra comma.",
  "quote-not-closed":
    'A cell starts with a quote (") that is never closed. Close it, and double quotes inside.',
  "record-too-long":
    "The row is longer than 262,144 characters. Remove what does not belong in it.",
  "not-json": "The line is not one JSON object. Write one complete object a line.",
  "wrong-type":
    "The value is an object, a nested list or an inexact number. Write it as text in quotes.",
  "several-addresses":
    "The cell holds more than one e-mail address. Keep one, or make a row for each.",
  "email-invalid":
    "This is not a plain e-mail address such as name@example.com. Correct or empty it.",
  "phone-invalid":
    "This is not a phone number. Write it with its country code, such as +14155550100.",
  "control-character":
    "The cell holds a line break, a control or an invisible character. Remove it.",
  "too-long": "The cell is longer than this field may be. Shorten it.",
  "language-unknown": "Write a BCP 47 language tag, such as en or pt-BR.",
  "country-unknown": "Write a two-letter ISO 3166-1 country code, such as US or DE.",
  "zone-unknown": "Write an IANA time zone name, such as Europe/Berlin.",
  "channel-unknown": "Write email, sms or letter.",
  "agreed-unknown": "Write yes, no or unknown.",
  "day-invalid": "Write a real day as YYYY-MM-DD.",
  "exposure-unknown": "Write codes of data elements, separated by semicolons.",
  "exposure-missing":
    "Say which data elements were exposed, or import with a default for empty cells.",
  "relation-unknown": "Write self, guardian or estate.",
} as const satisfies Record<string, string>;

export const FaultCode = z.literal(Object.keys(FAULTS).filter(isFaultCode));
export type FaultCode = keyof typeof FAULTS;

/** One thing wrong with one row. `field` is empty where the whole row is at fault. */
export interface Fault {
  readonly field: string;
  readonly code: FaultCode;
}

function isFaultCode(text: string): text is FaultCode {
  return Object.hasOwn(FAULTS, text);
}
