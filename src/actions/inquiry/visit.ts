import { randomInt, randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { CODE_MINUTES, VisitState, judgeOneTimeCode } from "../../domain/inquiry/visit.ts";
import type { Done, Reply } from "../../domain/inquiry/visit.ts";
import { PageLanguage } from "../../domain/language.ts";
import { padded } from "../../domain/padding.ts";
import type { Sql } from "../../store/db.ts";
import type { Person } from "../../store/inquiry/code.ts";
import * as inquiries from "../../store/inquiry/inquiry.ts";
import * as tallies from "../../store/inquiry/tally.ts";
import * as visits from "../../store/inquiry/visit.ts";
import { say } from "../message.ts";
import { personOf } from "./code.ts";
import { REPLY_PURPOSE } from "./door.ts";
import { myNotice } from "./mine.ts";
import { knownPerson } from "./reach.ts";
import type { Address } from "./reach.ts";

/**
 * A personal code was typed. The right one sends a one-time code to the address on file; a wrong
 * one does the same work for a message that is too late before it is sent.
 */
export async function onCode(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { visit, turn, code, language } = TypedCode.parse(value);
  const idHash = Buffer.from(visit, "hex");
  const open = await visits.lock(tx, idHash, ctx.now());
  if (!open) return;
  const person = await personOf(ctx, tx, code);
  const organisation = await ctx.vault.keys(ORGANISATION);
  const counted = organisation.hash("one-time-code-tally", person?.recipientId ?? code);
  const may = await tallies.take(tx, CODES_A_DAY, counted, ctx.now());
  const known = person && (await knownPerson(ctx, tx, person));
  const digits = String(randomInt(10 ** DIGITS)).padStart(DIGITS, "0");
  const address = may ? known?.address : undefined;
  await sendCode(ctx, tx, { address, digits, language, key: visit });
  const expiresAt = new Date(ctx.now().getTime() + CODE_MINUTES * 60_000);
  const hash = organisation.hash("one-time-code", `${visit} ${digits}`).toString("hex");
  const state: VisitState = {
    person: address && person ? person : null,
    code: { hash, expiresAt },
    failures: 0,
    open: false,
  };
  const reply: Reply = { page: "code", triesLeft: null };
  await answer(ctx, tx, { idHash, publicKey: open.publicKey, turn, state, reply });
}

/** A one-time code was typed. The right one opens the visit. */
export async function onOneTimeCode(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { visit, turn, oneTimeCode } = TypedOneTimeCode.parse(value);
  const idHash = Buffer.from(visit, "hex");
  const found = await lockState(ctx, tx, idHash);
  if (!found) return;
  const organisation = await ctx.vault.keys(ORGANISATION);
  const digits = oneTimeCode.normalize("NFKC").replaceAll(/[\s\p{Dash}]/gu, "");
  const hash = organisation.hash("one-time-code", `${visit} ${digits}`).toString("hex");
  const judged = judgeOneTimeCode(found.state, hash === found.state.code?.hash, ctx.now());
  const reply = await replyTo(ctx, tx, judged);
  await answer(ctx, tx, { idHash, publicKey: found.publicKey, turn, state: judged.state, reply });
}

/** Something that only a person whose one-time code was right may do; answers what came of it. */
type Act = (ctx: Context, tx: Sql, person: Person, value: unknown) => Promise<Done>;

/** Do it, and show the person how things stand now. */
export function whileOpen(act: Act) {
  return async (ctx: Context, tx: Sql, value: unknown): Promise<void> => {
    const { visit, turn } = Turn.parse(value);
    const idHash = Buffer.from(visit, "hex");
    const found = await lockState(ctx, tx, idHash);
    if (!found) return;
    const { state, publicKey } = found;
    const done = state.open && state.person ? await act(ctx, tx, state.person, value) : null;
    const reply =
      state.person && done
        ? await myNotice(ctx, tx, state.person, done)
        : ({ page: "over" } as const);
    await answer(ctx, tx, { idHash, publicKey, turn, state, reply });
  };
}

/** Throw away what has ended, and the words of people who were erased. */
export async function sweepVisits(ctx: Context): Promise<void> {
  await visits.removeOld(ctx.sql, ctx.now());
  await tallies.removeOld(ctx.sql, ctx.now());
  await inquiries.forgetErased(ctx.sql);
}

async function replyTo(
  ctx: Context,
  tx: Sql,
  { state, reply }: ReturnType<typeof judgeOneTimeCode>,
): Promise<Reply> {
  if (typeof reply === "object") return { page: "code", triesLeft: reply.triesLeft };
  if (reply === "over" || !state.person) return { page: "over" };
  return myNotice(ctx, tx, state.person, null);
}

interface CodeMessage {
  /** Nobody, where there is no such person, or too many codes were asked for. */
  readonly address: Address | undefined;
  readonly digits: string;
  readonly language: PageLanguage;
  readonly key: string;
}

async function sendCode(ctx: Context, tx: Sql, message: CodeMessage): Promise<void> {
  const { address = NOBODY, digits, language, key } = message;
  const code = `${digits.slice(0, 4)} ${digits.slice(4)}`;
  const { ORGANISATION: organisation } = ctx.config;
  const w = ctx.templates.words("inquiry-mail", language, {
    code,
    organisation,
    minutes: CODE_MINUTES,
  });
  const { codeSubject = "", codeText = "", codeNobody = "", codeSms = "" } = w;
  const validMs = address === NOBODY ? 0 : CODE_MINUTES * 60_000;
  await say(ctx, tx, {
    kind: "one-time-code",
    urgent: true,
    key,
    ...address,
    language,
    subject: codeSubject,
    paragraphs: address.channel === "sms" ? [codeSms] : [codeText, code, codeNobody],
    expiresAt: new Date(ctx.now().getTime() + validMs),
  });
}

/** A visit that goes on, with its state opened. */
async function lockState(ctx: Context, tx: Sql, idHash: Buffer) {
  const row = await visits.lock(tx, idHash, ctx.now());
  if (!row?.state) return undefined;
  const organisation = await ctx.vault.keys(ORGANISATION);
  const state = VisitState.parse(organisation.open("visit", idHash.toString("hex"), row.state));
  return { publicKey: row.publicKey, state };
}

interface VisitAnswer {
  readonly idHash: Buffer;
  readonly publicKey: Buffer;
  readonly turn: number;
  readonly state: VisitState;
  readonly reply: Reply;
}

async function answer(ctx: Context, tx: Sql, given: VisitAnswer): Promise<void> {
  const { idHash, publicKey, turn, state, reply } = given;
  const organisation = await ctx.vault.keys(ORGANISATION);
  await visits.answer(tx, idHash, {
    state: organisation.seal(
      "visit",
      idHash.toString("hex"),
      padded(z.encode(VisitState, state), STATE_PADDED_TO),
    ),
    reply: await ctx.box.seal(publicKey, REPLY_PURPOSE, padded(reply, REPLY_PADDED_TO)),
    turn,
  });
}

const Turn = z.object({ visit: z.string().regex(/^[0-9a-f]{64}$/), turn: z.int().positive() });
const TypedCode = Turn.extend({ code: z.string().trim(), language: PageLanguage });
const TypedOneTimeCode = Turn.extend({ oneTimeCode: z.string().max(40) });

const DIGITS = 8;
/** So that their lengths do not tell a visit of somebody from one of nobody. */
const STATE_PADDED_TO = 512;
const REPLY_PADDED_TO = 8_192;
/** For nobody: `.invalid` leads nowhere (RFC 2606). */
const NOBODY: Address = {
  channel: "email",
  to: `nobody-${randomUUID().slice(0, 8)}@example.invalid`,
};
const DAY_MS = 24 * 3_600_000;
/** One-time codes a person is sent in a day: nobody makes us pester them. */
const CODES_A_DAY = { kind: "one-time-code", windowMs: DAY_MS, inWindow: 5, keptMs: 2 * DAY_MS };
