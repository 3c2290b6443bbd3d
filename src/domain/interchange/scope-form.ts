import { z } from "zod";

import { Element, ExposedElement } from "../element.ts";
import { Day, Instant, NOT_YET_KNOWN, Zone } from "../instant.ts";
import { Code, RiskLevel } from "../law/condition.ts";
import { ClockEvent } from "../law/due.ts";
import { AnswerValue } from "../obligation.ts";
import { Jurisdiction, ScopeFacts } from "../scope.ts";
import { line } from "../text.ts";

/*
 * An incident as a person writes it down in YAML, to ask what duties it makes. Only awareness, its
 * zone and the kinds of data must be there; whatever is left out is not yet known.
 */

/** A time with its offset, or a day of which no more is known. */
const When = z.string().refine(isWhen, {
  message:
    "Write a time with its offset, such as 2026-03-02T14:05+01:00, or a day such as 2026-03-02.",
});

const PEOPLE =
  "Write a whole number of people, 1 or more. Leave a place out where nobody is affected.";

const Count = z
  .number({ error: PEOPLE })
  .int({ error: PEOPLE })
  .min(1, { error: PEOPLE })
  .max(10_000_000_000, { error: PEOPLE });

/** The answer to a question of a rule. */
const Answer = z.custom<AnswerValue>((given) => AnswerValue.safeParse(given).success, {
  error: "Write yes, no, a whole number or a place such as DE.",
});

const { encryption, keyState, sector, role } = ScopeFacts.shape;

export const ScopeFile = z.strictObject({
  title: line(200).exactOptional(),
  /** Where times without a place of their own are told. */
  zone: Zone,
  awareAt: z.string().refine((text) => Instant.safeParse(text).success, {
    message: "Write a time with its offset, such as 2026-03-02T14:05+01:00.",
  }),
  dataElements: z.array(z.union([Element, ExposedElement], { error: elementHelp })).min(1),
  occurredFrom: When.exactOptional(),
  discoveredAt: When.exactOptional(),
  people: z.union([z.literal(NOT_YET_KNOWN), z.record(Jurisdiction, Count)]).default(NOT_YET_KNOWN),
  encryption: encryption.default(NOT_YET_KNOWN),
  keyState: keyState.default(NOT_YET_KNOWN),
  sector: sector.default(NOT_YET_KNOWN),
  role: role.default(NOT_YET_KNOWN),
  /** How great the risk to people is, as somebody judged it. */
  risk: RiskLevel.exactOptional(),
  /** Where the organisation is established. */
  establishment: Jurisdiction.exactOptional(),
  /** Question → answer; the questions are printed with the duties. */
  answers: z.record(Code, Answer).default({}),
  /** When the events were that start clocks, beside awareness and discovery. */
  events: z.partialRecord(ClockEvent, When).default({}),
  /** Obligation → when it was met, for clocks that start there. */
  met: z.record(z.string(), Instant).default({}),
});
export type ScopeFile = z.output<typeof ScopeFile>;

/** A day that is written without a time. */
export function isDay(text: string): boolean {
  return Day.safeParse(text).success;
}

function isWhen(text: string): boolean {
  return isDay(text) || Instant.safeParse(text).success;
}

function elementHelp(): string {
  return `Write one of ${Element.options.join(", ")}; or {element, state} with suspected, confirmed or ruled-out.`;
}
