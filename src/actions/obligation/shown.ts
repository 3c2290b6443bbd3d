import { z } from "zod";

import { Instant, NOT_YET_KNOWN } from "../../domain/instant.ts";
import { CONTENTS } from "../../domain/law/content.ts";
import { Stage } from "../../domain/law/due.ts";
import { Authority, DutyRule, RecipientKind, Rule, RuleStatus } from "../../domain/law.ts";
import type { Library } from "../../domain/law.ts";
import { FACT_QUESTIONS } from "../../domain/obligation/condition.ts";
import { ClockState, Mark } from "../../domain/obligation.ts";
import { kindOf } from "../../domain/obligation/answer.ts";
import { ObligationRecord, RuleReview } from "../../domain/obligation/record.ts";
import {
  MARK_WORDS,
  RECIPIENT_WORDS,
  STATE_WORDS,
  leftUntil,
  timeIn,
} from "../../domain/obligation/telling.ts";
import type { Assessed, Tracked } from "./assess.ts";

/** A moment of a clock: the instant, and how people read it. */
const Told = z.object({ at: Instant, inWords: z.string() });

/** A content code and what it means. */
const Says = z.object({ code: z.string(), says: z.string() });

/** One obligation as it is shown: everything a person needs to meet it, and why it is owed. */
export const ObligationLine = z.object({
  incidentId: z.uuid(),
  id: z.string(),
  place: z.string(),
  stage: Stage,
  to: RecipientKind,
  toWords: z.string(),
  who: z.string(),
  rule: z.object({
    id: z.string(),
    version: z.string(),
    name: z.string(),
    citation: z.string(),
    jurisdiction: z.string(),
    status: RuleStatus,
    provenance: Rule.shape.provenance,
    /** Who on staff read it against its source, the newest first; of an older text where it says so. */
    reviews: z.array(RuleReview.extend({ ofThisText: z.boolean() })),
  }),
  authorities: z.array(Authority),
  persons: z.union([z.literal(NOT_YET_KNOWN), z.int()]),
  because: z.array(z.string()),
  clock: z.object({
    state: ClockState,
    stateWords: z.string(),
    /** Null where the law names no number, or the clock has not started. */
    due: Told.nullable(),
    /** The zone in which days are counted and times are told. */
    zone: z.string(),
    /** How long is left, or how late it is; null where there is no due time or it is met. */
    left: z.string().nullable(),
    heldUntil: Told.nullable(),
    /** The arithmetic, and what holds did to it. */
    because: z.string(),
    /** Met, but after it had run out. */
    late: z.boolean(),
    /** It ran out, and nobody said why. */
    needsReason: z.boolean(),
    standard: z.string().nullable(),
    waitsFor: z.string().nullable(),
    guideline: z.string().nullable(),
    extension: z.string().nullable(),
    notBefore: z.string().nullable(),
    assessment: z.string().nullable(),
  }),
  marks: z.array(z.object({ mark: Mark, words: z.string() })),
  questions: z.array(z.string()),
  exemptions: z.array(z.string()),
  order: z.array(z.object({ relation: z.string(), of: z.string() })),
  content: z.object({
    required: z.array(Says),
    prohibited: z.array(Says),
    note: z.string().nullable(),
    title: z.string().nullable(),
    headings: z.array(z.string()),
    format: z.string().nullable(),
    plainLanguage: z.boolean(),
    languages: z.array(z.string()),
  }),
  way: z.object({
    methods: z.array(z.string()),
    method: z.string().nullable(),
    url: z.string().nullable(),
    substituteNotice: DutyRule.shape.substituteNotice.unwrap().nullable(),
  }),
  creditMonitoringMonths: z.int().nullable(),
  notes: z.array(z.string()),
  mayHold: z.boolean(),
  met: ObligationRecord.nullable(),
  missed: ObligationRecord.nullable(),
});
export type ObligationLine = z.output<typeof ObligationLine>;

