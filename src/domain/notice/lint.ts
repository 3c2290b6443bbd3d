import { pageLanguageOf } from "../language.ts";
import { factsIn, untold } from "../scope/translation.ts";
import type { ScopeFacts } from "../scope.ts";
import { HEADINGS, lawsOf } from "./lint/duty.ts";
import type { LawDuty, Text } from "./lint/duty.ts";
import { forbidsWhatHappened } from "./lint/forbidden.ts";
import { HABITS } from "./lint/habits.ts";
import { lawProblems } from "./lint/law.ts";
import type { Found, LintProblem } from "./lint/rule.ts";
import { sentencesOf, withoutEnd } from "./lint/sentence.ts";
import { readingProblems, sentenceProblems, stepProblems } from "./lint/style.ts";
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
  /** The SMS as one invented person would get it, and the subject of the mail. */
  readonly sms: string;
  readonly subject: string;
  /** What the laws of its readers' places ask for; without them the general rules apply alone. */
  readonly obligations?: readonly LawDuty[];
}

/**
 * Read a notice as a careful colleague would, who knows the laws of its readers' places. Needs no
 * network and no dictionary. Each problem names the sentence and its line, and what to write
 * instead where that can be said.
 */
export function lint(input: LintInput): LintProblem[] {
  const { kind, language, sms, subject } = input;
  const duties = (input.obligations ?? []).filter(({ to }) => to === "individuals");
  const text = textOf(input);
  const { lines } = text.parsed;
  const found: Found[] = [
    ...headingProblems(duties, text),
    ...surveyProblems(kind, text.parsed),
    ...untoldFacts(input, text.parsed),
    ...lawProblems(duties, text),
    ...sentenceProblems(text),
    ...stepProblems(text),
    ...readingProblems(
      language,
      text,
      duties.some(({ duty }) => duty.plainLanguage === true),
    ),
  ];
  if (subject.length > SUBJECT_GOOD)
    found.push({
      line: lines.subject,
      code: "subject-long",
      severity: "advice",
      message: `Phones show about ${SUBJECT_GOOD} characters of a subject. Put the news first.`,
      sentence: subject,
    });
  const { segments, limit } = smsSegments(sms);
  if (segments > limit)
    found.push({
      line: lines.sms,
      code: "sms-long",
      severity: "must-fix",
      message: `Shorten the SMS: it needs ${segments} parts, and ${limit} is the limit.`,
      sentence: sms,
    });
  return unique(found).map((problem) => ({ language, ...problem }));
}

/** A source, read: its sentences and those of the facts in it. */
export function textOf({
  kind,
  language: tag,
  source,
  facts,
  bound,
}: Pick<LintInput, "kind" | "language" | "source" | "facts" | "bound">): Text {
  const language = pageLanguageOf(tag);
  const parsed = parseSource(source);
  const told = factsIn(facts, language, bound);
  const sentences = sentencesOf({ source, parsed, language, facts: told });
  return { kind, language, facts, parsed, sentences, fields: new Set(fieldsOf(parsed)) };
}

/** SMS parts a text needs, and how many it may have: 1 in GSM 03.38, 2 in UCS-2. */
export function smsSegments(text: string): { segments: number; limit: number } {
  const gsm = Array.from(text).every((c) => GSM.includes(c) || GSM_TWO.includes(c));
  if (!gsm) return { segments: text.length <= 70 ? 1 : Math.ceil(text.length / 67), limit: 2 };
  const length = Array.from(text).reduce((sum, c) => sum + (GSM_TWO.includes(c) ? 2 : 1), 0);
  return { segments: length <= 160 ? 1 : Math.ceil(length / 153), limit: 1 };
}

function headingProblems(
  duties: readonly LawDuty[],
  { kind, language, parsed, sentences }: Text,
): Found[] {
  if (kind === "invitation") return [];
  const written = new Set(
    sentences
      .filter((each) => each.part === "body" && each.kind === "heading")
      .map(({ text }) => withoutEnd(text, "?？").toLowerCase()),
  );
  const silent = forbidsWhatHappened(duties);
  return HABITS[language].headings.flatMap((heading, at): Found[] => {
    if (written.has(heading.toLowerCase()) || (at === 0 && silent)) return [];
    const asking = duties.filter(({ duty }) => duty.headings?.includes(HEADINGS[at] ?? ""));
    return [
      {
        line: parsed.lines.body,
        code: "heading-missing",
        severity: "must-fix",
        message: `Add the heading "## ${heading}". Readers and several laws expect it.`,
        fix: `## ${heading}`,
        ...(asking.length > 0 && { law: lawsOf(asking) }),
      },
    ];
  });
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

function unique(found: readonly Found[]): Found[] {
  const seen = new Set<string>();
  return found.filter(({ code, line, message, sentence = "" }) => {
    const key = [code, line, message, sentence].join("\n");
    return !seen.has(key) && seen.add(key);
  });
}

const SUBJECT_GOOD = 80;
const NAMES = new Intl.DisplayNames("en", { type: "language" });

/** GSM 03.38: the basic table, and the characters that count twice. */
const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWO = "^{}\\[~]|€";
