import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { refuseField } from "../../domain/incident.ts";
import {
  NoticeFacts,
  factsOf,
  keyFingerprint,
  publicBytes,
  readNotice,
  signNotice,
  signingKey,
} from "../../domain/interchange/processor-notice.ts";
import type { NoticeBody, SignedNotice } from "../../domain/interchange/processor-notice.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { refuse } from "../../domain/refusal.ts";
import { ChangedFacts, ScopeFacts } from "../../domain/scope.ts";
import { difference } from "../../domain/scope/difference.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/interchange/processor.ts";
import type { Processor } from "../../store/interchange/processor.ts";
import * as scopes from "../../store/scope.ts";
import { note } from "../obligation/note.ts";
import { revise } from "../scope.ts";
import { keepAll, ready } from "./keep.ts";

/** Our own key, for controllers to trust: its 32 bytes in base64url, and what to read out on the telephone. */
export async function ownKey(ctx: Context) {
  const publicKey = publicBytes(await privateKey(ctx));
  return { key: publicKey.toString("base64url"), fingerprint: keyFingerprint(publicKey) };
}

/**
 * What we as a processor tell one controller, signed. Of people it says only how many of theirs:
 * `people`, and nothing where that is not said. Refuses an incident in which we are the controller.
 */
export async function issue(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  people: ScopeFacts["people"] = NOT_YET_KNOWN,
): Promise<SignedNotice> {
  const key = await privateKey(ctx);
  return ctx.sql.begin(async (tx) => {
    const { determination, awareAt, awareZone } = await incidents.lock(tx, incidentId);
    const { facts, version } = await scopes.current(tx, incidentId);
    if (facts.role === "controller")
      refuse("wrong-state", "The scope says that we are the controller: nobody is told so.");
    const { contactLines: _, role: __, sector: ___, actions: ____, ...told } = facts;
    const body: NoticeBody = {
      format: "candor-processor-notice/1",
      processor: ctx.config.ORGANISATION,
      key: publicBytes(key).toString("base64url"),
      incident: incidentId,
      number: version,
      issuedAt: ctx.now(),
      determination,
      awareAt,
      awareZone,
      facts: NoticeFacts.parse({
        ...z.encode(NoticeFacts, { ...told, translations: {} }),
        people: z.encode(ScopeFacts.shape.people, people),
      }),
    };
    await note(ctx, tx, actor, {
      incidentId,
      action: "processor-notice.issue",
      subject: `incident:${incidentId}`,
      after: { number: version, key: keyFingerprint(publicBytes(key)) },
    });
    return signNotice(body, key);
  });
}

/** Trust a processor's key, after comparing its fingerprint on another way than it came. */
export async function trust(
  ctx: Context,
  actor: Actor,
  given: { readonly name: string; readonly key: string; readonly fingerprint: string },
): Promise<Processor> {
  const publicKey = Buffer.from(given.key, "base64url");
  if (publicKey.length !== 32)
    refuseField("key", "not-a-key", "Give the key as `candor processor key` prints it.");
  if (keyFingerprint(publicKey).replaceAll(" ", "") !== given.fingerprint.replaceAll(/\s/g, ""))
    refuseField(
      "fingerprint",
      "differs",
      "This is not the fingerprint of that key. Compare again.",
    );
  return ctx.sql.begin(async (tx) => {
    const made = {
      id: randomUUID(),
      name: given.name,
      publicKey,
      trustedBy: actor.staffId,
      trustedAt: ctx.now(),
    };
    if (!(await store.insert(tx, made)))
      refuse("conflict", "This key is known already, under the name that is listed for it.");
    await note(ctx, tx, actor, {
      action: "processor.trust",
      subject: `processor:${made.id}`,
      after: { fingerprint: keyFingerprint(publicKey) },
    });
    return { ...made, endedAt: null };
  });
}

