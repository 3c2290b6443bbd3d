import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { emailOf, foldEmail } from "../../domain/audience/address.ts";
import { PageLanguage } from "../../domain/language.ts";
import type { Sql } from "../../store/db.ts";
import * as codes from "../../store/inquiry/code.ts";
import type { Person } from "../../store/inquiry/code.ts";
import * as tallies from "../../store/inquiry/tally.ts";
import { emailIndexOf } from "../audience/sealing.ts";
import { say } from "../message.ts";
import { personalCodes } from "./code.ts";

/**
 * "Was I affected?" The page says the same to everybody; the answer goes to the address that was
 * asked about, and only where we hold a notice for it. It never says what was exposed. An
 * address that we do not know costs the same work and hears nothing.
 */
export async function onLookup(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { email: typed, language } = Asked.parse(value);
  const email = emailOf(typed) ?? NOBODY;
  const now = ctx.now();
  const organisation = await ctx.vault.keys(ORGANISATION);
  // Counted before anything is looked up, so that nothing can be told from what is counted.
  const mayAsk = await tallies.take(
    tx,
    PER_ADDRESS,
    organisation.hash("lookup", foldEmail(email)),
    now,
  );
  const found = await peopleAt(ctx, tx, email);
  const incidentId = (mayAsk ? found[0]?.incidentId : undefined) ?? ORGANISATION;
  const mayTell = await tallies.take(
    tx,
    PER_INCIDENT,
    organisation.hash("lookup-incident", incidentId),
    now,
  );
  const tell = found.length > 0 && mayAsk && mayTell;
  const people = tell ? found : [];
  await say(ctx, tx, {
    kind: "lookup",
    key: randomUUID(),
    channel: "email",
    to: tell ? email : NOBODY,
    language,
    ...(await wording(ctx, people, language)),
    expiresAt: new Date(now.getTime() + (tell ? DAY_MS : 0)),
  });
}

/** Everyone with this mailbox whom a frozen audience holds; each incident has its own index. */
async function peopleAt(ctx: Context, tx: Sql, email: string): Promise<Person[]> {
  const found: Person[] = [];
  for (const incidentId of await codes.incidents(tx, INCIDENTS_MAX)) {
    const keys = await ctx.vault.keys(incidentId);
    const index = emailIndexOf(keys, email);
    found.push(...(await codes.byEmail(tx, incidentId, index, CODES_MAX)));
  }
  return found.slice(0, CODES_MAX);
}

/** The mail: the same person could have read the codes in the notice that went to this mailbox. */
async function wording(ctx: Context, people: readonly Person[], language: PageLanguage) {
  const own: string[] = [];
  for (const { incidentId, recipientId } of people)
    own.push((await personalCodes(ctx, incidentId))(recipientId));
  const { ORGANISATION: organisation, PUBLIC_URL } = ctx.config;
  const address = new URL("/my", PUBLIC_URL);
  const typed = `${address.host}${address.pathname}`;
  const w = ctx.templates.words("inquiry-mail", language, { organisation, address: typed });
  const { lookupSubject = "", lookupText = "", lookupHow = "", lookupNobody = "" } = w;
  return { subject: lookupSubject, paragraphs: [lookupText, lookupHow, ...own, lookupNobody] };
}

const Asked = z.object({ email: z.string().trim(), language: PageLanguage });

/** Leads nowhere (RFC 2606), and no list holds it. */
const NOBODY = "nobody@example.invalid";
/** Families share mailboxes. */
const CODES_MAX = 5;
const INCIDENTS_MAX = 50;
const DAY_MS = 24 * 3_600_000;
/** One a day and three in all: nobody uses us to pester somebody. */
const PER_ADDRESS = {
  kind: "lookup",
  windowMs: DAY_MS,
  inWindow: 1,
  inAll: 3,
  keptMs: 365 * DAY_MS,
};
const PER_INCIDENT = {
  kind: "lookup-incident",
  windowMs: DAY_MS,
  inWindow: 5_000,
  keptMs: 2 * DAY_MS,
};
