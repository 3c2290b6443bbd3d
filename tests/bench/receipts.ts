import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { ORGANISATION } from "../../src/context.ts";
import { twilioCallback } from "../../src/domain/delivery/callback.ts";
import { messageReference } from "../../src/domain/delivery/reference.ts";
import { load, post } from "./client.ts";
import type { Load } from "./client.ts";
import { givenApproved, givenCrowd, givenPlace, startApproved } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { median, percentile, shown, table } from "./row.ts";
import type { Found } from "./row.ts";

/**
 * Signed reports of providers at the public door, beside nothing else: Twilio's one by one, and
 * SendGrid's by the hundred. As fast as they are taken in, then as fast as one worker applies
 * them. Throws where another number is kept than was answered for.
 */
export async function benchReceipts({ quick, rounds }: Sizes, later: Later): Promise<Found> {
  const { lab, single: one, many: hundred } = await receiptsFor(later, quick ? 2_000 : 100_000);
  await lab.door();
  const seconds = quick ? 1 : 4;
  await one(1);
  await hundred(1);
  const single: Round[] = [];
  const many: Round[] = [];
  for (let i = 0; i < rounds; i += 1) {
    single.push(await round(lab, 1, () => one(seconds)));
    many.push(await round(lab, BATCH, () => hundred(seconds / 4)));
  }
  return reported({ single, many, seconds, applied: await applyAll(lab) });
}

interface Measured {
  readonly single: readonly Round[];
  readonly many: readonly Round[];
  readonly seconds: number;
  readonly applied: Awaited<ReturnType<typeof applyAll>>;
}

function reported({ single, many, seconds, applied }: Measured): Found {
  const rateOf = (rounds: readonly Round[]) => median(rounds.map(({ perSecond }) => perSecond));
  const note = `median of ${single.length} rounds`;
  const goal = {
    unit: "/s",
    floor: 2_000,
    aim: 5_000,
    better: "more",
    profile: "receipts",
  } as const;
  const p99 = median(single.map(({ p99: ms }) => ms));
  const { perSecond, count, seconds: took, bytes } = applied;
  const hundred = `receipts taken in, ${BATCH} a request`;
  return {
    rows: [
      { what: "receipts taken in, one a request", measured: rateOf(single), ...goal, note },
      { what: "the same, p99", measured: p99, unit: "ms", aim: 50, note: "at that rate" },
      { what: hundred, measured: rateOf(many), unit: "/s", better: "more", note },
      { what: "receipts applied by one worker", measured: perSecond, unit: "/s", better: "more" },
    ],
    lines: [
      `Twilio's callbacks on 64 connections for ${seconds} s and SendGrid's batches of ${BATCH} on 4, ` +
        "each signed and none the same, against one public door. What was answered with 204 was " +
        `counted in the table. Then one worker applied ${shown(count)} in ${shown(took)} s; ` +
        `a receipt takes ${shown(bytes)} bytes with its indexes.`,
      "",
      ...table(
        ["round", "one by one /s", "p50 ms", "p99 ms", "by the hundred /s", "p99 ms of a batch"],
        single.map((one, i) => [
          String(i + 1),
          ...[one.perSecond, one.p50, one.p99, many[i]?.perSecond, many[i]?.p99].map((value) =>
            shown(value ?? Number.NaN),
          ),
        ]),
      ),
    ],
  };
}

/** Deliveries to report on, and both ways to do so for so many seconds. The door is not started. */
export async function receiptsFor(later: Later, count: number) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const lab = await openLab(later, { settings: { SENDGRID_PUBLIC_KEYS: spki } });
  const ids = await givenSent(lab, count);
  const port = Number(lab.env["PORT"]);
  const callback = callbacks(lab, ids.sms);
  const batch = await batches(lab, ids.email, privateKey);
  return {
    lab,
    single: (seconds: number) => load(port, { connections: 64, seconds, next: callback }),
    many: (seconds: number) => load(port, { connections: 4, seconds, next: batch }),
  };
}

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function round({ w }: Lab, each: number, run: () => Promise<Load>): Promise<Round> {
  const kept = async () => {
    const [row] = await w.sql<{ count: number }[]>`select count(*)::int as count from receipt`;
    return row?.count ?? 0;
  };
  const before = await kept();
  const { seconds, statuses, ms } = await run();
  const taken = each * (statuses.get(204) ?? 0);
  const strange = [...statuses].filter(([status]) => status !== 204);
  if (strange.length > 0) throw new Error(`Answers other than 204: ${JSON.stringify(strange)}.`);
  if ((await kept()) - before !== taken)
    throw new Error(`${(await kept()) - before} receipts were kept, and ${taken} answered for.`);
  return { perSecond: taken / seconds, p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) };
}

