import { z } from "zod";

import type { Context } from "../../context.ts";
import { JudgedProblem } from "../../domain/notice/lint/override.ts";
import { Notice, NoticeVersion } from "../../domain/notice/notice.ts";
import { Comment, VersionLine } from "../../store/notice.ts";
import * as incidents from "../../store/incident.ts";
import * as notices from "../../store/notice.ts";
import { compiledVersion } from "./compiled.ts";
import type { NoticePath } from "./draft.ts";
import { problemsOf } from "./gate.ts";

/** A version as it is shown: its hash in hex. */
export const VersionView = NoticeVersion.omit({ contentHash: true }).extend({
  contentHash: z.string(),
});

/** A notice with its text, what a careful colleague would say of it, and what reviewers said. */
export const NoticeView = z.object({
  notice: Notice,
  version: VersionView,
  problems: z.array(JudgedProblem),
  comments: z.array(Comment),
});
export type NoticeView = z.output<typeof NoticeView>;

export const VersionList = z.object({ versions: z.array(VersionLine) });

/** A notice at one of its versions; the current one unless said. */
export async function get(
  ctx: Context,
  { incidentId, noticeId }: NoticePath,
  number?: number,
): Promise<NoticeView> {
  const notice = await notices.find(ctx.sql, incidentId, noticeId);
  const stored = await notices.version(ctx.sql, noticeId, number ?? notice.number);
  const version = await compiledVersion(ctx, stored.id);
  return {
    notice,
    version: { ...stored, contentHash: stored.contentHash.toString("hex") },
    problems: await problemsOf(ctx, ctx.sql, version, notice),
    comments: await notices.comments(ctx.sql, noticeId),
  };
}

/** Every notice of an incident, the newest first. Refuses `not-found`. */
export async function list(ctx: Context, incidentId: string): Promise<Notice[]> {
  await incidents.find(ctx.sql, incidentId);
  return notices.ofIncident(ctx.sql, incidentId);
}

/** Who wrote each version and when, without the texts. */
export async function versions(ctx: Context, { incidentId, noticeId }: NoticePath) {
  const notice = await notices.find(ctx.sql, incidentId, noticeId);
  return { versions: await notices.versionLines(ctx.sql, notice.id) };
}
