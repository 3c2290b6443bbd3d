import { z } from "zod";

import { Day, Zone } from "./instant.ts";
import { Code, Condition, LawRole } from "./law/condition.ts";
import { Content } from "./law/content.ts";
import { Due, DutyRef, Limit, Stage } from "./law/due.ts";
import { CreditMonitoring, SubstituteNotice } from "./law/offer.ts";
import { Provenance } from "./law/provenance.ts";
import { Jurisdiction } from "./scope.ts";
import { text } from "./text.ts";

/*
 * The law as data. One file of `src/law/` per jurisdiction holds its rules; a rule asks for
 * duties; a duty has a recipient and stages; a stage has a clock. Nothing here knows a law by
 * name: what a law needs that others do not is a field or a question.
 */

/** Who is told. */
export const RecipientKind = z.enum([
  "individuals",
  "regulator",
  "csirt",
  "consumer-reporting-agencies",
  "media",
  "law-enforcement",
  "controller",
  "customer",
  "card-brand",
  "insurer",
]);
export type RecipientKind = z.output<typeof RecipientKind>;

/** `EU` is law of the Union, `XX` a contract; the others are ISO 3166. */
export const LawPlace = z.union([z.enum(["EU", "XX"]), Jurisdiction]);
export type LawPlace = z.output<typeof LawPlace>;

export const RuleStatus = z.enum([
  "in-force",
  "enacted-not-in-force",
  "enacted-not-operational",
  "proposal-not-in-force",
  "bill-not-in-force",
  "not-in-force",
  "upheld-but-effective-date-uncertain",
  "voluntary",
  "no-duty",
  "contractual",
]);
export type RuleStatus = z.output<typeof RuleStatus>;

const RuleId = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,59}$/);
const words = text(2_000);

/** How a notice may reach people: a channel of ours, or words for what is not one. */
export const Method = Code;

export const DutyRule = z.strictObject({
  /** Unique within its rule: `individuals`, `regulator`, `regulator-2`. */
  key: Code,
  to: RecipientKind,
  /** Who exactly, in words. */
  who: text(300),
  /** Which authority, where there are several: see `Authority`. */
  routing: z.enum(["lead-or-each", "each", "own"]).exactOptional(),
  /** Owed once for each affected state of a federation, by the people there (45 CFR 164.406). */
  each: z.literal("state").exactOptional(),
  when: Condition.exactOptional(),
  stages: z
    .array(
      z.strictObject({
        stage: Stage,
        due: Due,
        /** Not before this: the law makes one wait. */
        wait: Limit.exactOptional(),
        when: Condition.exactOptional(),
        note: words.exactOptional(),
      }),
    )
    .min(1),
  /** What must come after, with or before what. */
  order: z
    .array(
      z.strictObject({ relation: z.enum(["before", "same-time", "no-later-than"]), of: DutyRef }),
    )
    .exactOptional(),
  contents: z.array(Content),
  /** The form that it is filed with, where it is one of ours; else the generic one. */
  form: z.enum(["gdpr-33", "hhs"]).exactOptional(),
  prohibited: z.array(Content).exactOptional(),
  /** Contents that are needed only sometimes, in words. */
  contentsNote: words.exactOptional(),
  title: text(200).exactOptional(),
  headings: z.array(Code).exactOptional(),
  format: words.exactOptional(),
  plainLanguage: z.boolean().exactOptional(),
  /** Languages that the recipient takes (BCP 47). */
  languages: z.array(z.string().regex(/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/)).exactOptional(),
  methods: z.array(Method).exactOptional(),
  method: words.exactOptional(),
  /** How people may be told whose credentials were exposed, and where never. */
  credentialNotice: words.exactOptional(),
  url: z.url({ protocol: /^https$/ }).exactOptional(),
  substituteNotice: SubstituteNotice.exactOptional(),
  creditMonitoring: CreditMonitoring.exactOptional(),
  /** Grounds on which this duty may lawfully wait: `law-enforcement`, `determine-scope`. */
  permittedDelay: z.array(Code).exactOptional(),
  /** What else a person must know of this duty, each a sentence. */
  notes: z.array(words).exactOptional(),
});
export type DutyRule = z.output<typeof DutyRule>;

