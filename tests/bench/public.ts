import { join } from "node:path";

import autocannon from "autocannon";

import { start } from "../../src/actions/wave/start.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { startWeb, startWorker } from "../../src/dev/candor.ts";
import { LOOPBACK, freePort } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { createLog } from "../../src/log.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { givenApprovedNotice } from "../support/notice.ts";
import { givenPublished, slugOf } from "../support/publication.ts";
import { givenStaff } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { startSink } from "./postfix.ts";

/** How the page of an incident is served beside a wave that is being sent. */
export interface PublicReport {
  /** Requests a second that were asked for, and answered. */
  readonly asked: number;
  readonly answered: number;
  readonly seconds: number;
  /** Milliseconds from when a request was due, so that waiting behind another one counts. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that were not 200, and requests without an answer. */
  readonly wrong: number;
  /** Messages accepted a second meanwhile. */
  readonly sent: number;
}

/**
 * Half of the readers ask in English, the others in Chinese and Russian, at a fixed rate, from a
 * public door of its own process, while two workers send to a Postfix sink. Without a wave in the
 * same minute the figure would say little.
 */
export async function benchPublic(rate: number, seconds: number): Promise<PublicReport> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const sink = await startSink();
    stops.push(sink.stop);
    const stack = await startStack({ SMTP_URL: `smtp://${LOOPBACK}:${sink.port}` });
    stops.push(stack.stop);
    const port = await freePort();
    const env = { ...SETTINGS, ...stack.env, PORT: String(port) };
    const log = createLog("warn", "bench");
    const { ctx, close } = await compose(readConfig(env), "bench", { log });
    stops.push(close);
    const w = { ctx, sql: ctx.sql, staff: await givenStaff(ctx) } as World;
    const slug = await givenWave(w);
    for (const n of [1, 2]) {
      const worker = await startWorker({ env, logFile: join(stack.folder, `worker-${n}.log`) });
      stops.push(worker.stop);
    }
    const web = await startWeb({ env, logFile: join(stack.folder, "public.log"), door: "public" });
    stops.push(web.stop);

    const page = `http://${LOOPBACK}:${port}/incidents/${slug}`;
    await read(page, { rate, seconds: 3 });
    const before = await accepted(w);
    const found = await read(page, { rate, seconds });
    const sent = (await accepted(w)) - before;
    if (await isOver(w)) throw new Error("The wave ended before the readers did: make it larger.");
    return {
      asked: rate,
      answered: found.requests.average,
      seconds,
      p50: found.latency.p50,
      p99: found.latency.p99,
      max: found.latency.max,
      wrong: found.non2xx + found.errors + found.timeouts,
      sent: sent / seconds,
    };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** For the report. */
export function publicLines(of: PublicReport): string[] {
  return [
    `${of.asked} requests/s asked for over ${of.seconds} s from \`--door public\`, beside two workers ` +
      `that sent ${Math.round(of.sent)} messages/s on the same cores: ` +
      `**${Math.round(of.answered)}/s answered, p50 ${of.p50} ms, p99 ${of.p99} ms**, slowest ` +
      `${of.max} ms; ${of.wrong} without a good answer. Goal: 500/s at p99 ≤ 250 ms.`,
  ];
}

/** An incident with a page, and a wave large enough to go on throughout. */
async function givenWave(w: World): Promise<string> {
  const incident = await givenIncident(w);
  await givenPublished(w, incident.id);
  const people = Array.from({ length: PEOPLE }, (_, i) => ({
    email: `person${i}@example.com`,
    name: `Person Number ${i}`,
  }));
  const audience = await givenFrozenAudience(w, incident.id, people);
  const place = { incidentId: incident.id, audienceId: audience.id };
  const submissionId = await givenApprovedNotice(w, place);
  await start(w.ctx, w.staff.responder, { ...place, submissionId });
  return slugOf(incident.id);
}

async function read(page: string, { rate, seconds }: { rate: number; seconds: number }) {
  return autocannon({
    url: page,
    connections: CONNECTIONS,
    overallRate: rate,
    duration: seconds,
    requests: ["en", "en", "zh", "ru"].map((language) => ({
      path: `${new URL(page).pathname}?language=${language}`,
    })),
  });
}

async function accepted(w: World): Promise<number> {
  const [row] = await w.sql<{ count: number }[]>`
    select count(*)::int as count from delivery where state = 'accepted'`;
  return row?.count ?? 0;
}

async function isOver(w: World): Promise<boolean> {
  const [row] = await w.sql`select from wave where state in ('canary', 'sending')`;
  return row === undefined;
}

const PEOPLE = 80_000;
const CONNECTIONS = 50;
const SETTINGS = {
  NODE_ENV: "development",
  ORGANISATION: "Example Organisation",
  MAIL_FROM: "notices@example.org",
  CONSOLE_URL: "http://127.0.0.1:8080",
  PUBLIC_URL: "https://incident.example.org",
  LOG_LEVEL: "info",
  EMAIL_CONNECTIONS: "10",
};