/** Open no more notices of a processor; what was opened stays. */
export function endTrust(ctx: Context, actor: Actor, id: string): Promise<Processor> {
  return ctx.sql.begin(async (tx) => {
    const ended = await store.end(tx, id, actor.staffId, ctx.now());
    await note(ctx, tx, actor, { action: "processor.end-trust", subject: `processor:${id}` });
    return ended;
  });
}

/** What became of a notice: the linked incident, and whether it was opened now, revised, or known. */
export interface OpenedNotice {
  readonly incidentId: string;
  readonly became: "incident" | "revision" | "known";
}

/**
 * Open a processor's notice as an incident of ours, linked to theirs; a later one of the same
 * incident revises its scope. We are aware since it told us (EDPB Guidelines 9/2022, 44): when it
 * was issued, unless said to have come later. The same notice again changes nothing. Refuses one
 * that was changed, a key that nobody trusts, and one older than what was opened last.
 */
export async function open(
  ctx: Context,
  actor: Actor,
  given: SignedNotice,
  receivedAt?: Date,
): Promise<OpenedNotice> {
  const body = readNotice(given);
  const told = receivedAt ?? body.issuedAt;
  if (told < body.issuedAt)
    refuseField("receivedAt", "before-issue", "It cannot have come before it was issued.");
  const theirKey = canonicalHash(["processor", body.key, body.incident]);
  const before = await findOpened(ctx, body, theirKey);
  const [newest] = before.opened;
  if (newest && newest.number >= body.number) {
    if (before.opened.some(({ number }) => number === body.number))
      return { incidentId: newest.incidentId, became: "known" };
    refuse("conflict", "A later notice of this incident was opened already.");
  }
  const incidentId = newest
    ? newest.incidentId
    : await firstOf(ctx, actor, body, { theirKey, told });
  const scopeVersion = newest ? await follow(ctx, actor, incidentId, body) : 1;
  await ctx.sql.begin((tx) =>
    store.keepOpened(tx, {
      processorId: before.processor.id,
      theirKey,
      number: body.number,
      incidentId,
      scopeVersion,
      by: actor.staffId,
      at: ctx.now(),
    }),
  );
  return { incidentId, became: newest ? "revision" : "incident" };
}

function findOpened(ctx: Context, body: NoticeBody, theirKey: string) {
  return ctx.sql.begin(async (tx) => {
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
    return { processor, opened: await store.opened(tx, processor.id, theirKey) };
  });
}

async function firstOf(
  ctx: Context,
  actor: Actor,
  body: NoticeBody,
  { theirKey, told }: { readonly theirKey: string; readonly told: Date },
): Promise<string> {
  const facts = factsOf(body);
  const declaration = {
    title: `Breach at our processor ${body.processor}`.slice(0, 200),
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
  return kept?.incidentId ?? refuse("unavailable", "The incident was not kept. Try again.");
}

/** Lay what the processor says now over our scope: only facts that it tells, and that differ. */
async function follow(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  body: NoticeBody,
): Promise<number> {
  const current = await scopes.current(ctx.sql, incidentId);
  const { facts: told } = body;
  const next = { ...current.facts, ...told, translations: current.facts.translations };
  const changed = difference(current.facts, next).map(({ field }) => field);
  if (changed.length === 0) return current.version;
  const encoded = z.encode(ScopeFacts, next);
  const facts = ChangedFacts.parse(
    Object.fromEntries(changed.map((field) => [field, encoded[field]])),
  );
  const reason = `Our processor ${body.processor} told more (its version ${body.number}).`;
  const revised = await revise(ctx, actor, incidentId, {
    baseVersion: current.version,
    facts,
    reason: reason.slice(0, 1_000),
  });
  return revised.version;
}

/** From the organisation's own key, so that it needs no place of its own and outlives a new root key. */
async function privateKey(ctx: Context) {
  const keys = await ctx.vault.keys(ORGANISATION);
  return signingKey(keys.hash("processor-notice", "signing key v1"));
}
