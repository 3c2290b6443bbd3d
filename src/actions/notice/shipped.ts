import type { Context } from "../../context.ts";
import { PageLanguage } from "../../domain/language.ts";
import type { NoticeKind, Sources } from "../../domain/notice/notice.ts";
import { parseSource, quotes } from "../../domain/notice/source.ts";
import { refuse } from "../../domain/refusal.ts";
import type { ScopeFacts } from "../../domain/scope.ts";
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

function isTellable(source: string, language: PageLanguage, facts: ScopeFacts): boolean {
  const quoted = quotes(parseSource(source));
  return untold(facts, language, quoted, translationsOf(facts, language, quoted)).length === 0;
}
