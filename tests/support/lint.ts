import { textOf } from "../../src/domain/notice/lint.ts";
import type { LawDuty, Text } from "../../src/domain/notice/lint/duty.ts";
import { lawProblems } from "../../src/domain/notice/lint/law.ts";
import type { Found } from "../../src/domain/notice/lint/rule.ts";
import { sentenceProblems, stepProblems } from "../../src/domain/notice/lint/style.ts";
import type { NoticeKind } from "../../src/domain/notice/notice.ts";
import { fieldHashes } from "../../src/domain/scope.ts";
import type { ScopeFacts } from "../../src/domain/scope.ts";
import { TRANSLATED } from "./compiled.ts";

interface Reading {
  readonly facts?: ScopeFacts;
  readonly kind?: NoticeKind;
  readonly language?: string;
}

/** A source as the linter reads it; nothing is compiled or rendered for it. */
export function readText(
  source: string,
  { facts = TRANSLATED, kind = "initial", language = "en" }: Reading = {},
): Text {
  const bound = facts === TRANSLATED ? HASHES : {};
  return textOf({ kind, language, source, facts, bound });
}

/** What the laws alone have against a source. */
export function lawFound(
  source: string,
  duties: readonly LawDuty[],
  reading: Reading = {},
): Found[] {
  return lawProblems(duties, readText(source, reading));
}

/** What is found in the sentences of a source, and in its steps. */
export function styleFound(source: string, reading: Reading = {}): Found[] {
  const text = readText(source, reading);
  return [...sentenceProblems(text), ...stepProblems(text)];
}

const HASHES = fieldHashes(TRANSLATED);