export const Rule = z.strictObject({
  id: RuleId,
  jurisdiction: LawPlace,
  /** Countries in which law of a union applies. */
  appliesIn: z.array(Jurisdiction).exactOptional(),
  /** A part of a jurisdiction with a law of its own, such as a financial centre. */
  zone: text(60).exactOptional(),
  name: text(300),
  citation: text(500),
  /** In the law's own words; what decides is `when`. */
  sector: Code.nullable(),
  role: z.enum(["either", ...LawRole.options]),
  status: RuleStatus,
  inForce: z.strictObject({
    from: z.union([z.literal("start-unknown"), Day]),
    to: Day.exactOptional(),
    note: words.exactOptional(),
  }),
  /** The rule of the same law's earlier text, which gives way where this one is in force. */
  replaces: RuleId.exactOptional(),
  /** Of an incident as such: personal data need not be touched, nor people affected. */
  about: z.literal("incident").exactOptional(),
  /** In words, what the law calls a breach that must be told. */
  threshold: words.exactOptional(),
  /** Absent: whenever its place is affected. */
  when: Condition.exactOptional(),
  /** Why a duty is not owed though the rule applies: HIPAA instead of a state's law, an exemption. */
  unless: z.array(
    z.strictObject({
      /** Absent: a person must read it; it removes nothing by itself. */
      when: Condition.exactOptional(),
      /** Keys of duties; absent: all of them. */
      duties: z.array(Code).min(1).exactOptional(),
      because: words,
    }),
  ),
  duties: z.array(DutyRule),
  lawEnforcementHold: z.boolean(),
  delays: z.array(words).exactOptional(),
  recordKeeping: z
    .strictObject({
      years: z.int().min(1).exactOptional(),
      allIncidents: z.boolean().exactOptional(),
      note: words.exactOptional(),
    })
    .exactOptional(),
  penalties: words.exactOptional(),
  privateRightOfAction: z.boolean().exactOptional(),
  notes: z.array(words).exactOptional(),
  /** What a rule of one's own, made after this one, sets: its hours, a contact for each customer. */
  editable: z.array(z.enum(["hours", "contact"])).exactOptional(),
  provenance: Provenance,
});
export type Rule = z.output<typeof Rule>;

/** A question that only a person can answer. */
export const Question = z.strictObject({
  code: Code,
  asks: text(300),
  help: words.exactOptional(),
  /** Of the organisation, and so the same in every incident, or of this incident. */
  about: z.enum(["organisation", "incident"]),
  kind: z.enum(["yes-no", "moment", "number", "place"]),
});
export type Question = z.output<typeof Question>;

/** A jurisdiction as clocks need it. */
export const Place = z.strictObject({
  code: LawPlace,
  /** What people call it, where it is a part of a country. */
  name: text(100).exactOptional(),
  /** The place whose law is that of this one: `US-PR` of `PR`, `FR` of `GP`. */
  as: LawPlace.exactOptional(),
  /** The zone its days are counted in. */
  zone: Zone,
  /** ISO weekdays of its weekend; Saturday and Sunday unless it says otherwise. */
  weekend: z.array(z.int().min(1).max(7)),
  /** Which holidays it keeps, as `date-holidays` names them: `US`, `BR`, `DE.HH`. */
  holidays: z.string().exactOptional(),
  /** Those that `date-holidays` lists, by its name for them, though the law of the place does not. */
  notHolidays: z.array(z.string()).exactOptional(),
  /** Days of each year on which its authorities are closed though it is no holiday: `12-29`. */
  closed: z.array(z.string().regex(/^\d{2}-\d{2}$/)).exactOptional(),
});
export type Place = z.output<typeof Place>;

/** A data-protection authority. */
export const Authority = z.strictObject({
  place: LawPlace,
  name: text(300),
  localName: text(300).exactOptional(),
  role: Code,
  website: z.url().nullable(),
  breachReportUrl: z.url().nullable(),
  urlConfidence: Code.exactOptional(),
  formLanguages: z.array(z.string()).exactOptional(),
  email: z.email().exactOptional(),
  notes: words.exactOptional(),
});
export type Authority = z.output<typeof Authority>;

/** Everything an assessment goes by. Built by `src/gateways/library.ts`, which refuses what does not fit. */
export interface Library {
  readonly rules: readonly Rule[];
  readonly questions: ReadonlyMap<string, Question>;
  readonly places: ReadonlyMap<string, Place>;
  readonly authorities: readonly Authority[];
  /** Rule id → first 12 hex digits of the SHA-256 of the rule's canonical JSON. */
  readonly versions: ReadonlyMap<string, string>;
  /** Days off: holiday calendar → whether a day (`YYYY-MM-DD`) is one. */
  readonly isHoliday: (calendar: string, day: string) => boolean;
}
