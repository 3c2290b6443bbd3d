import { randomUUID } from "node:crypto";

import type { Context, Keys } from "../../context.ts";
import { MERGE_RULE } from "../../domain/audience/merge.ts";
import type { Person } from "../../domain/audience/person.ts";
import type { Element } from "../../domain/element.ts";
import { expectNotClosed } from "../../domain/incident.ts";
import {
  DeltaGroup,
  NOTICE_OF_GROUP,
  TOLD_GROUPS,
  groupOf,
  isLess,
} from "../../domain/notice/delta.ts";
import type { Delta, DeltaGroups, NewDelta, ToldGroup } from "../../domain/notice/delta.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { Role, may } from "../../domain/staff.ts";
import type { Actor } from "../../domain/staff.ts";
import * as audiences from "../../store/audience/audience.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { SealedPerson } from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/notice/delta.ts";
import * as outbox from "../../store/outbox.ts";
import * as timeline from "../../store/timeline.ts";
import { sealPerson } from "../audience/sealing.ts";
import { note } from "../obligation/note.ts";
import { peopleOf, toldOf } from "./delta-told.ts";
import { draft } from "./draft.ts";

/**
 * Ask who is newly affected, who no longer, and of whom more was exposed: the people who were told
 * against those known now. A worker compares them. Refuses an audience that is still open, an audience
 * against itself, and one of another incident.
 */
export function compare(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { told: toldId, current: currentId }: NewDelta,
): Promise<Delta> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    for (const [field, id] of [
      ["told", toldId],
      ["current", currentId],
    ] as const) {
      const { state } = await audiences.find(tx, incidentId, id);
      if (state !== "frozen")
        refuse("wrong-state", "People are compared once nobody joins them any more.", [
          { field, code: "open", message: "Freeze this audience first." },
        ]);
    }
    if (toldId === currentId)
      refuse("invalid-input", "An audience does not differ from itself.", [
        { field: "current", code: "same", message: "Name the audience of those known now." },
      ]);
    const id = randomUUID();
    const asked = { askedBy: actor.staffId, askedAt: ctx.now() };
    await store.insert(tx, { id, incidentId, toldId, currentId, ...asked });
    const drafts = may(actor.roles, "notice:write") ? actor.roles.join(",") : "";
    await outbox.post(tx, "audiences.compare", { incidentId, deltaId: id, drafts });
    await note(ctx, tx, actor, {
      incidentId,
      action: "delta.ask",
      subject: `delta:${id}`,
      after: { told: toldId, current: currentId },
    });
    return store.find(tx, incidentId, id);
  });
}

/**
 * Compare two audiences, in one transaction: all groups or none, and once however often it is
 * asked. Drafts a notice for each group where `drafts` names roles that may write one. `keepAlive`
 * is called on the way.
 */
export async function runDelta(
  ctx: Context,
  { incidentId, deltaId, drafts }: Readonly<Record<"incidentId" | "deltaId" | "drafts", string>>,
  keepAlive: () => Promise<void> = async () => {},
): Promise<void> {
  const keys = await ctx.vault.keys(incidentId);
  await ctx.sql.begin(async (tx) => {
    const delta = await store.lock(tx, incidentId, deltaId);
    if (delta.state === "done") return;
    const told = await toldOf(tx, keys, delta.toldId);
    await keepAlive();
    const groups = sorted(ctx, tx, keys, delta);
    for await (const { person } of peopleOf(tx, keys, delta.currentId))
      await groups.put(person, told.find(person));
    await keepAlive();
    for await (const person of told.missing()) await groups.putGone(person);
    const found = await groups.end();
    await store.finish(tx, deltaId, found, ctx.now());
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:compare",
        action: "delta.finish",
        subject: `delta:${deltaId}`,
        after: Object.fromEntries(DeltaGroup.options.map((group) => [group, found[group].people])),
      },
      ctx.now(),
    );
  });
  if (drafts !== "") await draftEach(ctx, await store.find(ctx.sql, incidentId, deltaId), drafts);
}

/** A draft for each group that is told something and has none. What cannot be told yet is left to a person. */
async function draftEach(ctx: Context, delta: Delta, roles: string): Promise<void> {
  const { id, incidentId, askedBy, groups } = delta;
  if (groups === null) return;
  const held = Role.array().catch([]).parse(roles.split(","));
  const actor = { staffId: askedBy, roles: held, settledRoles: held, requestId: `delta:${id}` };
  for (const group of TOLD_GROUPS) {
    if (groups[group].people === 0 || groups[group].noticeId !== null) continue;
    try {
      const given = { kind: NOTICE_OF_GROUP[group] };
      const { notice } = await draft(ctx, actor, incidentId, given);
      await store.keepNotice(ctx.sql, id, group, notice.id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/** People put into the audience of their group, which is opened for the first of them. */
function sorted(ctx: Context, tx: Sql, keys: Keys, delta: Delta) {
  const { incidentId, askedBy } = delta;
  const ids = new Map<ToldGroup, string>();
  const waiting = new Map<ToldGroup, SealedPerson[]>();
  const people = { "newly-affected": 0, "more-data": 0, "no-longer": 0, unchanged: 0 };
  let lessData = 0;

  async function put(group: ToldGroup, person: Person): Promise<void> {
    const audienceId = ids.get(group) ?? (await open(group));
    const batch = waiting.get(group) ?? [];
    batch.push(sealPerson(keys, audienceId, person));
    waiting.set(group, batch);
    people[group] += 1;
    if (batch.length >= PEOPLE_PER_STEP) await flush(group);
  }
  async function open(group: ToldGroup): Promise<string> {
    const id = randomUUID();
    ids.set(group, id);
    const name = NAMES[group];
    const by = { createdBy: askedBy, createdAt: ctx.now() };
    await audiences.add(tx, { id, incidentId, name, mergeRule: MERGE_RULE, ...by });
    return id;
  }
  async function flush(group: ToldGroup): Promise<void> {
    const audienceId = ids.get(group);
    const batch = waiting.get(group) ?? [];
    waiting.delete(group);
    if (audienceId !== undefined) await recipients.add(tx, { incidentId, audienceId }, batch);
  }
  const told = (group: ToldGroup) => ({
    people: people[group],
    audienceId: ids.get(group) ?? null,
    noticeId: null,
  });
  return {
    async put(person: Person, known: ReadonlySet<Element> | undefined): Promise<void> {
      const group = groupOf(known, person.exposure);
      if (group !== "unchanged") return put(group, person);
      people.unchanged += 1;
      if (known && isLess(known, person.exposure)) lessData += 1;
    },
    putGone: (person: Person) => put("no-longer", person),
    async end(): Promise<DeltaGroups> {
      for (const group of TOLD_GROUPS) {
        await flush(group);
        const audienceId = ids.get(group);
        if (audienceId !== undefined) await recipients.flagSharedMailboxes(tx, audienceId);
      }
      return {
        "newly-affected": told("newly-affected"),
        "more-data": told("more-data"),
        "no-longer": told("no-longer"),
        unchanged: { people: people.unchanged, lessData },
      };
    },
  };
}

const PEOPLE_PER_STEP = 2_000;
/** What the audiences are called, for people who tell several apart. */
const NAMES: Readonly<Record<ToldGroup, string>> = {
  "newly-affected": "Newly affected",
  "more-data": "Affected by more data",
  "no-longer": "No longer affected: we were wrong",
};
