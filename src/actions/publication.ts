import type { CheckView, Context } from "../context.ts";
import { normalisedCode } from "../domain/notice/code.ts";
import { renderPublic } from "../domain/notice/render.ts";
import * as notices from "../store/notice.ts";
import { compiledVersion } from "./notice/compiled.ts";

/**
 * The exact wording behind a public notice code, with neutral words where a reader would see
 * their own. Nothing where the code is unknown, cannot be one, or its notice is not approved:
 * a draft is nobody's business.
 */
export async function checkCode(ctx: Context, typed: string): Promise<CheckView["found"]> {
  const code = normalisedCode(typed);
  const found = code === undefined ? undefined : await notices.published(ctx.sql, code);
  if (code === undefined || !found) return undefined;
  const { compiled } = await compiledVersion(ctx, found.noticeVersionId);
  const { subjects, language, html } = renderPublic(compiled, found.language);
  return { code, subjects, language, html, from: found.sender.from };
}
