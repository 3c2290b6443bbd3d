import type { Context } from "../../context.ts";
import { csvLine } from "../../domain/audience/cells.ts";
import { maskPerson } from "../../domain/audience/mask.ts";
import { Person } from "../../domain/audience/person.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as audiences from "../../store/audience/audience.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Recipient } from "../../store/audience/recipient.ts";
import * as members from "../../store/staff/member.ts";
import * as timeline from "../../store/timeline.ts";
import { secondPerson } from "../countersign.ts";

export interface AudiencePath {
  readonly incidentId: string;
  readonly audienceId: string;
}

/** People of an audience, masked, in order of id. Looking is an entry in the timeline too. */
export async function listMasked(
  ctx: Context,
  actor: Actor,
  { incidentId, audienceId }: AudiencePath,
  { after, limit }: { after: string | undefined; limit: number },
) {
  await audiences.find(ctx.sql, incidentId, audienceId);
  const page = await recipients.page(ctx.sql, audienceId, after ?? FIRST_ID, limit);
  const open = await opener(ctx, incidentId);
  await note(ctx, actor, { incidentId, action: "recipient.list", audienceId, count: page.length });
  const last = page.length === limit ? page.at(-1) : undefined;
  return {
    recipients: page.map((row) => ({ ...visible(row), ...maskPerson(open(row)) })),
    next: last?.id ?? null,
  };
}

/** One person in clear. The reason is kept in the timeline. Refuses the 21st within an hour. */
export async function reveal(
  ctx: Context,
  actor: Actor,
  { incidentId, recipientId }: { incidentId: string; recipientId: string },
  reason: string,
) {
  const row = await recipients.find(ctx.sql, incidentId, recipientId);
  const open = await opener(ctx, incidentId);
  await ctx.sql.begin(async (tx) => {
    await members.lock(tx, actor.staffId);
    const hourAgo = new Date(ctx.now().getTime() - 3_600_000);
    if ((await timeline.count(tx, actor.staffId, REVEAL, hourAgo)) >= REVEALS_AN_HOUR)
      refuse("too-many-requests", `You can reveal ${REVEALS_AN_HOUR} people an hour.`);
    const { staffId, requestId } = actor;
    const subject = `recipient:${recipientId}`;
    await timeline.append(
      tx,
      { incidentId, actor: staffId, action: REVEAL, subject, reason, requestId },
      ctx.now(),
    );
  });
  return { ...visible(row), person: open(row) };
}

/**
 * Everybody in clear, as a file. Two people with the right must ask within a day: the first is
 * refused with `four-eyes` after the asking is recorded, the second gets the file.
 */
export async function exportRecipients(
  ctx: Context,
  actor: Actor,
  { incidentId, audienceId }: AudiencePath,
  reason: string,
) {
  await audiences.find(ctx.sql, incidentId, audienceId);
  const agreed = await ctx.sql.begin((tx) =>
    secondPerson(ctx, tx, actor, {
      act: "recipient.export",
      subjectId: audienceId,
      incidentId,
      reason,
    }),
  );
  if (agreed === "waiting")
    refuse("four-eyes", "Recorded. A second person must ask for this export within 24 hours.");
  const count = await recipients.count(ctx.sql, audienceId);
  await note(ctx, actor, { incidentId, action: "recipient.export", audienceId, count });
  const open = await opener(ctx, incidentId);
  return {
    filename: `recipients-${audienceId}.csv`,
    contentType: "text/csv",
    content: exportLines(ctx, audienceId, open),
  };
}

async function* exportLines(
  ctx: Context,
  audienceId: string,
  open: (row: Recipient) => Person,
): AsyncGenerator<string> {
  yield csvLine([...COLUMNS.keys()]);
  for (let after = FIRST_ID; ;) {
    const page = await recipients.page(ctx.sql, audienceId, after, EXPORT_PAGE);
    const lines = page.map((row) => {
      const person = open(row);
      return csvLine([...COLUMNS.values()].map((cell) => cell(row.id, person) ?? ""));
    });
    yield lines.join("");
    const last = page.at(-1);
    if (!last || page.length < EXPORT_PAGE) return;
    after = last.id;
  }
}

async function opener(ctx: Context, incidentId: string) {
  const keys = await ctx.vault.keys(incidentId);
  return ({ id, sealed }: Recipient) => Person.parse(keys.open("recipient", id, sealed));
}

/** What may be seen of a recipient without opening the content. */
function visible(row: Recipient) {
  const { id, audienceId, language, agreed, hasEmail, hasPhone, hasPost, sharedMailbox } = row;
  return { id, audienceId, language, agreed, hasEmail, hasPhone, hasPost, sharedMailbox };
}

interface Look {
  readonly incidentId: string;
  readonly action: "recipient.list" | "recipient.export";
  readonly audienceId: string;
  readonly count: number;
}

function note(ctx: Context, actor: Actor, look: Look): Promise<void> {
  return ctx.sql.begin((tx) =>
    timeline.append(
      tx,
      {
        incidentId: look.incidentId,
        actor: actor.staffId,
        action: look.action,
        subject: `audience:${look.audienceId}`,
        after: { count: look.count },
        requestId: actor.requestId,
      },
      ctx.now(),
    ),
  );
}

const REVEAL = "recipient.reveal";
/** More than any one call takes, and too few to copy a list by hand. */
const REVEALS_AN_HOUR = 20;
/** Smaller than every id. */
const FIRST_ID = "00000000-0000-0000-0000-000000000000";
const EXPORT_PAGE = 500;

/** The export, column by column; an import guesses the same names back. */
const COLUMNS: ReadonlyMap<string, (id: string, person: Person) => string | undefined> = new Map<
  string,
  (id: string, person: Person) => string | undefined
>([
  ["recipient", (id) => id],
  ["reference", (_, { reference }) => reference],
  ["name", (_, { name }) => name],
  ["email", (_, { email }) => email],
  ["phone", (_, { phone }) => phone],
  ["language", (_, { language }) => language],
  ["address", (_, { postal }) => postal?.lines.join("\n")],
  ["city", (_, { postal }) => postal?.city],
  ["postcode", (_, { postal }) => postal?.postcode],
  ["region", (_, person) => person.region],
  ["country", (_, { country }) => country],
  ["zone", (_, { zone }) => zone],
  ["preferred channel", (_, { preferredChannel }) => preferredChannel],
  ["agreed", (_, { agreed }) => agreed],
  ["agreed since", (_, { agreedSince }) => agreedSince],
  ["exposure", (_, { exposure }) => exposure.join(";")],
  ["relation", (_, { relation }) => relation],
]);