/** Deliveries that providers took, put there directly. */
async function givenSent({ w }: Lab, count: number) {
  const crowd = await givenCrowd(w, await givenPlace(w), 1);
  const waveId = await startApproved(w, await givenApproved(w, crowd));
  const made = async (channel: "sms" | "email") => {
    const rows = await w.sql<{ id: string }[]>`
      with made as (
        insert into delivery (wave_id, recipient_id, channel, state, attempt, settled_at)
        select ${waveId}, gen_random_uuid(), ${channel}, 'accepted', 1, now()
          from generate_series(1, ${count}::int)
        returning id
      ), attempted as (
        insert into attempt (delivery_id, n, worker_id, ended_at, outcome)
        select id, 1, ${randomUUID()}, now(), 'accepted' from made
      )
      select id from made`;
    return rows.map(({ id }) => id);
  };
  return { sms: await made("sms"), email: await made("email") };
}

/** Twilio's calls, each about another delivery, and then the next status of each. */
function callbacks({ env }: Lab, ids: readonly string[]): () => Buffer {
  const token = env["TWILIO_AUTH_TOKEN"] ?? "";
  let n = 0;
  return () => {
    const id = ids[n % ids.length] ?? "";
    const status = STATUSES[Math.floor(n / ids.length) % STATUSES.length] ?? "sent";
    n += 1;
    const fields = { MessageSid: `SM${n.toString(16).padStart(32, "0")}`, MessageStatus: status };
    const url = twilioCallback(env["PUBLIC_URL"] ?? "", id, 1);
    const signed = Object.entries(fields).flat().join("");
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Twilio-Signature": createHmac("sha1", token)
        .update(url + signed)
        .digest("base64"),
    };
    return post(new URL(url).pathname, headers, new URLSearchParams(fields).toString());
  };
}

/** SendGrid's batches; every message is reported on once and then again. */
async function batches({ w }: Lab, ids: readonly string[], key: KeyObject): Promise<() => Buffer> {
  const { hash } = await w.ctx.vault.keys(ORGANISATION);
  const references = ids.map((id) => messageReference(hash, id));
  let n = 0;
  return () => {
    const events = Array.from({ length: BATCH }, () => {
      n += 1;
      const reference = references[n % references.length] ?? "";
      return {
        event: "delivered",
        sg_event_id: `event-${n}`,
        "smtp-id": `<${reference}@example.org>`,
      };
    });
    const body = Buffer.from(JSON.stringify(events));
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = sign("sha256", Buffer.concat([Buffer.from(timestamp), body]), key);
    const headers = {
      "Content-Type": "application/json",
      "X-Twilio-Email-Event-Webhook-Signature": signature.toString("base64"),
      "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    };
    return post("/callbacks/sendgrid", headers, body);
  };
}

/** How fast one worker applies all that was kept, until all is or half a minute is over. */
async function applyAll(lab: Lab) {
  const { sql } = lab.w;
  const waiting = async () => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from receipt where applied_at is null`;
    return row?.count ?? 0;
  };
  const before = await waiting();
  await lab.worker();
  const started = performance.now();
  let left = await waiting();
  const first = left;
  while (left > 0 && performance.now() - started < 30_000) {
    await sleep(250);
    left = await waiting();
  }
  const seconds = (performance.now() - started) / 1_000;
  const [size] = await sql<{ bytes: number }[]>`
    select pg_total_relation_size('receipt')::float8 / count(*) as bytes from receipt`;
  return {
    count: before - left,
    seconds,
    perSecond: (first - left) / seconds,
    bytes: size?.bytes ?? 0,
  };
}

const BATCH = 100;
const STATUSES = ["sent", "delivered", "read", "queued", "sending"] as const;
