import { randomBytes, randomUUID } from "node:crypto";

import { approve } from "../../src/actions/approval.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import type { NewSubmission } from "../../src/actions/approval/submit.ts";
import { createSender, sendSlice } from "../../src/actions/delivery/send.ts";
import type { Sender, SenderParts } from "../../src/actions/delivery/send.ts";
import type { Rate } from "../../src/actions/delivery/pacing.ts";
import type { Prepared } from "../../src/actions/delivery/prepare.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import type { Plan } from "../../src/domain/approval.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { twilioCallback } from "../../src/domain/delivery/callback.ts";
import { DeliveryState } from "../../src/domain/delivery.ts";
import type { SentChannel } from "../../src/domain/delivery.ts";
import { plan } from "../../src/store/delivery/plan.ts";
import type { Planning } from "../../src/store/delivery/plan.ts";
import type { Settled } from "../../src/store/delivery/settle.ts";
import { lease } from "../../src/store/delivery/slice.ts";
import * as scopes from "../../src/store/scope.ts";
import * as waves from "../../src/store/wave.ts";
import * as workers from "../../src/store/worker.ts";
import { givenFrozenAudience } from "./audience.ts";
import { givenIncident } from "./incident.ts";
import type { World } from "./world.ts";

export interface GivenWave {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly waveId: string;
  readonly recipientIds: readonly string[];
  /** How many deliveries each state got. */
  readonly planned: Record<string, number>;
}

export interface WaveOptions extends Partial<
  Pick<Planning, "canary" | "consent" | "channels" | "mode">
> {
  /** One row a person; by default each has agreed to e-mail. */
  readonly people: number | readonly Partial<Person>[];
  /** Suppress the people at these positions before the wave starts. */
  readonly suppressed?: readonly number[];
  /** A smaller number goes first; 100 unless said. */
  readonly priority?: number;
}

/** A wave under way, with its rows put in place directly: for tests of what comes after the start. */
export async function givenWave(w: World, options: WaveOptions): Promise<GivenWave> {
  const { canary = 0, consent = "agreed", channels = ["email", "letter"] } = options;
  const given: Plan = { mode: options.mode ?? "first-reachable", consent, channels: [...channels] };
  const incidentId = (await givenIncident(w)).id;
  const people = typeof options.people === "number" ? somePeople(options.people) : options.people;
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  for (const position of options.suppressed ?? [])
    await suppress(w, incidentId, recipientIds[position] ?? "");
  const { fieldHashes } = await scopes.current(w.sql, incidentId);
  const facts = { whatHappened: fieldHashes.whatHappened };
  const approved = await givenSubmission(w, { incidentId, audienceId, facts, canary, plan: given });

  const waveId = randomUUID();
  const planned = await w.sql.begin(async (tx) => {
    await waves.insert(tx, {
      id: waveId,
      incidentId,
      ...approved,
      audienceId,
      version: 1,
      state: canary > 0 ? "canary" : "sending",
      pausedReason: null,
      canaryPassed: canary === 0,
      priority: options.priority ?? 100,
      deadline: null,
      facts,
      notAfter: null,
      startedBy: w.staff.responder.staffId,
      startedAt: w.clock.now(),
      endedAt: null,
    });
    const noticeClass = "legal";
    return plan(tx, { waveId, audienceId, ...given, noticeClass, canary });
  });
  return { incidentId, audienceId, waveId, recipientIds, planned };
}

export interface ApprovedOptions {
  readonly people: number | readonly Partial<Person>[];
  readonly canary?: number;
  readonly plan?: Partial<NewSubmission["plan"]>;
  readonly sendWindow?: NewSubmission["sendWindow"];
  /** Hours of the day, deadline and urgency. */
  readonly when?: Partial<Pick<NewSubmission, "localHours" | "deadline" | "urgent">>;
}

/** An initial notice to these people that one person wrote and another approved. */
export async function givenApproved(w: World, options: ApprovedOptions) {
  const { people, canary = 0, plan = {}, sendWindow, when = {} } = options;
  const incidentId = (await givenIncident(w)).id;
  const given = typeof people === "number" ? somePeople(people) : people;
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, given);
  const { notice } = await draft(w.ctx, w.staff.drafter, incidentId, { kind: "initial" });
  const submission = await submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: notice.id,
    version: notice.version,
    audienceId,
    plan: { mode: "first-reachable", channels: ["email", "letter"], consent: "agreed", ...plan },
    canary,
    ...(sendWindow && { sendWindow }),
    ...when,
  });
  const path = { incidentId, submissionId: submission.id };
  await approve(w.ctx, w.staff.approver, path, { binding: submission.binding });
  return { ...path, audienceId, recipientIds, noticeId: notice.id };
}

