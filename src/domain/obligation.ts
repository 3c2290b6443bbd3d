import { z } from "zod";

import { Day, Instant, Zone } from "./instant.ts";
import { RiskLevel } from "./law/condition.ts";
import type { Content } from "./law/content.ts";
import type { ClockEvent, Stage } from "./law/due.ts";
import type { Authority, DutyRule, RecipientKind, Rule, RuleStatus } from "./law.ts";
import { Jurisdiction } from "./scope.ts";
import { line } from "./text.ts";

/*
 * An obligation is a duty that one rule puts on us in this incident: to tell somebody, by some
 * time, in some words. It is derived anew from the facts each time it is read and is never stored;
 * what people add to it is: answers to its questions, holds, and what shows that it was met.
 */

/** A clock of an obligation. */
export const ClockState = z.enum(["running", "paused", "met", "missed", "not-applicable"]);
export type ClockState = z.output<typeof ClockState>;

/** When something was, as precisely as it is known; the zone is the one it was observed in. */
export const EventTime = z.union([
  z.strictObject({ at: Instant, zone: Zone }),
  z.strictObject({ day: Day }),
]);
export type EventTime = z.output<typeof EventTime>;

/** The answer to a question of a rule: yes or no, a number, or a place. */
export const AnswerValue = z.union([
  z.enum(["yes", "no"]),
  z.int().min(0).max(10_000_000_000),
  Jurisdiction,
]);
export type AnswerValue = z.output<typeof AnswerValue>;

/** How great the risk to people was judged to be. Where nobody judged it, the safe branch is taken. */
export const RiskJudgement = RiskLevel;

/** All that people said, beside the facts of the scope. */
export interface Answers {
  /** Question → answer. */
  readonly given: Readonly<Record<string, AnswerValue>>;
  /** When the events were that start clocks, beside awareness and discovery. */
  readonly events: Readonly<Partial<Record<ClockEvent, EventTime>>>;
  /** The risk to people as a person decided it. */
  readonly risk?: z.output<typeof RiskJudgement>;
  /**
   * Where the organisation is established: the Union's country or Land decides which authority
   * leads, and its law applies with nobody affected there. Absent: nobody said.
   */
  readonly establishment?: string;
  /** Obligation id → when it was met, for clocks that start there. */
  readonly met: Readonly<Record<string, Date>>;
}

/** What a reader must know of how sure an obligation is. */
export const Mark = z.enum([
  /** A question is open, and the safe branch was taken. */
  "safe-branch",
  /** Nothing of the rule was read in a source. */
  "rests-on-recall",
  /** When the rule, or the text of it that is applied, came into force is not known. */
  "start-unknown",
  /** The incident is older than what is known of the rule, or too old for its text to be relied on. */
  "todays-text",
  "voluntary",
  "contractual",
]);
export type Mark = z.output<typeof Mark>;

/** When an obligation is due, and how that was reckoned. */
export interface DueAt {
  /** The last instant at which it is on time; absent where the law names no number or the clock has not started. */
  readonly at?: Date;
  /** When the clock began that runs out first. A day alone counts from its first instant. */
  readonly startedAt?: Date;
  /** The zone in which days were counted and the time is told. */
  readonly zone: string;
  /** The arithmetic in words, for a person to check. */
  readonly because: string;
  /** The law's own words, where it has them. */
  readonly standard?: string;
  /** What has not happened yet and would start the clock: an event, or an obligation's id. */
  readonly waitsFor?: string;
  readonly guideline?: string;
  readonly extension?: string;
  /** What the law makes one wait for before telling. */
  readonly notBefore?: { readonly at?: Date; readonly because: string };
  /** The clock of the assessment that comes before the duty, where the law limits that too. */
  readonly assessment?: { readonly at?: Date; readonly because: string };
}

/** A duty of one rule in this incident, at one stage. */
export interface Obligation {
  /** `rule/duty/stage`, and `@place` where a rule is owed in several: stable while facts change. */
  readonly id: string;
  readonly rule: Pick<Rule, "id" | "name" | "citation" | "jurisdiction" | "provenance"> & {
    readonly version: string;
    readonly status: RuleStatus;
  };
  readonly place: string;
  readonly to: RecipientKind;
  readonly who: string;
  /** Where there is a choice, all of them, the likeliest first. */
  readonly authorities: readonly Authority[];
  readonly stage: Stage;
  /** People it is about, in its place or, for law of no place, in all; absent where not yet known. */
  readonly persons?: number;
  /** What it rests on, each a sentence. */
  readonly because: readonly string[];
  readonly due: DueAt;
  /** Obligation ids and how they stand to this one. */
  readonly order: readonly {
    readonly relation: "before" | "same-time" | "no-later-than";
    readonly of: string;
  }[];
  readonly contents: readonly Content[];
  readonly prohibited: readonly Content[];
  /** Title, headings, format, methods, substitute notice and the rest, as the rule has them. */
  readonly duty: DutyRule;
  /** Whether the law lets it wait while law enforcement asks for that. */
  readonly mayHold: boolean;
  /** Months of credit monitoring owed, for the data that were exposed. */
  readonly creditMonitoringMonths?: number;
  /** Why it may not be owed after all, for a person to read. */
  readonly exemptions: readonly string[];
  /** Codes of the questions it still hangs on. */
  readonly questions: readonly string[];
  readonly marks: readonly Mark[];
}

/** Why a rule of an affected place asks for nothing, in one sentence. */
export interface WhyNot {
  readonly rule: string;
  /** The duty, where only one of the rule's is not owed. */
  readonly duty?: string;
  readonly place: string;
  readonly because: string;
  /** It will apply, or might: a rule not yet in force. */
  readonly upcoming?: boolean;
}

export interface Assessment {
  readonly obligations: readonly Obligation[];
  readonly whyNot: readonly WhyNot[];
  /** Codes of open questions, those on which most hangs first. */
  readonly questions: readonly string[];
  /** Codes of every question that a rule of an affected place puts, answered or not. */
  readonly asked: readonly string[];
  /** Affected places for which there is no rule: ask counsel there. */
  readonly noRuleKnown: readonly string[];
  /** What is wrong or missing in the facts so that duties may be missed, each a sentence. */
  readonly warnings: readonly string[];
}

/** A reason that a person gives; kept. */
export const Reason = line(500);
