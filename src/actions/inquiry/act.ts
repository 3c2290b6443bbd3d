import { randomBytes, randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { PreferredChannel } from "../../domain/audience/person.ts";
import { Asked, dueAt } from "../../domain/inquiry.ts";
import type { Inquiry, InquiryContent } from "../../domain/inquiry.ts";
import { inquiryNumber } from "../../domain/inquiry/code.ts";
import { PageLanguage } from "../../domain/language.ts";
import { padded } from "../../domain/padding.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import type { Person } from "../../store/inquiry/code.ts";
import * as inquiries from "../../store/inquiry/inquiry.ts";
import * as mine from "../../store/inquiry/mine.ts";
import * as tallies from "../../store/inquiry/tally.ts";
import * as suppressions from "../../store/suppression.ts";
import * as timeline from "../../store/timeline.ts";
import { personOfToken } from "./code.ts";
import { whileOpen } from "./visit.ts";

/** A person chose language and channel for the follow-ups: the next wave is planned by it. */
export const onPreference = whileOpen(async (ctx, tx, person, value) => {
  const { language, channel } = Preference.parse(value);
  await mine.prefer(tx, person, { language, channel });
  await note(ctx, tx, person, { action: "recipient.prefer", after: { language, channel } });
  return "saved";
});

/** A person wants no more optional follow-ups. */
export const onStop = whileOpen(async (ctx, tx, person) => {
  await stopFollowUps(ctx, tx, person);
  return "stopped";
});

/** The same by the link in a mail. A token that is not ours does nothing. */
export async function onStopLink(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { token } = z.object({ token: z.string() }).parse(value);
  const person = await personOfToken(ctx, token);
  if (person && (await mine.standing(tx, person))) await stopFollowUps(ctx, tx, person);
}

/** A person asks, complains, or makes use of a right. */
export const onAsk = whileOpen(async (ctx, tx, person, value) => {
  const { kind, text, language } = AskedIn.parse(value);
  const organisation = await ctx.vault.keys(ORGANISATION);
  const counted = organisation.hash("inquiry-tally", person.recipientId);
  if (!(await tallies.take(tx, ASKED_A_DAY, counted, ctx.now()))) return "too-many";
  const inquiry = await keepInquiry(ctx, tx, {
    ...person,
    kind,
    language,
    channel: "web",
    enteredBy: null,
    content: { text },
  });
  const subject = `inquiry:${inquiry.id}`;
  const after = { number: inquiry.number, kind, channel: "web" };
  await note(ctx, tx, person, { action: "inquiry.ask", subject, after });
  return "asked";
});

/** A new inquiry with its clock and its number. */
export async function keepInquiry(
  ctx: Context,
  tx: Sql,
  given: Pick<
    Inquiry,
    "incidentId" | "recipientId" | "kind" | "channel" | "language" | "enteredBy"
  > & {
    readonly content: InquiryContent;
  },
): Promise<Inquiry> {
  const { content, ...rest } = given;
  const id = randomUUID();
  const createdAt = ctx.now();
  const { awareZone } = await incidents.find(tx, given.incidentId);
  const keys = await ctx.vault.keys(given.incidentId);
  const sealed = keys.seal("inquiry", id, padded(content, INQUIRY_PADDED_TO));
  for (;;) {
    const inquiry: Inquiry = {
      ...rest,
      id,
      number: inquiryNumber(randomBytes(NUMBER_BYTES)),
      state: "new",
      version: 1,
      createdAt,
      dueAt: dueAt(given.kind, createdAt, awareZone),
      draftedBy: null,
      approvedBy: null,
      answeredAt: null,
    };
    if (await inquiries.insert(tx, inquiry, sealed)) return inquiry;
  }
}

async function stopFollowUps(ctx: Context, tx: Sql, person: Person): Promise<void> {
  const suppression = {
    ...person,
    reason: "opted-out",
    createdBy: null,
    createdAt: ctx.now(),
  } as const;
  if (!(await suppressions.add(tx, suppression))) return;
  await note(ctx, tx, person, { action: "recipient.suppress", after: { reason: "opted-out" } });
}

interface Note {
  readonly action: string;
  readonly subject?: string;
  readonly after: Readonly<Record<string, string | null>>;
}

/** People have no name in the timeline: the recipient's id says whose act it was. */
function note(ctx: Context, tx: Sql, person: Person, { subject, ...rest }: Note): Promise<void> {
  const { incidentId, recipientId } = person;
  const about = subject ?? `recipient:${recipientId}`;
  return timeline.append(
    tx,
    { incidentId, actor: "system:public", subject: about, ...rest },
    ctx.now(),
  );
}

const Preference = z.object({ language: PageLanguage, channel: PreferredChannel.nullable() });
const AskedIn = Asked.extend({ language: PageLanguage });

/** The length of what is sealed tells no more of a question than this. */
export const INQUIRY_PADDED_TO = 2_048;
const NUMBER_BYTES = 6;
const DAY_MS = 24 * 3_600_000;
const ASKED_A_DAY = { kind: "inquiry", windowMs: DAY_MS, inWindow: 3, keptMs: 2 * DAY_MS };
