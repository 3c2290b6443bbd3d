import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { approved, closed, drafted, sentBack } from "../../domain/inquiry.ts";
import type { Answer, Decision, Inquiry } from "../../domain/inquiry.ts";
import { padded } from "../../domain/padding.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as store from "../../store/inquiry/inquiry.ts";
import { say } from "../message.ts";
import { INQUIRY_PADDED_TO } from "./act.ts";
import { note } from "./note.ts";
import { knownPerson } from "./reach.ts";

export interface InquiryPath {
  readonly incidentId: string;
  readonly inquiryId: string;
}

/** Write an answer, or write it again; a second person must approve it. */
export function answer(
  ctx: Context,
  actor: Actor,
  path: InquiryPath,
  { version, text }: Answer,
): Promise<Inquiry> {
  return change(ctx, path, async (tx, before) => {
    const inquiry = drafted(before, version, actor);
    const keys = await ctx.vault.keys(path.incidentId);
    await store.update(
      tx,
      inquiry,
      keys.seal("inquiry_answer", inquiry.id, padded({ text }, INQUIRY_PADDED_TO)),
    );
    await note(ctx, tx, actor, { action: "inquiry.draft", inquiry });
    return inquiry;
  });
}

/**
 * Approve an answer that another person wrote. The person who asked is told that there is one; it
 * is read in *my notice*, and never stands in a mail.
 */
export function approve(
  ctx: Context,
  actor: Actor,
  path: InquiryPath,
  version: number,
): Promise<Inquiry> {
  return change(ctx, path, async (tx, before) => {
    const inquiry = approved(before, version, actor, ctx.now());
    await store.update(tx, inquiry);
    await tell(ctx, tx, inquiry);
    await note(ctx, tx, actor, { action: "inquiry.approve", inquiry });
    return inquiry;
  });
}

/** Ask for another answer. The reason is kept as a hash only, because people name people in it. */
export function sendBack(
  ctx: Context,
  actor: Actor,
  path: InquiryPath,
  { version, reason }: Decision,
): Promise<Inquiry> {
  return change(ctx, path, async (tx, before) => {
    const inquiry = sentBack(before, version, actor);
    await store.update(tx, inquiry);
    await note(ctx, tx, actor, { action: "inquiry.send-back", inquiry, reason });
    return inquiry;
  });
}

/** End an inquiry without an answer. */
export function close(
  ctx: Context,
  actor: Actor,
  path: InquiryPath,
  { version, reason }: Decision,
): Promise<Inquiry> {
  return change(ctx, path, async (tx, before) => {
    const inquiry = closed(before, version);
    await store.update(tx, inquiry);
    await note(ctx, tx, actor, { action: "inquiry.close", inquiry, reason });
    return inquiry;
  });
}

function change(
  ctx: Context,
  { incidentId, inquiryId }: InquiryPath,
  decide: (tx: Sql, before: Inquiry) => Promise<Inquiry>,
): Promise<Inquiry> {
  return ctx.sql.begin(async (tx) => decide(tx, await store.lock(tx, incidentId, inquiryId)));
}

/** Tell the person that there is an answer. Those whom no message reaches are called or written to. */
async function tell(ctx: Context, tx: Sql, inquiry: Inquiry): Promise<void> {
  const { incidentId, recipientId } = inquiry;
  const known = recipientId && (await knownPerson(ctx, tx, { incidentId, recipientId }));
  if (!known || !known.address) return;
  const { number } = inquiry;
  const { host, pathname } = new URL("/my", ctx.config.PUBLIC_URL);
  const values = { organisation: ctx.config.ORGANISATION, address: host + pathname, number };
  const w = ctx.templates.words("inquiry-mail", inquiry.language, values);
  const { answerSubject = "", answerText = "", answerHow = "", answerSms = "" } = w;
  await say(ctx, tx, {
    kind: "inquiry-answered",
    key: inquiry.id,
    ...known.address,
    language: inquiry.language,
    subject: answerSubject,
    paragraphs: known.address.channel === "sms" ? [answerSms] : [answerText, answerHow],
    keyId: ORGANISATION,
    expiresAt: new Date(ctx.now().getTime() + TOLD_WITHIN_MS),
  });
}

/** An outage of the mail server may last some days. */
const TOLD_WITHIN_MS = 7 * 24 * 3_600_000;
