import type { Context } from "../../context.ts";
import type { Plan } from "../../domain/approval.ts";
import type { NoticeKind } from "../../domain/notice/notice.ts";
import { RenderHold, render, renderParts } from "../../domain/notice/render.ts";
import type { Rendered } from "../../domain/notice/render.ts";
import { Refusal } from "../../domain/refusal.ts";
import { finding } from "../../domain/wave/finding.ts";
import type { Finding, FindingCode } from "../../domain/wave/finding.ts";
import { compiledVersion, lintAll } from "../notice/compiled.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import { INVENTED } from "../notice/invented.ts";

export interface Worded {
  readonly noticeVersionId: string;
  readonly kind: NoticeKind;
  readonly channels: Plan["channels"];
}

/** Whether an approved version can still be said: each language on each channel, to anybody. */
export async function wordingFindings(
  ctx: Context,
  { noticeVersionId, kind, channels }: Worded,
): Promise<Finding[]> {
  const version = await compiledVersion(ctx, noticeVersionId).catch((error: unknown) => {
    if (error instanceof Refusal) return undefined;
    throw error;
  });
  if (!version) return [finding("language-unrenderable", "notice")];
  const tags = [...version.compiled.languages.keys()];
  const found = tags.flatMap((tag) => ofLanguage(ctx, version, { tag, channels }));
  return [
    ...(version.layoutCurrent ? [] : [finding("layout-changed", "notice")]),
    ...found,
    ...(found.length === 0 ? lintFindings(version, kind) : []),
  ];
}

function ofLanguage(
  ctx: Context,
  { compiled, version }: CompiledVersion,
  { tag, channels }: { readonly tag: string; readonly channels: Plan["channels"] },
): Finding[] {
  const codes = new Set<FindingCode>();
  for (const person of INVENTED)
    try {
      const shown = render(compiled, tag, person);
      if (channels.includes("letter")) renderParts(compiled, tag, person);
      if (channels.includes("sms") && shown.sms === "") codes.add("sms-text-missing");
      if (foreignHost(ctx, version.sender.linkHosts, shown)) codes.add("link-host");
    } catch (error) {
      if (!(error instanceof RenderHold)) throw error;
      codes.add("language-unrenderable");
    }
  return [...codes].map((code) => finding(code, `languages.${tag}`));
}

/** A host that was allowed when this was approved, is named in the text and is no longer allowed. */
function foreignHost({ config }: Context, approved: readonly string[], shown: Rendered): boolean {
  const now = new Set([new URL(config.PUBLIC_URL).host, ...(config.LINK_HOSTS ?? [])]);
  return approved.some((host) => !now.has(host) && shown.text.includes(`://${host}`));
}

function lintFindings(version: CompiledVersion, kind: NoticeKind): Finding[] {
  const grave = lintAll(version, kind).filter(({ severity }) => severity === "must-fix");
  const tags = new Set(grave.map(({ language }) => language));
  return [...tags].map((tag) => finding("text-must-fix", `languages.${tag}`));
}
