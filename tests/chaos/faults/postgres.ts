import { setTimeout as sleep } from "node:timers/promises";

import { caughtOf, until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { serve } from "../../support/http.ts";
import { givenIncident } from "../../support/incident.ts";
import { givenToken } from "../../support/staff.ts";
import {
  COMMITTED,
  givenMidWave,
  must,
  requireAllAccepted,
  secondsUntil,
  settledSoundly,
} from "../acts.ts";
import { startWave } from "../lab.ts";
import type { Durable, Fault, Lab } from "../lab.ts";
import { startConsole } from "./door.ts";

/** PostgreSQL restarted, killed, cut off, locked, or at odds with itself. It is the truth. */
export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    number: "11",
    name: "PostgreSQL is restarted in mid-wave",
    expected: "503 with Retry-After meanwhile; workers wait; sending again 10 s after it is back",
    async run(lab) {
      const { main, servers } = await lab.durable();
      const { f, running, workers } = await givenMidWave(lab, { f: await onServers(lab, servers) });
      const door = await serve(f.w.ctx);
      lab.later(door.close);
      await main.stop("SIGINT");
      const answer = await door.call("GET", "/healthz");
      must(answer.status === 503, `The web process answered ${answer.status}.`);
      must(answer.headers.has("retry-after"), "It did not say when to come again.");
      const before = caughtOf(f, running).length;
      await startAgain(main, f);
      const more = () => caughtOf(f, running).length > before + IN_HAND;
      const seconds = await secondsUntil("more go out", more);
      must(seconds <= 10, `Sending went on ${seconds} s after PostgreSQL was back.`);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      const ended = await Promise.all(workers.map((worker) => worker.stop()));
      must(ended.every(Boolean), "A worker did not live through it.");
      return { outcome: `sending again after ${seconds} s`, checked };
    },
  },
  {
    number: "12",
    name: "PostgreSQL is killed under load, again and again",
    expected: "whatever was acknowledged is there: no copy without its attempt",
    async run(lab) {
      const kills = lab.long ? 15 : 2;
      const { main, servers } = await lab.durable();
      const f = await onServers(lab, servers);
      const running = await startWave(lab, f, lab.people * (lab.long ? 6 : 2));
      await Promise.all([f.worker(), f.worker()]);
      for (let kill = 0; kill < kills; kill += 1) {
        await until("some are in flight", () => f.catcher.counts.inFlight >= 5);
        await main.stop("SIGKILL");
        await startAgain(main, f);
      }
      const checked = await settledSoundly(f, [running]);
      return {
        outcome: `${kills} kills with five or more in flight`,
        shortened: "15 kills here and 20 more in the marathon, instead of 100",
        checked,
      };
    },
  },
  {
    number: "13",
    name: "the connection to PostgreSQL is cut exactly as a claim, an outcome or a COMMIT passes",
    expected: "what the database did is found out; nothing has a second effect",
    async run(lab) {
      const f = await lab.fleet({ delayMs: 20 });
      const wire = await lab.proxy(f.env["DATABASE_URL"] ?? "");
      const env = { DATABASE_URL: wire.through(f.env["DATABASE_URL"] ?? "") };
      const running = await startWave(lab, f, lab.people * (lab.long ? 5 : 1));
      const times = lab.long ? 10 : 3;
      // Not as they start: whoever starts a process again is not ours to be.
      await Promise.all([f.worker(env), f.worker(env)]);
      for (const words of [/insert into attempt/i, /possible_duplicate/i])
        for (const when of ["before", "unanswered"] as const) wire.cutWhen({ words, when, times });
      wire.cutWhen({ ...COMMITTED, times });
      wire.cutNow();
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      must(wire.counts.cuts >= times * 3, `Only ${wire.counts.cuts} connections were cut.`);
      return {
        outcome: `${wire.counts.cuts} connections cut, before and after the effect`,
        checked,
      };
    },
  },
  {
    number: "14",
    name: "a lock is held for long, and every connection of a web process waits for it",
    expected: "requests end in 5 s; the health of the process is told; nothing piles up",
    async run(lab) {
      const { f, running } = await givenMidWave(lab);
      const web = await startConsole(lab, f);
      const expiresAt = new Date(Date.now() + 3_600_000);
      const token = await givenToken(f.w, f.w.staff.auditor, { expiresAt });
      const headers = { authorization: `Bearer ${token}` };
      const path = `/v1/incidents/${running.incidentId}/waves/${running.waveId}`;
      const lock = await lockTable(f, "delivery", lab.long ? 60_000 : 8_000);
      const asked = performance.now();
      // As many as it has connections.
      const calls = Array.from({ length: 10 }, () => fetch(web.url + path, { headers }));
      const answers = (await Promise.all(calls)).map(({ status }) => status);
      const tookMs = Math.round(performance.now() - asked);
      const health = await fetch(`${web.url}/healthz`);
      await lock.released;
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      must(tookMs < 6_000, `Requests waited ${tookMs} ms for the lock.`);
      must(new Set(answers).size === 1 && answers[0] === 503, `Answered ${answers.join(", ")}.`);
      must(health.ok, `Then its health was ${health.status}.`);
      return {
        outcome: `ten requests answered 503 after ${tookMs} ms, and then it was well`,
        checked,
      };
    },
  },
  {
    number: "15",
    name: "statements fail by serialization failures and deadlocks",
    expected: "tried again, and no effect twice",
    async run(lab) {
      const f = await lab.fleet({ delayMs: 20 });
      const running = await startWave(lab, f);
      await breakStatements(f, lab.seed);
      await Promise.all([f.worker(), f.worker()]);
      const deadlocks = await forceDeadlocks(f, running.waveId, lab.people);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      const [row] = await f.w.sql<{ count: number }[]>`select last_value::int as count from broken`;
      must((row?.count ?? 0) >= 10, "Too few statements were broken.");
      return {
        outcome: `${row?.count} statements broken off, ${deadlocks} rows locked the other way round`,
        checked,
      };
    },
  },
];

