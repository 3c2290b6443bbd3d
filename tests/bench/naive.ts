import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { Queue } from "bullmq";

import { SMALL } from "../../src/dev/candor.ts";
import { openRedis } from "../../src/gateways/redis.ts";
import { PREFIX } from "../../src/jobs.ts";
import { givenApproved, givenCrowd, givenPlace } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { VARIANTS, queueName } from "./naive-worker.ts";
import type { Variant } from "./naive-worker.ts";
import { median, shown, table } from "./row.ts";
import type { Found } from "./row.ts";
import { expectSent, sentCount, timedWave } from "./wave.ts";

/**
 * Candor beside the design that comes to mind first: one job, one claim, one settlement and one
 * composed message for each person. It is written as well as that design allows: two statements a
 * person, each the claim or the outcome with its attempt in one, on as many database connections
 * as it has jobs under way, notices compiled once. Same servers, people, words and processes,
 * each design with as many SMTP connections as it is fastest with; twice: over our own SMTP sessions, and over nodemailer's composer and pool, which
 * is what the design would take. In turns.
 */
export async function benchNaive(
  { recipients, rounds, quick }: Sizes,
  later: Later,
): Promise<Found> {
  const lab = await openLab(later);
  for (const _ of [1, 2]) await lab.worker({ EMAIL_CONNECTIONS: CONNECTIONS.candor });
  // Large enough that the start weighs as little as in a wave that takes hours.
  const messages = quick ? 300 : 4 * recipients;
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), messages);
  const naive = await startNaive(lab, crowd, later);
  const measured: Record<"candor" | Variant, number>[] = [];
  // The first is for compiled code and warm caches.
  for (let i = 0; i <= rounds; i += 1) {
    // What one design left behind is not cleaned up in the other's turn.
    await lab.w.sql`vacuum analyze`;
    const same = messages / (await naive("same"));
    await lab.w.sql`vacuum analyze`;
    const own = messages / (await naive("own"));
    await lab.w.sql`vacuum analyze`;
    const candor = messages / (await timedWave(lab, crowd, 0)).seconds;
    if (i > 0) measured.push({ candor, same, own });
  }
  const ratios = (of: Variant) => measured.map((round) => round.candor / round[of]);
  const goal = { unit: "×", better: "more", profile: "send" } as const;
  const note = `median of ${rounds} rounds`;
  return {
    rows: [
      {
        what: "against one job a person: same sender",
        ...goal,
        measured: median(ratios("same")),
        floor: 3,
        aim: 5,
        note,
      },
      {
        what: "against one job a person: each design's own",
        ...goal,
        measured: median(ratios("own")),
        floor: 6,
        aim: 10,
        note,
      },
    ],
    lines: [
      `${messages} messages a round, 2 processes each, with ${CONNECTIONS.candor} connections for Candor and ` +
        `${CONNECTIONS.naive} for the other design, which is slower with more. *Same sender*: our SMTP ` +
        "sessions and composer, used for each message by itself. *Own*: nodemailer's composer and " +
        "pooled transport. Both claim and settle with one statement each, and jobs are added by " +
        "the thousand. Candor sends without a canary here, because the other design has none.",
      "",
      ...table(
        ["round", "same sender /s", "own /s", "Candor /s", "to same", "to own"],
        measured.map(({ same, own, candor }, i) => [
          String(i + 1),
          ...[same, own, candor].map(shown),
          (candor / same).toFixed(2),
          (candor / own).toFixed(2),
        ]),
      ),
    ],
  };
}

/** Answers how to send to the whole crowd by a variant: seconds until the last is written down. */
async function startNaive({ w, env, sink }: Lab, crowd: Crowd, later: Later) {
  // Tables of its own, so that nobody else's relay finds the rows. The same columns and indexes.
  await w.sql`create table naive_delivery (like delivery including all)`;
  await w.sql`create table naive_attempt (like attempt including all)`;
  const { submissionId } = await givenApproved(w, crowd);
  const [submission] = await w.sql<{ noticeVersionId: string }[]>`
    select notice_version_id from submission where id = ${submissionId}`;
  const redis = openRedis(env["REDIS_URL"] ?? "");
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const options = { connection: redis, prefix: PREFIX, defaultJobOptions };
  const queues = new Map(VARIANTS.map((v) => [v, new Queue(queueName(v), options)]));
  later(async () => {
    for (const queue of queues.values()) await queue.close();
    redis.disconnect();
  });
  const settings = {
    ...env,
    EMAIL_CONNECTIONS: CONNECTIONS.naive,
    NAIVE_INCIDENT: crowd.incidentId,
    NAIVE_VERSION: submission?.noticeVersionId ?? "",
  };
  for (const _ of [1, 2]) await startProcess(settings, later);

  return async (variant: Variant): Promise<number> => {
    const waveId = randomUUID();
    const before = sink.count();
    const sent = await sentCount({ w, sink });
    const started = performance.now();
    const rows = await w.sql<{ id: string }[]>`
      insert into naive_delivery (wave_id, recipient_id, channel, state)
      select ${waveId}, id, 'email', 'planned' from recipient
       where audience_id = ${crowd.audienceId} returning id`;
    for (let at = 0; at < rows.length; at += BULK)
      await queues
        .get(variant)
        ?.addBulk(rows.slice(at, at + BULK).map(({ id }) => ({ name: "send", data: { id } })));
    const isOver = async () => {
      if (sink.count() - before < crowd.count) return false;
      const [open] = await w.sql`
        select from naive_delivery where wave_id = ${waveId} and state <> 'accepted' limit 1`;
      return open === undefined;
    };
    while (!(await isOver())) await sleep(20);
    const seconds = (performance.now() - started) / 1_000;
    await expectSent({ w, sink }, sent + crowd.count);
    return seconds;
  };
}

async function startProcess(env: Readonly<Record<string, string>>, later: Later): Promise<void> {
  const child = fork(ENTRY, [], {
    env: { PATH: process.env["PATH"] ?? "", ...SMALL, ...env },
    execArgv: ["--max-semi-space-size=32", "--max-old-space-size=192"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = once(child, "exit");
  later(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  const died = gone.then(() => {
    throw new Error("The process of the other design ended.");
  });
  died.catch(() => {});
  await Promise.race([once(child, "message"), died]);
}

const ENTRY = fileURLToPath(new URL("naive-worker.ts", import.meta.url));
const BULK = 1_000;
/** Of each process. One job a person is as fast with 64 as with 40, and with 100 by 7 % slower. */
const CONNECTIONS = { candor: "100", naive: "40" };
