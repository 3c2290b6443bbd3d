import { z } from "zod";

import { refuseField } from "../incident.ts";
import { Instant, NOT_YET_KNOWN } from "../instant.ts";
import { ClockEvent } from "../law/due.ts";
import { Code, RiskLevel } from "../law/condition.ts";
import type { Library, Question } from "../law.ts";
import { AnswerValue, EventTime, Reason } from "../obligation.ts";
import type { Answers } from "../obligation.ts";
import { Jurisdiction } from "../scope.ts";
import type { ObligationRecord } from "./record.ts";
import { whenQuestion } from "./start.ts";

/*
 * What people say of an incident that no scope holds. Reasons are kept, so they hold no personal
 * data.
 */

/** An answer, the time of an event, or that it is not known after all. */
export const Answered = z.union([z.literal(NOT_YET_KNOWN), AnswerValue, EventTime]);
export type Answered = z.output<typeof Answered>;

/** Where the organisation is established in the Union: asked of everybody, by no rule. */
export const ESTABLISHMENT = "establishment";

/** What a person answers. `version` is that of the answer they saw; 0 where there is none. */
export const NewAnswer = z.strictObject({
  question: Code,
  version: z.int().min(0),
  value: Answered,
  reason: Reason,
});
export type NewAnswer = z.output<typeof NewAnswer>;

export const StoredAnswer = z.object({
  /** Where it was given: what is asked of the organisation is answered once for all its incidents. */
  incidentId: z.uuid(),
  question: z.string(),
  version: z.int(),
  value: Answered,
  reason: z.string(),
  answeredBy: z.uuid(),
  answeredAt: Instant,
});
export type StoredAnswer = z.output<typeof StoredAnswer>;

/** How great the risk to people is (GDPR Articles 33 and 34), decided by a person. */
export const NewRiskDecision = z.strictObject({
  version: z.int().min(0),
  level: RiskLevel,
  reasons: z.array(Reason).min(1).max(20),
});
export type NewRiskDecision = z.output<typeof NewRiskDecision>;

export const RiskDecision = z.object({
  version: z.int(),
  level: RiskLevel,
  reasons: z.array(z.string()),
  /** The rules that go by it, each with the text it was made under. */
  rules: z.array(
    z.object({ id: z.string(), version: z.string(), threshold: z.string().nullable() }),
  ),
  decidedBy: z.uuid(),
  decidedAt: Instant,
});
export type RiskDecision = z.output<typeof RiskDecision>;

/**
 * Refuses an answer to what no rule asks, one of another kind than was asked for, an event that has
 * not happened yet, and a discovery after the awareness of it.
 */
export function checkAnswer(
  library: Pick<Library, "questions">,
  { question, value }: NewAnswer,
  { now, awareAt }: { readonly now: Date; readonly awareAt: Date },
): void {
  const kind = kindOf(library, question);
  if (kind === undefined)
    refuseField("question", "not-asked", "No rule asks this. The open questions are listed.");
  if (value === NOT_YET_KNOWN) return;
  const { schema, message } = KINDS[kind];
  if (!schema.safeParse(z.encode(Answered, value)).success)
    refuseField("value", "wrong-kind", message);
  if (typeof value !== "object") return;
  const from = earliest(value).getTime();
  if (from > now.getTime() + SKEW_MS)
    refuseField("value", "future", "This has not happened yet. Check date and zone.");
  if (FOUND.has(question) && from > awareAt.getTime() + SKEW_MS)
    refuseField("value", "after-awareness", "Nobody is aware of a breach before it is found.");
}

/** What was answered, as an assessment takes it. Of each question only the newest answer is given. */
export function answersOf(
  answers: readonly Pick<StoredAnswer, "question" | "value">[],
  decision: Pick<RiskDecision, "level"> | undefined,
  records: readonly ObligationRecord[],
): Answers {
  const given: Record<string, AnswerValue> = {};
  const events: Partial<Record<ClockEvent, EventTime>> = {};
  const met: Record<string, Date> = {};
  let establishment: string | undefined;
  for (const { question, value } of answers) {
    const event = EVENTS.get(question);
    if (value === NOT_YET_KNOWN) continue;
    if (typeof value === "object") {
      if (event) events[event] = value;
    } else if (question !== ESTABLISHMENT) given[question] = value;
    else if (typeof value === "string") establishment = value;
  }
  for (const { obligation, kind, takenBack, at } of records)
    if (kind === "met" && !takenBack && at) met[obligation] = at;
  return {
    given,
    events,
    ...(decision && { risk: decision.level }),
    ...(establishment !== undefined && { establishment }),
    met,
  };
}

/** The kind of answer that a question takes; nothing where it is asked by no rule. */
export function kindOf(
  { questions }: Pick<Library, "questions">,
  question: string,
): Question["kind"] | undefined {
  if (EVENTS.has(question)) return "moment";
  if (question === ESTABLISHMENT) return "place";
  return questions.get(question)?.kind;
}

/** The earliest instant that it may mean: a day alone begins first where clocks are furthest ahead. */
function earliest(when: EventTime): Date {
  return "at" in when ? when.at : new Date(Date.parse(`${when.day}T00:00Z`) - AHEAD_MS);
}

/** Question → the event that it asks the time of. Of awareness the incident itself tells. */
const EVENTS: ReadonlyMap<string, ClockEvent> = new Map(
  ClockEvent.options
    .filter((event) => event !== "awareness")
    .map((event) => [whenQuestion(event), event]),
);
/** Events without which nobody could be aware. */
const FOUND: ReadonlySet<string> = new Set(
  (["discovery", "detection"] as const).map((event) => whenQuestion(event)),
);

const KINDS = {
  "yes-no": { schema: z.enum(["yes", "no"]), message: "Answer yes or no." },
  number: { schema: z.int().min(0), message: "Answer with a whole number." },
  place: { schema: Jurisdiction, message: "Answer with a code such as DE or US-CA." },
  moment: {
    schema: EventTime,
    message: "Answer with a time, its offset and its zone, or with a day.",
  },
} as const satisfies Record<Question["kind"], { schema: z.ZodType; message: string }>;

/** No zone is further ahead of UTC. */
const AHEAD_MS = 14 * 3_600_000;
/** Clocks of those who report and ours may differ by this much. */
const SKEW_MS = 5 * 60_000;