/** The same, started. */
export async function givenStarted(w: World, options: ApprovedOptions) {
  const approved = await givenApproved(w, options);
  const { id: waveId } = await start(w.ctx, w.staff.responder, approved);
  return { ...approved, waveId };
}

/** Invented people who agreed to e-mail. */
export function somePeople(count: number): Partial<Person>[] {
  return Array.from({ length: count }, (_, i) => ({
    email: `person-${i}@example.com`,
    name: `Person ${i}`,
    agreed: "yes" as const,
  }));
}

/** Keep a person from getting mail, because they died unless said. */
export async function suppress(
  w: World,
  incidentId: string,
  recipientId: string,
  reason = "deceased",
): Promise<void> {
  await w.sql`
    insert into suppression (incident_id, recipient_id, reason, created_by, created_at)
    values (${incidentId}, ${recipientId}, ${reason}, ${w.staff.responder.staffId}, ${w.clock.now()})`;
}

/** A sender whose messages hold nothing but the recipient's id. */
export async function givenSender(w: World, parts: Partial<SenderParts> = {}): Promise<Sender> {
  const workerId = parts.workerId ?? randomUUID();
  await workers.beat(w.sql, workerId);
  return createSender(w.ctx, {
    mayWrite: () => true,
    rate: NO_RATE,
    own: async () => ({ of: () => ({ own: OWN }) }),
    prepare: (_ctx, _slice, { channel }) =>
      Promise.resolve(channel === "sms" ? plainSms(w) : plainly(w)),
    ...parts,
    workerId,
  });
}

/** As fast as can be. */
export const NO_RATE: Rate = {
  take: (most) => Promise.resolve(most),
  giveBack: () => {},
  wait: () => Promise.resolve(0),
  told: () => {},
};

/** Send what is due of a wave by one channel, with a sender of the test's or a plain one. */
export async function sendDue(
  w: World,
  waveId: string,
  channel: SentChannel,
  parts: Partial<SenderParts> = {},
): Promise<void> {
  const sender = await givenSender(w, { channel, ...parts });
  for (const sliceId of await leased(w, waveId, 1_000, channel))
    await sendSlice(w.ctx, sender, sliceId);
}

/** A wave of one person, claimed by a worker that has not settled. */
export async function givenClaimed(w: World) {
  const { waveId, incidentId } = await givenWave(w, { people: 1 });
  const [sliceId = ""] = await leased(w, waveId);
  const { workerId } = await givenSender(w);
  const [row] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 10 });
  if (!row) throw new Error("Nothing was claimed.");
  return { incidentId, waveId, sliceId, workerId, id: row.id };
}

/** What a worker writes down when the provider has said this. */
export function settledAs(
  deliveryId: string,
  attempt: number,
  kind: "accepted" | "unknown",
): Settled {
  return {
    deliveryId,
    attempt,
    outcome: { kind, code: "250" },
    verdict: { state: kind, reason: null, nextInMs: 0 },
  };
}

/** The attempts of a delivery, oldest first. */
export function attemptsOf(w: World, id: string) {
  return w.sql<{ n: number; outcome: string | null; possibleDuplicate: boolean }[]>`
    select n, outcome, possible_duplicate from attempt where delivery_id = ${id} order by n`;
}

/** Lease what is due of a wave, as the relay does; answers the slices. */
export async function leased(
  w: World,
  waveId: string,
  rowsMax = 1_000,
  channel: SentChannel = "email",
): Promise<string[]> {
  const [wave] = await waves.running(w.sql).then((all) => all.filter(({ id }) => id === waveId));
  if (!wave) return [];
  const canaryOnly = wave.state === "canary";
  const slices = await w.sql.begin((tx) => lease(tx, { waveId, channel, canaryOnly, rowsMax }));
  return slices.map(({ sliceId }) => sliceId);
}

