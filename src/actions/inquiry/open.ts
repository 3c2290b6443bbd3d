import type { Context } from "../../context.ts";
import { InquiryContent } from "../../domain/inquiry.ts";
import type { Inquiry } from "../../domain/inquiry.ts";
import type { Actor } from "../../domain/staff.ts";
import * as store from "../../store/inquiry/inquiry.ts";
import type { InquiryPath } from "./answer.ts";
import { note } from "./note.ts";

/** One inquiry with what was written. */
export interface OpenedInquiry {
  readonly inquiry: Inquiry;
  /** Null: the person was erased, and their words with them. */
  readonly text: string | null;
  /** Where to answer somebody whom we do not know. */
  readonly contact: string | null;
  readonly answer: string | null;
}

/** Read an inquiry. Who read it stands in the timeline. */
export async function open(
  ctx: Context,
  actor: Actor,
  { incidentId, inquiryId }: InquiryPath,
): Promise<OpenedInquiry> {
  const row = await store.find(ctx.sql, incidentId, inquiryId);
  await ctx.sql.begin((tx) => note(ctx, tx, actor, { action: "inquiry.open", inquiry: row }));
  const keys = await ctx.vault.keys(incidentId);
  const content = row.sealed && InquiryContent.parse(keys.open("inquiry", inquiryId, row.sealed));
  const answer =
    row.answer && InquiryContent.parse(keys.open("inquiry_answer", inquiryId, row.answer)).text;
  return {
    inquiry: row,
    text: content?.text ?? null,
    contact: content?.contact ?? null,
    answer,
  };
}
