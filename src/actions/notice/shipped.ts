import type { Context } from "../../context.ts";
import { PageLanguage } from "../../domain/language.ts";
import { textOf } from "../../domain/notice/lint.ts";
import { completed } from "../../domain/notice/lint/complete.ts";
import { bindingText } from "../../domain/notice/lint/readers.ts";
import type { NoticeKind, NoticeVersion, Sources } from "../../domain/notice/notice.ts";
import { parseSource, quotes } from "../../domain/notice/source.ts";
import { partsOf } from "../../domain/notice/split.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Scope, ScopeFacts } from "../../domain/scope.ts";
import { translationsOf, untold } from "../../domain/scope/translation.ts";

/**
 * The shipped texts of a kind to start from: in the languages asked for, otherwise in every
 * language in which all that they quote can be told. So a responder who writes in one language
 * at night gets a text that can be submitted, and translating the facts adds the others.
 * Refuses a kind, and a language, that there is no text for.
 */
export function shipped(
  { templates }: Context,
  kind: NoticeKind,
  facts: ScopeFacts,
  asked: readonly PageLanguage[] | undefined,
): Sources {
  const chosen = PageLanguage.options.flatMap((language) => {
    const source = templates.notice(kind, language);
    const wanted = asked?.includes(language) ?? (source && isTellable(source, language, facts));
    return source !== undefined && wanted ? [[language, source] as const] : [];
  });
  if (chosen.length > 0 && chosen.length === (asked ? new Set(asked).size : chosen.length))
    return Object.fromEntries(chosen);
  return refuse("invalid-input", "There is no ready text of this kind. Send your own.", [
    { field: "languages", code: "required", message: "Give the text of each language." },
  ]);
}

/**
 * Texts with the statements that the laws of their readers' places want and that need nobody's
 * knowledge, so that what is submitted at night lacks only what a person must write.
 */
export function withStatements(
  { languages, variants }: Pick<NoticeVersion, "languages" | "variants">,
  {
    kind,
    facts,
    fieldHashes: bound,
    owed,
  }: Pick<Scope, "facts" | "fieldHashes"> & {
    readonly kind: NoticeKind;
    readonly owed: readonly Obligation[];
  },
): Sources {
  const whole = Object.entries(languages).map(([key, source]) => {
    const { language, variant } = partsOf(key);
    const text = textOf({ kind, language, source, facts, bound });
    return [key, completed(source, bindingText(owed, variants, variant), text)] as const;
  });
  return Object.fromEntries(whole);
}

function isTellable(source: string, language: PageLanguage, facts: ScopeFacts): boolean {
  const quoted = quotes(parseSource(source));
  return untold(facts, language, quoted, translationsOf(facts, language, quoted)).length === 0;
}
