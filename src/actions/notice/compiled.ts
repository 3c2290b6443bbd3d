import type { Context, DoorContext } from "../../context.ts";
import { pageLanguageOf } from "../../domain/language.ts";
import { compile } from "../../domain/notice/compile.ts";
import type { Compilable } from "../../domain/notice/compile.ts";
import { lint } from "../../domain/notice/lint.ts";
import { bindingText } from "../../domain/notice/lint/readers.ts";
import type { LintProblem } from "../../domain/notice/lint/rule.ts";
import type { NoticeKind, NoticeVersion } from "../../domain/notice/notice.ts";
import { render, RenderHold } from "../../domain/notice/render.ts";
import { quotes, parseSource } from "../../domain/notice/source.ts";
import { keyOf, partsOf } from "../../domain/notice/split.ts";
import { compileTexts } from "../../domain/notice/texts.ts";
import type { CompiledTexts } from "../../domain/notice/texts.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import type { Scope, ScopeFacts } from "../../domain/scope.ts";
import { translationsOf } from "../../domain/scope/translation.ts";
import type { Sql } from "../../store/db.ts";
import * as notices from "../../store/notice.ts";
import type { VersionWithFacts } from "../../store/notice.ts";
import { INVENTED } from "./invented.ts";

/** A stored version, and the same ready to be rendered. */
export interface CompiledVersion {
  readonly version: VersionWithFacts;
  readonly texts: CompiledTexts;
  /** False once the mail layout has changed since the version was written: it may not be sent. */
  readonly layoutCurrent: boolean;
}

/**
 * The one way to a rendered notice, for preview, test, delivery and the check page. A version
 * is compiled on the facts it was written on, so its wording never changes; the newest few
 * are kept compiled.
 */
export async function compiledVersion(
  ctx: DoorContext,
  noticeVersionId: string,
  sql: Sql = ctx.sql,
): Promise<CompiledVersion> {
  const known = CACHE.get(noticeVersionId);
  if (known) return withLayout(ctx, known);
  const version = await notices.withFacts(sql, noticeVersionId);
  const texts = compileTexts(version, version.scopeFacts, ctx.templates.mail);
  if (CACHE.size >= CACHED_MAX) CACHE.clear();
  CACHE.set(noticeVersionId, { version, texts });
  return withLayout(ctx, { version, texts });
}

/**
 * What the sources of a notice quote, facts and translations of them, by their hashes now.
 * Refuses hostile sources.
 */
export function quotedFacts(
  languages: NoticeVersion["languages"],
  { facts, fieldHashes }: Pick<Scope, "facts" | "fieldHashes">,
): NoticeVersion["facts"] {
  const fields = Object.entries(languages).flatMap(([key, source]) => {
    const quoted = inText(key, () => quotes(parseSource(source)));
    return [...quoted, ...translationsOf(facts, pageLanguageOf(partsOf(key).language), quoted)];
  });
  return Object.fromEntries(fields.map((field) => [field, fieldHashes[field]]));
}

/** Compile a version that is not stored yet, to refuse it now rather than when it is sent. */
export function tryOut(ctx: Context, version: Compilable, facts: ScopeFacts): void {
  const { mail } = ctx.templates;
  for (const [key, source] of Object.entries(version.languages))
    inText(key, () =>
      compile({ ...version, languages: { [key]: source } }, facts, mail, partsOf(key).variant),
    );
}

/** What a careful colleague would say about a version, of every text. */
export function lintAll(
  {
    texts,
    version: { languages, variants, facts: bound, scopeFacts: facts },
  }: Pick<CompiledVersion, "texts" | "version">,
  kind: NoticeKind,
  owed: readonly Obligation[],
): LintProblem[] {
  const [person] = INVENTED;
  return texts.variants.flatMap((notice) => {
    const obligations = bindingText(owed, variants, notice.variant);
    return [...notice.languages.keys()].flatMap((language) => {
      const key = keyOf(language, notice.variant);
      const source = languages[key] ?? "";
      const shown = held(() => render(notice, language, person));
      const found = lint({ kind, source, facts, bound, obligations, ...shown });
      return found.map((problem) => ({ ...problem, language: key }));
    });
  });
}

/** Say no where a message cannot be rendered, instead of failing. */
export function held<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RenderHold)) throw error;
    return refuse("template-refused", "This notice cannot be rendered for everyone.", [
      {
        field: error.field,
        code: error.code,
        message: "Nobody could be told this. Check the scope.",
      },
    ]);
  }
}

function inText<T>(key: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const field = `languages.${key}`;
    return refuse(
      error.code,
      error.message,
      error.fields.map((each) => ({ ...each, field })),
    );
  }
}

type Cached = Pick<CompiledVersion, "version" | "texts">;

function withLayout(ctx: DoorContext, { version, texts }: Cached): CompiledVersion {
  const layoutCurrent = version.sender.layoutVersion === ctx.templates.mail.version;
  return { version, texts, layoutCurrent };
}

const CACHED_MAX = 100;
const CACHE = new Map<string, Cached>();
