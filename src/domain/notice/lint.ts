import { pageLanguageOf } from "../language.ts";
import { untold } from "../scope/translation.ts";
import type { ScopeFacts } from "../scope.ts";
import { HABITS, LINK } from "./lint/rule.ts";
import type { LintProblem, Rule } from "./lint/rule.ts";
import type { NoticeKind, NoticeVersion } from "./notice.ts";
import { fieldsOf, parseSource, quotes } from "./source.ts";
import type { Source } from "./source.ts";

/** A language as it will be read, beside the source it was written in. */
export interface LintInput {
  readonly kind: NoticeKind;
  readonly language: string;
  readonly source: string;
  /** The facts it was written on, and the hashes of what it quotes of them. */
  readonly facts: ScopeFacts;
  readonly bound: NoticeVersion["facts"];
  /** The whole notice in plain text, and the SMS, as one invented person would get them. */
  readonly text: string;
  readonly sms: string;
  readonly subject: string;
}

/** Read a notice as a careful colleague would. Needs no network and no dictionary. */
export function lint(input: LintInput): LintProblem[] {
  const { kind, language, source, text, sms, subject } = input;
  const { headings, asking, rules } = HABITS[pageLanguageOf(language)];
  const rows = source.split(/\r\n?|\n/);
  const parsed = parseSource(source);
  const { lines } = parsed;
  const judged = [asking, ...rules, ...(kind === "invitation" ? [] : [LINK])];
  const found: Found[] = [
    ...(kind === "invitation" ? [] : missingHeadings(headings, rows, lines.body)),
    ...surveyProblems(kind, parsed),
    ...untoldFacts(input, parsed),
    ...rows.flatMap((row, index) => judged.flatMap((rule) => judge(rule, row, index + 1))),
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
  for (const row of text.split("\n")) found.push(...judge(asking, row, lines.body));
  return unique(found, asking).map((problem) => ({ language, ...problem }));
}

/** SMS parts a text needs, and how many it may have: 1 in GSM 03.38, 2 in UCS-2. */
export function smsSegments(text: string): { segments: number; limit: number } {
  const gsm = Array.from(text).every((c) => GSM.includes(c) || GSM_TWO.includes(c));
  if (!gsm) return { segments: text.length <= 70 ? 1 : Math.ceil(text.length / 67), limit: 2 };
  const length = Array.from(text).reduce((sum, c) => sum + (GSM_TWO.includes(c) ? 2 : 1), 0);
  return { segments: length <= 160 ? 1 : Math.ceil(length / 153), limit: 1 };
}

type Found = Omit<LintProblem, "language">;

function missingHeadings(
  wanted: readonly string[],
  rows: readonly string[],
  line: number,
): Found[] {
  const headings = new Set(
    rows.map((row) => /^##\s+(.*?)[\s#?？]*$/.exec(row)?.[1]?.trim().toLowerCase()),
  );
  return wanted
    .filter((heading) => !headings.has(heading.toLowerCase()))
    .map((heading) => ({
      line,
      code: "heading-missing",
      severity: "must-fix" as const,
      message: `Add the heading "## ${heading}". Readers and several laws expect it.`,
    }));
}

/** A pass to the survey is for those whom the survey invites, and nobody is invited without one. */
function surveyProblems(kind: NoticeKind, source: Source): Found[] {
  const used = fieldsOf(source).filter((field) => field.startsWith("survey_"));
  const line = source.lines.body;
  if (kind !== "invitation")
    return used.map((field) => ({
      line,
      code: "survey-field",
      severity: "must-fix",
      message: `Remove {{${field}}}: only an invitation leads to the survey.`,
    }));
  return ["survey_link", "survey_code"]
    .filter((field) => !used.some((each) => each === field))
    .map((field) => ({
      line,
      code: "survey-way",
      severity: "advice",
      message: `Use {{${field}}}: an invitation shows one address, and the same as a typed code.`,
    }));
}

/** Facts that would stand in the text in another language. */
function untoldFacts({ language, facts, bound }: LintInput, source: Source): Found[] {
  const own = pageLanguageOf(language);
  const name = NAMES.of(own);
  return untold(facts, own, quotes(source), Object.keys(bound)).map((field) => ({
    line: source.lines.body,
    code: field === "contactLines" ? "hours-in-words" : "fact-untranslated",
    severity: "must-fix",
    message:
      field === "contactLines"
        ? `Give "open" for each phone line in the scope, so that its hours can be said in ${name}. Then save the text again.`
        : `Translate "${field}" into ${name} in the scope (translations.${own}.${field}). Then save the text again.`,
  }));
}

function judge({ pattern, unless, code, severity, message }: Rule, row: string, line: number) {
  return pattern.test(row) && !unless?.test(row) ? [{ line, code, severity, message }] : [];
}

function unique(found: readonly Found[], asking: Rule): Found[] {
  const seen = new Set<string>();
  return found.filter(({ code, line, message }) => {
    const key = code === asking.code ? code : `${code}/${line}/${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

const SUBJECT_GOOD = 80;
const NAMES = new Intl.DisplayNames("en", { type: "language" });

/** GSM 03.38: the basic table, and the characters that count twice. */
const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWO = "^{}\\[~]|€";
