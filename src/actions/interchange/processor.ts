import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { refuseField } from "../../domain/incident.ts";
import {
  NoticeFacts,
  keyFingerprint,
  publicBytes,
  publicKeyOf,
  signNotice,
  signingKey,
} from "../../domain/interchange/processor-notice.ts";
import type { NoticeBody, SignedNotice } from "../../domain/interchange/processor-notice.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { refuse } from "../../domain/refusal.ts";
import { ScopeFacts } from "../../domain/scope.ts";
import type { Actor } from "../../domain/staff.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/interchange/processor.ts";
import type { Processor } from "../../store/interchange/processor.ts";
import * as scopes from "../../store/scope.ts";
import { note } from "../obligation/note.ts";

/** Our own key, for controllers to trust: its 32 bytes in base64url, and what to read out on the telephone. */
export async function ownKey(ctx: Context) {
  const publicKey = publicBytes(await privateKey(ctx));
  return { key: publicKey.toString("base64url"), fingerprint: keyFingerprint(publicKey) };
}

/** For whom a notice is: how many of their people, and their key, so that nobody else can open it. */
export interface ForController {
  readonly people?: ScopeFacts["people"] | undefined;
  readonly controller?: string | undefined;
}

/**
 * What we as a processor tell one controller, signed. Of people it says only how many of theirs,
 * and nothing where that is not said. Refuses an incident in which we are the controller.
 */
export async function issue(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { people = NOT_YET_KNOWN, controller }: ForController = {},
): Promise<SignedNotice> {
  const reader = controller === undefined ? undefined : publicKeyOf(controller);
  if (controller !== undefined && !reader) refuseField("controller", ...NO_KEY);
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
      ...(reader && { controller: reader.toString("base64url") }),
      incident: incidentId,
      // Also what is told anew of the same scope is later: how many people, or how sure we are.
      number: Math.max(version, (await store.lastIssued(tx, incidentId)) + 1),
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
      after: { number: body.number, key: keyFingerprint(publicBytes(key)) },
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
  const publicKey = publicKeyOf(given.key);
  if (!publicKey) return refuseField("key", ...NO_KEY);
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

/** From the organisation's own key, so that it needs no place of its own and outlives a new root key. */
async function privateKey(ctx: Context) {
  const keys = await ctx.vault.keys(ORGANISATION);
  return signingKey(keys.hash("processor-notice", "signing key v1"));
}

const NO_KEY = ["not-a-key", "Give the key as `candor processor key` prints it."] as const;
