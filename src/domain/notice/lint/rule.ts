import { z } from "zod";

/** What is wrong with a text that is safe but not good. `must-fix` keeps it from being submitted. */
export const LintProblem = z.object({
  language: z.string(),
  line: z.int().positive(),
  code: z.string(),
  severity: z.enum(["must-fix", "advice"]),
  message: z.string(),
  /** The sentence it is about, as it was written; absent where something is missing. */
  sentence: z.string().optional(),
  /** What to write instead, or to add. */
  fix: z.string().optional(),
  /** The law that asks for it. */
  law: z.string().optional(),
});
export type LintProblem = z.output<typeof LintProblem>;

/** A problem before it is known in which language it was found. */
export type Found = Omit<LintProblem, "language">;

/** A sentence that must not stand in a notice, unless it says that we never do this. */
export interface Rule {
  readonly pattern: RegExp;
  readonly unless?: RegExp;
  readonly code: string;
  readonly severity: LintProblem["severity"];
  readonly message: string;
  /** What to write in place of the words that the pattern finds. */
  readonly plain?: string;
  /** What to write in place of the sentence. */
  readonly instead?: string;
}

/** What a text in one language is held to. */
export interface Habits {
  /** California Civil Code 1798.82(d)(1) prescribes these five, in this order. */
  readonly headings: readonly [string, string, string, string, string];
  readonly asking: Rule;
  readonly rules: readonly Rule[];
  /** Words of the trade, and the plain ones. */
  readonly jargon: readonly (readonly [RegExp, string])[];
  /** Names of what mail calls by its class only: GDPR Articles 9 and 10. */
  readonly special: RegExp;
  /** What mail calls it. */
  readonly specialPlain: string;
  /** Where a long sentence can be cut in two, and what ends the first half. */
  readonly joint: RegExp;
  readonly stop: string;
}

export const ASKING = {
  code: "asks-for-identifier",
  severity: "must-fix",
  message: "Never ask for passwords, numbers or a log-in: that is what thieves' messages do.",
} as const;
export const CLICK = {
  code: "click",
  severity: "must-fix",
  message: "Do not tell people to click. Say which address to type.",
} as const;
export const EMPTY = {
  code: "empty-phrase",
  severity: "advice",
  message: "Say what you do instead of how seriously you take it.",
} as const;
export const HEDGE = {
  code: "hedge",
  severity: "advice",
  message: "Say what is known, and say plainly what is not known yet.",
} as const;
/** Readers take it for "nothing happened" (Zou et al., CHI 2019, doi 10.1145/3290605.3300424). */
export const NO_EVIDENCE = {
  code: "hedge",
  severity: "must-fix",
  message: "Having no evidence is not knowing. Say what was checked, and what nobody can know.",
} as const;
export const JARGON = {
  code: "jargon",
  severity: "advice",
  message: "Use words that everybody knows.",
} as const;

/** A first notice leads nobody anywhere; an invitation shows one address, in full. */
export const LINK: Rule = {
  pattern: /\bhttps:\/\//i,
  code: "link",
  severity: "advice",
  message: "A first notice is safer without a link: say the domain, and the reader types it.",
};
