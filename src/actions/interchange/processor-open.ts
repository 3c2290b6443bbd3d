import type { Context } from "../../context.ts";
import type { Determination } from "../../domain/incident.ts";
import { refuseField } from "../../domain/incident.ts";
import {
  factsOf,
  keyFingerprint,
  newsOf,
  readNotice,
} from "../../domain/interchange/processor-notice.ts";
import type { NoticeBody, SignedNotice } from "../../domain/interchange/processor-notice.ts";
import { refuse } from "../../domain/refusal.ts";
import { ChangedFacts } from "../../domain/scope.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as store from "../../store/interchange/processor.ts";
import * as scopes from "../../store/scope.ts";
import { reviseIn } from "../scope.ts";
import { keepAll, ready } from "./keep.ts";
import type { Kept } from "./keep.ts";
import { ownKey } from "./processor.ts";

/** What became of a notice: the linked incident, and whether it was opened now, revised, or known. */
export interface OpenedNotice {
  readonly incidentId: string;
  readonly became: "incident" | "revision" | "known";
  /** How sure the processor is. After the first notice it is for people here to follow. */
  readonly determination: Determination;
}

/**
 * Open a processor's notice as an incident of ours, linked to theirs; a later one of the same
 * incident revises its scope. We are aware since it told us (EDPB Guidelines 9/2022, 44): when it
 * was issued, unless said to have come later. The same notice again changes nothing. Refuses one
 * that was changed, one for another controller, a key that nobody trusts, and one older than what
 * was opened last.
 */
export async function open(
  ctx: Context,
  actor: Actor,
  given: SignedNotice,
  receivedAt?: Date,
): Promise<OpenedNotice> {
  const body = readNotice(given);
  if (body.controller !== undefined && body.controller !== (await ownKey(ctx)).key)
    refuse("not-allowed", "This notice is for another controller.", [
      { field: "notice.controller", code: "not-ours", message: "Send it back to the processor." },
    ]);
  const told = receivedAt ?? body.issuedAt;
  if (told < body.issuedAt)
    refuseField("receivedAt", "before-issue", "It cannot have come before it was issued.");
  const { determination, incident } = body;
  const theirKey = canonicalHash(["processor", body.key, incident.toLowerCase()]);
  const before = await ctx.sql.begin((tx) => expectNew(tx, body, theirKey));
  if (before.known !== undefined)
    return { incidentId: before.known, became: "known", determination };
  const kept = before.newest
    ? { incidentId: before.newest.incidentId, created: false }
    : await firstOf(ctx, actor, body, { theirKey, told });
  return { ...(await ctx.sql.begin((tx) => settle(tx, kept))), determination };

  /** In one transaction, the processor locked: what a notice says and that it was opened. */
  async function settle(
    tx: Sql,
    { incidentId, created }: Pick<Kept, "incidentId" | "created">,
  ): Promise<Pick<OpenedNotice, "incidentId" | "became">> {
    // Again: two people may have opened two notices at once.
    const { processorId, newest, known } = await expectNew(tx, body, theirKey);
    if (known !== undefined) return { incidentId: known, became: "known" };
    const base = newest?.scopeVersion ?? 1;
    const scopeVersion = created
      ? 1
      : await follow(tx, actor, { body, incidentId, base, now: ctx.now() });
    const { number } = body;
    const opened = { number, incidentId, scopeVersion: scopeVersion ?? base };
    await store.keepOpened(tx, {
      ...opened,
      processorId,
      theirKey,
      by: actor.staffId,
      at: ctx.now(),
    });
    if (created) return { incidentId, became: "incident" };
    return { incidentId, became: scopeVersion === undefined ? "known" : "revision" };
  }
}

/** The newest that was opened of it; `known` where this one was. Refuses strangers and older ones. */
async function expectNew(tx: Sql, body: NoticeBody, theirKey: string) {
  const key = Buffer.from(body.key, "base64url");
  const processor = await store.lockByKey(tx, key);
  if (!processor || processor.endedAt !== null)
    return refuse("not-allowed", "Nobody here trusts the key of this notice.", [
      {
        field: "notice.key",
        code: "not-trusted",
        message: `Compare ${keyFingerprint(key)} with the processor, then trust it.`,
      },
    ]);
  const opened = await store.opened(tx, processor.id, theirKey);
  const [newest] = opened;
  const same = opened.find(({ number }) => number === body.number);
  if (newest && !same && newest.number > body.number)
    refuse("conflict", "A later notice of this incident was opened already.");
  return { processorId: processor.id, newest, known: same?.incidentId };
}

async function firstOf(
  ctx: Context,
  actor: Actor,
  body: NoticeBody,
  { theirKey, told }: { readonly theirKey: string; readonly told: Date },
): Promise<Kept> {
  const facts = factsOf(body);
  const declaration = {
    // Half a character at its end would have no canonical form.
    title: `Breach at our processor ${body.processor}`
      .slice(0, TITLE_MAX)
      .replace(/\p{Surrogate}$/u, ""),
    whatHappened: facts.whatHappened,
    awareAt: told,
    awareZone: body.awareZone,
    dataElements: [...facts.dataElements],
  };
  const { determination } = body;
  const given = { source: "processor", key: theirKey, state: "open" } as const;
  const [kept] = await keepAll(ctx, actor, [
    ready(actor, { ...given, determination, declaration, facts }, ctx.now()),
  ]);
  return kept ?? refuse("unavailable", "The incident was not kept. Try again.");
}

/** Lay what the processor says now over our scope; nothing where it says nothing new. */
async function follow(
  tx: Sql,
  actor: Actor,
  given: {
    readonly body: NoticeBody;
    readonly incidentId: string;
    /** The version of our scope that the notice before made. */
    readonly base: number;
    readonly now: Date;
  },
): Promise<number | undefined> {
  const { body, incidentId, base, now } = given;
  const current = await scopes.current(tx, incidentId);
  const { scope: then } = await scopes.versionOf(tx, incidentId, base);
  const news = newsOf(body, { base: then.facts, current: current.facts });
  if (Object.keys(news).length === 0) return undefined;
  const facts = ChangedFacts.parse(news);
  const reason = `Our processor ${body.processor} told more (its notice ${body.number}).`;
  const revision = { baseVersion: current.version, facts, reason };
  return (await reviseIn(tx, actor, { incidentId, revision, now })).version;
}

const TITLE_MAX = 200;
