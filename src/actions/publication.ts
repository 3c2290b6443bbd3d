import type { DoorContext } from "../context.ts";
import { normalisedCode } from "../domain/notice/code.ts";
import { renderPublic } from "../domain/notice/render.ts";
import { partsOf } from "../domain/notice/split.ts";
import * as notices from "../store/notice.ts";
import { compiledVersion } from "./notice/compiled.ts";

/** A notice as it went out, for comparing. */
export interface Wording {
  readonly code: string;
  /** The subjects it goes out under. */
  readonly subjects: readonly string[];
  readonly from: string;
  readonly language: string;
  /** Rendered by us from escaped parts. */
  readonly html: string;
}

/**
 * The exact wording behind a public notice code, with neutral words where a reader would see
 * their own. Nothing where the code is unknown, cannot be one, or its notice is not approved:
 * a draft is nobody's business.
 */
export async function checkCode(ctx: DoorContext, typed: string): Promise<Wording | undefined> {
  const code = normalisedCode(typed);
  const found = code === undefined ? undefined : await notices.published(ctx.sql, code);
  if (code === undefined || !found) return undefined;
  const { texts } = await compiledVersion(ctx, found.noticeVersionId);
  const key = partsOf(found.language);
  const notice = texts.forVariant(key.variant);
  const { subjects, language, html } = renderPublic(notice, key.language);
  return { code, subjects, language, html: lowered(html), from: found.sender.from };
}

/** On the page the notice's own title is not the first: every heading goes one level down. */
function lowered(html: string): string {
  return html.replaceAll(
    /<(\/?)h([1-5])>/g,
    (_, slash, level) => `<${slash}h${Number(level) + 1}>`,
  );
}
