import type { Context } from "../../context.ts";
import { followupSource } from "../../domain/followup/source.ts";
import type { Followup, Sending } from "../../domain/followup.ts";
import { Language } from "../../domain/notice/notice.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { within } from "../../store/followup/within.ts";
import type { Transaction } from "../../store/followup/within.ts";
import { newestPublished } from "../../store/publication.ts";
import { NewSubmission, submit } from "../approval/submit.ts";
import { draft } from "../notice/draft.ts";
import type { Drafted } from "../notice/draft.ts";

/** What became of a follow-up's notice. */
export type Made = Pick<Followup, "noticeId" | "submissionId" | "problem">;

/**
 * Make the notice of a follow-up, from the newest published update where there is one, and propose
 * it where its plan says to whom. What is refused on the way is left for a person, with the code
 * of the refusal; nothing here can approve or send.
 */
export async function makeDraft(
  ctx: Context,
  tx: Transaction,
  actor: Actor,
  { incidentId, sending }: { readonly incidentId: string; readonly sending: Sending | null },
): Promise<Made> {
  const inner = { ...ctx, sql: within(tx) };
  const languages = await sources(ctx, tx, incidentId);
  const told = languages && (await tried(() => draft(inner, actor, incidentId, languages)));
  const drafted = told?.done ?? (await tried(() => draft(inner, actor, incidentId, SHIPPED))).done;
  if (!drafted) return { noticeId: null, submissionId: null, problem: "no-draft" };

  const noticeId = drafted.notice.id;
  // The update could not be put into a notice: submitting the shipped text would hide that.
  if (told && !told.done) return { noticeId, submissionId: null, problem: "update-refused" };
  if (!sending) return { noticeId, submissionId: null, problem: null };
  const given = submissionOf(drafted, sending);
  const { done, code = null } = await tried(() => submit(inner, actor, incidentId, given));
  return { noticeId, submissionId: done?.id ?? null, problem: code };
}

/** The newest published update as sources, in the languages that there is a shipped notice for. */
async function sources(ctx: Context, tx: Transaction, incidentId: string) {
  const newest = await newestPublished(tx, incidentId);
  const found = Object.entries(newest?.languages ?? {}).flatMap(
    ([language, told]): [string, string][] => {
      const shipped = ctx.templates.notice("update", language);
      const known = shipped !== undefined && Language.safeParse(language).success;
      return known ? [[language, followupSource(shipped, told)]] : [];
    },
  );
  return found.length === 0 ? undefined : { ...SHIPPED, languages: Object.fromEntries(found) };
}

function submissionOf({ notice }: Drafted, { audienceId, plan, canary }: Sending): NewSubmission {
  return NewSubmission.parse({
    noticeId: notice.id,
    version: notice.version,
    audienceId,
    plan,
    ...(canary !== undefined && { canary }),
  });
}

/** What an action answers, or the code of its refusal. */
async function tried<T>(act: () => Promise<T>): Promise<{ done?: T; code?: string }> {
  try {
    return { done: await act() };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code };
    throw error;
  }
}

const SHIPPED = { kind: "update" } as const;