/** What the timeline says of a wave, oldest first. */
export async function entriesOf(w: World, waveId: string): Promise<string[]> {
  const rows = await w.sql<{ action: string }[]>`
    select action from timeline where subject = ${`wave:${waveId}`} order by seq`;
  return rows.map(({ action }) => action);
}

/** Note every change of a delivery's state from now on; answers how to read them. */
export async function watchTransitions(
  w: World,
): Promise<() => Promise<[DeliveryState, DeliveryState][]>> {
  await w.sql.unsafe(`
    create table seen (before text, after text, primary key (before, after));
    create function see() returns trigger language plpgsql as $$
    begin
      insert into seen values (old.state, new.state) on conflict do nothing;
      return new;
    end $$;
    create trigger see after update on delivery for each row
      when (old.state <> new.state) execute function see();`);
  return async () => {
    const rows = await w.sql`select before, after from seen`;
    return rows.map(({ before, after }) => [
      DeliveryState.parse(before),
      DeliveryState.parse(after),
    ]);
  };
}

/** As 21 seconds after its last beat. What it had claimed by then was leased before. */
export async function silence(w: Pick<World, "sql">, workerId: string): Promise<void> {
  await w.sql`update worker set beat_at = now() - interval '21 seconds' where id = ${workerId}`;
  await ageSlices(w);
}

/** Every slice is as old as those in which the sweep looks for what is being sent. */
export async function ageSlices({ sql }: Pick<World, "sql">): Promise<void> {
  await sql`update slice set leased_at = least(leased_at, now() - interval '6 seconds')`;
}

/** How many deliveries of a wave are in each state. */
export function states(w: World, waveId: string): Promise<Record<string, number>> {
  return waves.counts(w.sql, waveId);
}

function plainly({ config }: World): Prepared {
  return {
    compose: ({ recipientId }) => ({
      from: config.MAIL_FROM,
      to: `${recipientId}@example.com`,
      message: `Subject: ${recipientId}\r\n\r\n`,
    }),
  };
}

function plainSms({ config }: World): Prepared {
  return {
    compose: ({ id, attempt, recipientId }) => ({
      to: "+12025550142",
      text: recipientId,
      statusCallback: twilioCallback(config.PUBLIC_URL, id, attempt),
      numberHash: "00".repeat(32),
    }),
  };
}

/** What the real sources make, invented. */
const OWN = {
  personal_code: "ABCD-EFGH-JKMN",
  survey_code: "ABCD-EFGH-JKMN-PQRS",
  survey_link: "https://incident.example.org/survey",
};

interface GivenSubmission {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly facts: Record<string, string>;
  readonly canary: number;
  readonly plan: Plan;
}

async function givenSubmission(
  w: World,
  { incidentId, audienceId, facts, canary, plan: given }: GivenSubmission,
) {
  const { sql } = w;
  const [noticeId, noticeVersionId, submissionId] = [randomUUID(), randomUUID(), randomUUID()];
  const [by, at] = [w.staff.drafter.staffId, w.clock.now()];
  await sql`
    insert into notice (id, incident_id, kind, class, state, created_by, created_at)
    values (${noticeId}, ${incidentId}, 'initial', 'legal', 'ready', ${by}, ${at})`;
  await sql`
    insert into notice_version (id, notice_id, number, languages, sender, facts, codes, content_hash,
                                created_by, created_at)
    values (${noticeVersionId}, ${noticeId}, 1, '{}', '{}', ${sql.json(facts)}, '{}',
            ${randomBytes(32)}, ${by}, ${at})`;
  await sql`
    insert into submission (id, incident_id, notice_id, notice_version_id, audience_id, plan, canary,
                            facts, binding, approvals_needed, submitted_by, submitted_at)
    values (${submissionId}, ${incidentId}, ${noticeId}, ${noticeVersionId}, ${audienceId}, ${sql.json(given)},
            ${canary}, ${sql.json(facts)}, ${randomBytes(32)}, 1, ${by}, ${at})`;
  return { submissionId, noticeVersionId };
}

/** Let time go by for everything that is unknown and was looked for. */
export async function later(w: World, minutes: number): Promise<void> {
  const ago = `${minutes} minutes`;
  await w.sql`
    update delivery set settled_at = settled_at - ${ago}::interval where state = 'unknown'`;
  await w.sql`update attempt set looked_at = looked_at - ${ago}::interval`;
}
