import { z } from "zod";

import type { CompiledLanguage } from "./compile.ts";
import { parseSource } from "./source.ts";

/** What is wrong with a text that is safe but not good. `must-fix` keeps it from being submitted. */
export const LintProblem = z.object({
  language: z.string(),
  line: z.int().positive(),
  code: z.string(),
  severity: z.enum(["must-fix", "advice"]),
  message: z.string(),
});
export type LintProblem = z.output<typeof LintProblem>;

/** A language as it will be read, beside the source it was written in. */
export interface LintInput {
  readonly source: string;
  readonly compiled: Pick<CompiledLanguage, "language">;
  /** The whole notice in plain text, and the SMS, as one invented person would get them. */
  readonly text: string;
  readonly sms: string;
  readonly subject: string;
}

/** Read a notice as a careful colleague would. Needs no network and no dictionary. */
export function lint({ source, compiled, text, sms, subject }: LintInput): LintProblem[] {
  const rows = source.split(/\r\n?|\n/);
  const { lines } = parseSource(source);
  const found: Omit<LintProblem, "language">[] = [
    ...missingHeadings(rows, lines.body),
    ...rows.flatMap((row, index) => RULES.flatMap((rule) => judge(rule, row, index + 1))),
  ];
  if (subject.length > SUBJECT_GOOD)
    found.push({
      line: lines.subject,
      code: "subject-long",
      severity: "advice",
      message: `Phones show about ${SUBJECT_GOOD} characters of a subject. Put the news first.`,
    });
  const { segments, limit } = smsSegments(sms);
  if (segments > limit)
    found.push({
      line: lines.sms,
      code: "sms-long",
      severity: "must-fix",
      message: `Shorten the SMS: it needs ${segments} parts, and ${limit} is the limit.`,
    });
  for (const row of text.split("\n"))
    if (ASKS.test(row) && !NEVER.test(row)) found.push({ line: lines.body, ...ASKING });
  return unique(found).map((problem) => ({ language: compiled.language, ...problem }));
}

/** SMS parts a text needs, and how many it may have: 1 in GSM 03.38, 2 in UCS-2. */
export function smsSegments(text: string): { segments: number; limit: number } {
  const gsm = Array.from(text).every((c) => GSM.includes(c) || GSM_TWO.includes(c));
  if (!gsm) return { segments: text.length <= 70 ? 1 : Math.ceil(text.length / 67), limit: 2 };
  const length = Array.from(text).reduce((sum, c) => sum + (GSM_TWO.includes(c) ? 2 : 1), 0);
  return { segments: length <= 160 ? 1 : Math.ceil(length / 153), limit: 1 };
}

function missingHeadings(rows: readonly string[], bodyLine: number) {
  const headings = new Set(
    rows.map((row) => /^##\s+(.*?)[\s#?]*$/.exec(row)?.[1]?.trim().toLowerCase()),
  );
  return HEADINGS.filter((heading) => !headings.has(heading.toLowerCase())).map((heading) => ({
    line: bodyLine,
    code: "heading-missing",
    severity: "must-fix" as const,
    message: `Add the heading "## ${heading}". Readers and several laws expect it.`,
  }));
}

interface Rule {
  readonly pattern: RegExp;
  readonly unless?: RegExp;
  readonly code: string;
  readonly severity: LintProblem["severity"];
  readonly message: string;
}

function judge({ pattern, unless, code, severity, message }: Rule, row: string, line: number) {
  return pattern.test(row) && !unless?.test(row) ? [{ line, code, severity, message }] : [];
}

function unique(found: readonly Omit<LintProblem, "language">[]) {
  const seen = new Set<string>();
  return found.filter(({ code, line, message }) => {
    const key = code === ASKING.code ? code : `${code}/${line}/${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** California Civil Code 1798.82(d)(1) prescribes these five, in this order. */
const HEADINGS = [
  "What happened",
  "What information was involved",
  "What we are doing",
  "What you can do",
  "For more information",
];

const SUBJECT_GOOD = 80;
const ASKS =
  /\b(?:send|give|tell|reply|enter|confirm|verify|provide|type|update)\b[^.]{0,40}\b(?:your )(?:(?:\w+ )?password|pin\b|social security number|card number|account (?:number|details)|identity|account\b|log ?in)/i;
const NEVER = /\b(?:never|not|don[’']t|nobody)\b/i;
const ASKING = {
  code: "asks-for-identifier",
  severity: "must-fix",
  message: "Never ask for passwords, numbers or a log-in: that is what thieves' messages do.",
} as const;

const RULES: readonly Rule[] = [
  { pattern: ASKS, unless: NEVER, ...ASKING },
  {
    pattern: /\bhttps:\/\//i,
    code: "link",
    severity: "advice",
    message: "A first notice is safer without a link: say the domain, and the reader types it.",
  },
  {
    pattern: /\b(?:click|tap)\b/i,
    unless: NEVER,
    code: "click",
    severity: "must-fix",
    message: "Do not tell people to click. Say which address to type.",
  },
  {
    pattern: /we take (?:\w+ ){0,3}(?:security|privacy)(?: \w+){0,4} seriously/i,
    code: "empty-phrase",
    severity: "advice",
    message: "Say what you do instead of how seriously you take it.",
  },
  {
    pattern: /no evidence (?:that|of)|out of an abundance of caution|may have been|potentially/i,
    code: "hedge",
    severity: "advice",
    message: "Say what is known, and say plainly what is not known yet.",
  },
];

/** GSM 03.38: the basic table, and the characters that count twice. */
const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWO = "^{}\\[~]|€";
