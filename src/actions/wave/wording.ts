import type { Context } from "../../context.ts";
import type { Plan } from "../../domain/approval.ts";
import type { CompiledNotice } from "../../domain/notice/compile.ts";
import type { NoticeKind } from "../../domain/notice/notice.ts";
import { RenderHold, render, renderParts } from "../../domain/notice/render.ts";
import type { Rendered } from "../../domain/notice/render.ts";
import { blocking } from "../../domain/notice/lint/override.ts";
import { keyOf } from "../../domain/notice/split.ts";
import { Refusal } from "../../domain/refusal.ts";
import { finding } from "../../domain/wave/finding.ts";
import type { Finding, FindingCode } from "../../domain/wave/finding.ts";
import { compiledVersion } from "../notice/compiled.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import { problemsOf } from "../notice/gate.ts";
import { INVENTED } from "../notice/invented.ts";

export interface Worded {
  readonly incidentId: string;
  readonly noticeVersionId: string;
  readonly kind: NoticeKind;
  readonly channels: Plan["channels"];
}

/** Whether an approved version can still be said: each language on each channel, to anybody. */
export async function wordingFindings(
  ctx: Context,
  { noticeVersionId, incidentId, kind, channels }: Worded,
): Promise<Finding[]> {
  const version = await compiledVersion(ctx, noticeVersionId).catch((error: unknown) => {
    if (error instanceof Refusal) return undefined;
    throw error;
  });
  if (!version) return [finding("language-unrenderable", "notice")];
  const found = version.texts.variants.flatMap((notice) =>
    [...notice.languages.keys()].flatMap((tag) =>
      ofLanguage(ctx, version, { notice, tag, channels }),
    ),
  );
  return [
    ...(version.layoutCurrent ? [] : [finding("layout-changed", "notice")]),
    ...found,
    ...(found.length === 0 ? await lintFindings(ctx, version, { incidentId, kind }) : []),
  ];
}

function ofLanguage(
  ctx: Context,
  { version }: CompiledVersion,
  { notice, tag, channels }: Said,
): Finding[] {
  const codes = new Set<FindingCode>();
  for (const person of INVENTED)
    try {
      const shown = render(notice, tag, person);
      if (channels.includes("letter")) renderParts(notice, tag, person);
      if (channels.includes("sms") && shown.sms === "") codes.add("sms-text-missing");
      if (foreignHost(ctx, version.sender.linkHosts, shown)) codes.add("link-host");
    } catch (error) {
      if (!(error instanceof RenderHold)) throw error;
      codes.add("language-unrenderable");
    }
  return [...codes].map((code) => finding(code, `languages.${keyOf(tag, notice.variant)}`));
}

interface Said {
  readonly notice: CompiledNotice;
  readonly tag: string;
  readonly channels: Plan["channels"];
}

/** A host that was allowed when this was approved, is named in the text and is no longer allowed. */
function foreignHost({ config }: Context, approved: readonly string[], shown: Rendered): boolean {
  const now = new Set([new URL(config.PUBLIC_URL).host, ...(config.LINK_HOSTS ?? [])]);
  return approved.some((host) => !now.has(host) && shown.text.includes(`://${host}`));
}

async function lintFindings(
  ctx: Context,
  version: CompiledVersion,
  notice: Pick<Worded, "incidentId" | "kind">,
): Promise<Finding[]> {
  const grave = blocking(await problemsOf(ctx, ctx.sql, version, notice));
  const tags = new Set(grave.map(({ language }) => language));
  return [...tags].map((tag) => finding("text-must-fix", `languages.${tag}`));
}