/** A question that is open, or was answered. */
export const QuestionLine = z.object({
  code: z.string(),
  asks: z.string(),
  help: z.string().nullable(),
  /** `fact`: revise the scope, or decide the risk, instead of answering. */
  kind: z.enum(["yes-no", "moment", "number", "place", "fact"]),
  /** Obligations that hang on it. */
  obligations: z.int(),
});
export type QuestionLine = z.output<typeof QuestionLine>;

/** What is shown of one obligation, with who reviewed its rule. */
export function lineOf(
  { incident, asOf }: Pick<Assessed, "incident" | "asOf">,
  { obligation, clock, met, missed }: Tracked,
  reviews: readonly RuleReview[],
): ObligationLine {
  const { rule, duty, to, due } = obligation;
  const told = (at: Date | undefined) =>
    at === undefined ? null : { at, inWords: timeIn(at, due.zone) };
  const runs = clock.state === "running" || clock.state === "paused" || clock.state === "missed";
  return {
    incidentId: incident.id,
    id: obligation.id,
    place: obligation.place,
    stage: obligation.stage,
    to,
    toWords: RECIPIENT_WORDS[to],
    who: obligation.who,
    rule: {
      ...rule,
      reviews: reviews
        .filter(({ ruleId }) => ruleId === rule.id)
        .map((each) => ({ ...each, ofThisText: each.version === rule.version })),
    },
    authorities: [...obligation.authorities],
    persons: obligation.persons ?? NOT_YET_KNOWN,
    because: [...obligation.because],
    clock: {
      state: clock.state,
      stateWords: clock.needsReason ? "overdue" : STATE_WORDS[clock.state],
      due: told(clock.dueAt),
      zone: due.zone,
      left: runs && clock.dueAt ? leftUntil(clock.dueAt, asOf) : null,
      heldUntil: told(clock.heldUntil),
      because: [due.because, clock.because].filter(Boolean).join(" "),
      late: clock.late,
      needsReason: clock.needsReason,
      standard: due.standard ?? null,
      waitsFor: due.waitsFor ?? null,
      guideline: due.guideline ?? null,
      extension: due.extension ?? null,
      notBefore: due.notBefore?.because ?? null,
      assessment: due.assessment?.because ?? null,
    },
    marks: obligation.marks.map((mark) => ({ mark, words: MARK_WORDS[mark] })),
    questions: [...obligation.questions],
    exemptions: [...obligation.exemptions],
    order: [...obligation.order],
    ...wordingOf(obligation),
    creditMonitoringMonths: obligation.creditMonitoringMonths ?? null,
    notes: [...(duty.notes ?? [])],
    mayHold: obligation.mayHold,
    met: met ?? null,
    missed: missed ?? null,
  };
}

/** Open questions, those on which most hangs first. */
export function questionsOf(
  library: Library,
  { assessment, tracked }: Pick<Assessed, "assessment" | "tracked">,
): QuestionLine[] {
  return assessment.questions.map((code) => {
    const known = library.questions.get(code);
    return {
      code,
      asks: known?.asks ?? FACT_QUESTIONS[code] ?? `When was the ${eventOf(code)}?`,
      help: known?.help ?? null,
      kind: kindOf(library, code) ?? "fact",
      obligations: tracked.filter(({ obligation }) => obligation.questions.includes(code)).length,
    };
  });
}

function eventOf(question: string): string {
  return question.replace(/^when-/, "").replaceAll("-", " ");
}

/** What must be said, what must not, and how it may reach them. */
function wordingOf({ duty, contents, prohibited }: Tracked["obligation"]) {
  const says = (code: keyof typeof CONTENTS) => ({ code, says: CONTENTS[code] });
  return {
    content: {
      required: contents.map(says),
      prohibited: prohibited.map(says),
      note: duty.contentsNote ?? null,
      title: duty.title ?? null,
      headings: [...(duty.headings ?? [])],
      format: duty.format ?? null,
      plainLanguage: duty.plainLanguage ?? false,
      languages: [...(duty.languages ?? [])],
    },
    way: {
      methods: [...(duty.methods ?? [])],
      method: duty.method ?? null,
      url: duty.url ?? null,
      substituteNotice: duty.substituteNotice ?? null,
    },
  };
}
