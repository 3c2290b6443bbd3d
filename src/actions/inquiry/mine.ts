import type { Context } from "../../context.ts";
import { maskEmail, maskPhone } from "../../domain/audience/mask.ts";
import type { Person } from "../../domain/audience/person.ts";
import { InquiryContent } from "../../domain/inquiry.ts";
import type { InquiryState } from "../../domain/inquiry.ts";
import { elementLines } from "../../domain/inquiry/mine.ts";
import type { Done, MyNotice, Reply } from "../../domain/inquiry/visit.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { codeFor, splitBy } from "../../domain/notice/split.ts";
import type { Sql } from "../../store/db.ts";
import type { Person as Ids } from "../../store/inquiry/code.ts";
import * as inquiries from "../../store/inquiry/inquiry.ts";
import * as mine from "../../store/inquiry/mine.ts";
import { knownPerson } from "./reach.ts";
import type { Known } from "./reach.ts";

/** Everything *my notice* shows to one person. Over, where they were erased meanwhile. */
export async function myNotice(ctx: Context, tx: Sql, ids: Ids, done: Done | null): Promise<Reply> {
  const known = await knownPerson(ctx, tx, ids);
  const scope = await mine.facts(tx, ids.incidentId);
  if (!known || !scope) return { page: "over" };
  const sent = await mine.sent(tx, ids.recipientId);
  const { dataElements, contactLines } = scope.facts;
  const told = sent.find(({ state }) => TOLD.has(state));
  return {
    page: "notice",
    done,
    address: masked(known),
    told: told !== undefined,
    elements: elementLines(known.person.exposure, dataElements, told?.facts?.dataElements),
    notices: sent.map(({ kind, channel, state, at, codes, variants }) => ({
      kind,
      channel,
      state,
      at,
      code: codeFor(codes, splitBy(variants).of(known.person.place), known.language),
    })),
    language: known.language,
    channel: known.preferredChannel ?? null,
    channels: channelsOf(known.person, ctx.sms !== undefined),
    stopped: known.reason === "opted-out",
    inquiries: await myInquiries(ctx, tx, ids),
    contactLines: contactLines === NOT_YET_KNOWN ? [] : contactLines,
  };
}

async function myInquiries(ctx: Context, tx: Sql, ids: Ids): Promise<MyNotice["inquiries"]> {
  const keys = await ctx.vault.keys(ids.incidentId);
  const rows = await inquiries.ofRecipient(tx, ids.recipientId);
  return rows.map(({ id, number, kind, state, createdAt, dueAt, sealed, answer }) => ({
    number,
    kind,
    state: stateShown(state),
    createdAt,
    dueAt,
    text: sealed ? InquiryContent.parse(keys.open("inquiry", id, sealed)).text : "",
    answer:
      state === "answered" && answer
        ? InquiryContent.parse(keys.open("inquiry_answer", id, answer)).text
        : null,
  }));
}

/** Who is at work on an answer is ours to know. */
function stateShown(state: InquiryState): MyNotice["inquiries"][number]["state"] {
  return state === "answered" || state === "closed" ? state : "waiting";
}

function masked({ address }: Known): string {
  if (!address) return "";
  return address.channel === "email" ? maskEmail(address.to) : maskPhone(address.to);
}

function channelsOf({ email, phone, postal }: Person, canSms: boolean): MyNotice["channels"] {
  return [
    ...(email === undefined ? [] : (["email"] as const)),
    ...(phone === undefined || !canSms ? [] : (["sms"] as const)),
    ...(postal === undefined ? [] : (["letter"] as const)),
  ];
}

/** The person has our words, or may have. */
const TOLD: ReadonlySet<string> = new Set(["accepted", "delivered", "unknown"]);
