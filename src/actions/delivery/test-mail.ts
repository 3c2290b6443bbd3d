import { randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context } from "../../context.ts";
import { composeEmail, composeSkeleton } from "../../domain/delivery/message.ts";
import { render } from "../../domain/notice/render.ts";
import { VariantCode, keyOf } from "../../domain/notice/split.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as notices from "../../store/notice.ts";
import * as members from "../../store/staff/member.ts";
import * as timeline from "../../store/timeline.ts";
import { compiledVersion, held } from "../notice/compiled.ts";
import type { NoticePath } from "../notice/draft.ts";
import { INVENTED } from "../notice/invented.ts";
import { addressOf } from "../staff/address.ts";

/** Which of the invented people to be, and in which language. */
export const TestMail = z.strictObject({
  person: z.enum(["long-name", "shared-mailbox", "no-name"]).default("long-name"),
  language: z.string().max(35).default("en"),
  /** The text for everybody else unless said. */
  variant: VariantCode.nullish(),
});
export type TestMail = z.output<typeof TestMail>;

/**
 * Send a notice to oneself as an invented person would get it, at the address of one's own
 * account and nowhere else. Refuses the 21st within an hour, and says what the mail provider
 * answered where it did not take the message.
 */
export async function sendTest(
  ctx: Context,
  actor: Actor,
  { incidentId, noticeId }: NoticePath,
  { person, language, variant = null }: TestMail,
): Promise<{ outcome: string }> {
  const notice = await notices.find(ctx.sql, incidentId, noticeId);
  const { id } = await notices.version(ctx.sql, noticeId, notice.number);
  const { texts, version } = await compiledVersion(ctx, id);
  const reader = INVENTED.find((each) => each.id === person) ?? INVENTED[0];
  const text =
    texts.variants.find((each) => each.variant === variant) ??
    refuse("not-found", "This notice has no such variant.");
  const rendered = held(() => render(text, language, reader));
  const to = await ownAddress(ctx, actor);

  // Counted and committed before anything leaves: twenty requests at once are twenty.
  await ctx.sql.begin(async (tx) => {
    await members.lock(tx, actor.staffId);
    const hourAgo = new Date(ctx.now().getTime() - 3_600_000);
    if ((await timeline.count(tx, actor.staffId, ACTION, hourAgo)) >= TESTS_AN_HOUR)
      refuse("too-many-requests", `You can send ${TESTS_AN_HOUR} tests an hour.`);
    const subject = `notice:${noticeId}`;
    const { staffId, requestId } = actor;
    const after = { number: version.number, person, language: keyOf(rendered.language, variant) };
    await timeline.append(
      tx,
      { incidentId, actor: staffId, action: ACTION, subject, after, requestId },
      ctx.now(),
    );
  });

  const { sender } = version;
  const skeleton = composeSkeleton({
    from: { name: sender.organisation, address: sender.from },
    replyTo: sender.replyTo,
    language: rendered.language,
    version: `test-${version.id}`,
  });
  const message = composeEmail(skeleton, {
    to: { address: to },
    subject: `[Test] ${rendered.subject}`,
    text: rendered.text,
    html: rendered.html,
    messageId: randomUUID().replaceAll("-", ""),
    date: ctx.now(),
  });
  const { kind } = await ctx.email.send({ from: sender.from, to, message }, () => true);
  return { outcome: kind };
}

async function ownAddress(ctx: Context, { staffId }: Actor): Promise<string> {
  const address = await addressOf(ctx, ctx.sql, staffId);
  return address ?? refuse("not-found", "Your account has no address.");
}

const ACTION = "notice.test";
const TESTS_AN_HOUR = 20;