/** A fleet on servers that may be killed. */
export function onServers(lab: Lab, servers: Durable["servers"]): Promise<Fleet> {
  return lab.fleet({ delayMs: 40 }, servers);
}

/** Start PostgreSQL until it stays: after a kill its last processes may hold its memory still. */
export async function startAgain(main: Durable["main"], { w }: Fleet): Promise<void> {
  await main.start();
  await until("PostgreSQL answers", async () => {
    if (!main.running()) await main.start();
    await w.sql`select 1`;
    return true;
  });
}

/** Whether a declaration is refused while nothing can be written, and leaves nothing behind. */
export async function refusesWork({ w }: Fleet): Promise<boolean> {
  const count = async () => (await w.sql`select 1 from incident`).length;
  const before = await count();
  const whatHappened = "A list was copied. ".repeat(2_000);
  const declared = await givenIncident(w, { whatHappened }).then(
    () => true,
    () => false,
  );
  return !declared && (await count()) === before;
}

/** Hold a lock that every reader and writer of a table waits for. */
async function lockTable({ w }: Fleet, table: string, ms: number) {
  let held = () => {};
  const taken = new Promise<void>((resolve) => (held = resolve));
  const released = w.sql.begin(async (tx) => {
    await tx.unsafe(`lock table ${table} in access exclusive mode`);
    held();
    // Statements of ours in between: a transaction that rests too long is ended by the server.
    for (const until = performance.now() + ms; performance.now() < until; await sleep(500))
      await tx`select 1`;
  });
  await taken;
  return { released };
}

/** Let one of seven statements that change deliveries fail as PostgreSQL lets them fail. */
async function breakStatements({ w }: Fleet, seed: number): Promise<void> {
  await w.sql.unsafe(`
    create sequence broken;
    create sequence statements start ${1 + (seed % 1_000)};
    create function break_off() returns trigger language plpgsql as $$
    begin
      if nextval('statements') % 7 = 0 then
        perform nextval('broken');
        if currval('statements') % 2 = 0 then
          raise exception 'could not serialize access' using errcode = '40001';
        end if;
        raise exception 'deadlock detected' using errcode = '40P01';
      end if;
      return null;
    end $$;
    create trigger break_off after update on delivery
      for each statement execute function break_off();`);
}

/** Take row locks in the order opposite to everybody else's, one after the other. */
async function forceDeadlocks({ w }: Fleet, waveId: string, count: number): Promise<number> {
  let locked = 0;
  for (let turn = 0; turn < 10; turn += 1)
    await w.sql
      .begin(async (tx) => {
        const rows = await tx<{ id: string }[]>`
          select id from delivery where wave_id = ${waveId} order by id desc limit ${count}`;
        for (const { id } of rows) {
          await tx`select from delivery where id = ${id} for update`;
          locked += 1;
        }
      })
      .catch(() => {});
  return locked;
}

/** What two workers may have claimed at once. */
const IN_HAND = 24;
