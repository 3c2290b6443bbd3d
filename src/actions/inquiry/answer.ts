import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { InquiryContent, approved, closed, drafted, sentBack } from "../../domain/inquiry.ts";
import type { Answer, Decision, Entered, Inquiry } from "../../domain/inquiry.ts";
import { padded } from "../../domain/padding.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/inquiry/inquiry.ts";
import * as timeline from "../../store/timeline.ts";
import { say } from "../message.ts";
import { INQUIRY_PADDED_TO, keepInquiry } from "./act.ts";
import { knownPerson } from "./reach.ts";

export interface InquiryPath {
  readonly incidentId: string;
  readonly inquiryId: string;
}

/** One inquiry with what was written. */
export interface OpenedInquiry {
  readonly inquiry: Inquiry;
  /** Null: the person was erased, and their words with them. */
  readonly text: string | null;
  /** Where to answer somebody whom we do not know. */
  readonly contact: string | null;
  readonly answer: string | null;
}

/** Put a telephone call or a letter into the queue. Refuses a recipient of another incident. */
export function enter(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { kind, channel, text, recipientId, language, contact }: Entered,
): Promise<Inquiry> {
  return ctx.sql.begin(async (tx) => {
    await incidents.find(tx, incidentId);
    if (recipientId !== undefined) await recipients.find(tx, incidentId, recipientId);
    const inquiry = await keepInquiry(ctx, tx, {
      incidentId,
      recipientId: recipientId ?? null,
      kind,
      channel,
      language,
      enteredBy: actor.staffId,
      content: { text, ...(contact !== undefined && { contact }) },
    });
    await note(ctx, tx, actor, { action: "inquiry.enter", inquiry });
    return inquiry;
  });
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

interface Note {
  readonly action: string;
  readonly inquiry: Inquiry;
  readonly reason?: string;
}

/** What the timeline keeps of an inquiry: never a word of it. */
function note(ctx: Context, tx: Sql, actor: Actor, given: Note): Promise<void> {
  const { action, inquiry, reason } = given;
  const { incidentId, id, number, kind, channel, state, version } = inquiry;
  const { staffId, requestId } = actor;
  const reasonHash = reason === undefined ? {} : { reasonHash: canonicalHash(reason) };
  const after = { number, kind, channel, state, version, ...reasonHash };
  const subject = `inquiry:${id}`;
  return timeline.append(
    tx,
    { incidentId, actor: staffId, action, subject, after, requestId },
    ctx.now(),
  );
}

/** An outage of the mail server may last some days. */
const TOLD_WITHIN_MS = 7 * 24 * 3_600_000;
