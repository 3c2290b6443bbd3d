import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../context.ts";
import type { Context } from "../context.ts";
import { after } from "../domain/delivery.ts";
import type { Outcome } from "../domain/delivery.ts";
import { MessageHold, composeEmail, composeSkeleton } from "../domain/delivery/message.ts";
import { escapeHtml } from "../domain/notice/html.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Sql } from "../store/db.ts";
import * as messages from "../store/message.ts";
import type { Claimed } from "../store/message.ts";

/** One message to one address, about one thing. */
export interface Say {
  /** What it is, such as `one-time-code`. */
  readonly kind: string;
  /** What it is about: with the kind it is unique, so the same thing is never said twice. */
  readonly key: string;
  readonly channel: "email" | "sms";
  readonly to: string;
  /** BCP 47. */
  readonly language: string;
  /** For e-mail; an SMS has none. */
  readonly subject: string;
  /** Plain text; a paragraph that is an address stands on a line of its own. */
  readonly paragraphs: readonly string[];
  /** Sealed under this incident's key; the organisation's unless said. */
  readonly keyId?: string;
  /** Courtesy mail: where one POST stops it (RFC 8058). */
  readonly unsubscribe?: string;
  /** Somebody sits and waits for it: it goes before all that is not urgent. */
  readonly urgent?: boolean;
  /** Not sent after this; a day from now unless said. */
  readonly expiresAt?: Date;
}

/** Say something, in the transaction of what it is about. A worker sends it. False: it was said. */
export async function say(ctx: Context, tx: Sql, message: Say): Promise<boolean> {
  const {
    kind,
    key,
    channel,
    keyId = ORGANISATION,
    urgent = false,
    expiresAt,
    ...content
  } = message;
  const id = randomUUID();
  const keys = await ctx.vault.keys(keyId);
  const sealed = keys.seal("message", id, content);
  return messages.insert(tx, {
    id,
    kind,
    key,
    channel,
    keyId,
    sealed,
    urgent,
    expiresAt: expiresAt ?? new Date(ctx.now().getTime() + A_DAY_MS),
  });
}

/** Send what is due. Any worker may, at any time; only claimed rows are sent. */
export async function sendMessages(ctx: Context, { workerId, mayWrite }: Sender): Promise<void> {
  for (;;) {
    const claimedAt = performance.now();
    const rows = await messages.claim(ctx.sql, { workerId, rowsMax: AT_ONCE, now: ctx.now() });
    const due = rows.filter(({ late }) => !late);
    await Promise.all(due.map((row) => sendOne(ctx, row, () => mayWrite(claimedAt))));
    if (rows.length < AT_ONCE) break;
  }
  const unknown = await messages.markUnknown(ctx.sql);
  if (unknown > 0) ctx.log.warn({ unknown }, "messages of a silent worker are unknown now");
}

interface Sender {
  readonly workerId: string;
  /** Whether something claimed at this monotonic time may be written. */
  readonly mayWrite: (claimedAt: number) => boolean;
}

async function sendOne(ctx: Context, row: Claimed, mayWrite: () => boolean): Promise<void> {
  const outcome = await handOver(ctx, row, mayWrite).catch((err: unknown): Outcome => {
    if (err instanceof MessageHold) return { kind: "rejected", fault: "recipient", code: "held" };
    ctx.log.error({ err, messageId: row.id }, "a message could not be sent");
    return { kind: "not-sent", code: "error" };
  });
  const verdict = after(outcome, row.attempt);
  const state = verdict.state === "held" ? "rejected" : verdict.state;
  const nextInMs = Math.max(verdict.nextInMs, state === "planned" ? RETRY_MS : 0);
  const tried = outcome.kind !== "not-sent";
  await messages.settle(ctx.sql, { ...row, state, code: outcome.code, nextInMs, tried });
}

async function handOver(ctx: Context, row: Claimed, mayWrite: () => boolean): Promise<Outcome> {
  const keys = await ctx.vault.keys(row.keyId);
  const content = Content.parse(keys.open("message", row.id, row.sealed));
  if (row.channel === "email") return ctx.email.send(email(ctx, row.id, content), mayWrite);
  if (!ctx.sms) return { kind: "rejected", fault: "recipient", code: "no-sms" };
  const text = content.paragraphs.join("\n");
  return ctx.sms.send({ to: content.to, text, statusCallback: "" }, mayWrite);
}

function email(ctx: Context, id: string, content: z.output<typeof Content>) {
  const { ORGANISATION: organisation, MAIL_FROM: from } = ctx.config;
  const { language, subject, paragraphs, to, unsubscribe } = content;
  const body = paragraphs.map((each) => `<p>${escapeHtml(each)}</p>`).join("\n");
  const html = ctx.templates.mail.wrap({ language, title: organisation, organisation, body });
  const skeleton = composeSkeleton({
    from: { name: organisation, address: from },
    language,
    version: canonicalHash(id),
  });
  const message = composeEmail(skeleton, {
    to: { address: to },
    ...(unsubscribe !== undefined && { unsubscribe }),
    subject,
    text: paragraphs.join("\n\n"),
    html,
    messageId: id.replaceAll("-", ""),
    date: ctx.now(),
  });
  return { from, to, message };
}

const Content = z.object({
  to: z.string(),
  language: z.string(),
  subject: z.string(),
  paragraphs: z.array(z.string()),
  unsubscribe: z.string().optional(),
});

const A_DAY_MS = 24 * 3_600_000;
const AT_ONCE = 20;
const RETRY_MS = 2_000;
