import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { start } from "../../src/actions/wave/start.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { startWorker } from "../../src/dev/candor.ts";
import { LOOPBACK } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { createLog } from "../../src/log.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenApprovedNotice } from "../support/notice.ts";
import { givenStaff } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { POSTFIX_PRESENT, smtpSource, startSink } from "./postfix.ts";
import type { Sink } from "./postfix.ts";

/** One round: the same number of messages of the same size to the same sink, by each. */
export interface Round {
  readonly source: number;
  readonly candor: number;
  readonly ratio: number;
}

export interface SendReport {
  readonly messages: number;
  readonly bytes: number;
  readonly rounds: readonly Round[];
}

/**
 * Messages a second from *start* to the last acceptance, contacts sealed and every message
 * composed for its person, beside Postfix's `smtp-source` to the same `smtp-sink`, in turns.
 * Throws where the sink did not count exactly what was sent. Nothing where Postfix is absent.
 */
export async function benchSend(messages: number, rounds: number): Promise<SendReport | undefined> {
  if (!POSTFIX_PRESENT) return undefined;
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const sink = await startSink();
    stops.push(sink.stop);
    const stack = await startStack({ SMTP_URL: `smtp://${LOOPBACK}:${sink.port}` });
    stops.push(stack.stop);
    const env = { ...SETTINGS, ...stack.env };
    const log = createLog("warn", "bench");
    const { ctx, close } = await compose(readConfig(env), "bench", { log });
    stops.push(close);
    for (const n of [1, 2]) {
      const worker = await startWorker({ env, logFile: join(stack.folder, `worker-${n}.log`) });
      stops.push(worker.stop);
    }
    // Of a world, the builders use these three only.
    const w = { ctx, sql: ctx.sql, staff: await givenStaff(ctx) } as World;
    const incident = await givenIncident(w);
    await givenScope(w, incident.id, FACTS);
    const audience = await givenFrozenAudience(w, incident.id, invented(messages));
    const place = { incidentId: incident.id, audienceId: audience.id };

    await wave(w, place, { sink, messages }); // Compiled code and warm caches for everyone.
    const bytes = BYTES_MEAN;
    await smtpSource(sink.port, messages, bytes);
    const measured: Round[] = [];
    for (let i = 0; i < rounds; i += 1) {
      const source =
        messages / (await counted(sink, messages, smtpSource(sink.port, messages, bytes)));
      const candor = messages / (await wave(w, place, { sink, messages }));
      measured.push({ source, candor, ratio: candor / source });
    }
    return { messages, bytes, rounds: measured };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** Seconds from *start* until every delivery is accepted. */
async function wave(
  w: World,
  place: { incidentId: string; audienceId: string },
  { sink, messages }: { sink: Sink; messages: number },
): Promise<number> {
  const submissionId = await givenApprovedNotice(w, place);
  const before = sink.count();
  const started = performance.now();
  const { id } = await start(w.ctx, w.staff.responder, { ...place, submissionId });
  for (;;) {
    const [row] = await w.sql<{ left: number; accepted: number }[]>`
      select count(*) filter (where state <> 'accepted')::int as left,
             count(*) filter (where state = 'accepted')::int as accepted
        from delivery where wave_id = ${id}`;
    if (row?.left === 0) break;
    if (performance.now() - started > PATIENCE_MS) throw new Error("The wave did not end.");
    await sleep(100);
  }
  const seconds = (performance.now() - started) / 1_000;
  await expectCount(sink, before + messages);
  return seconds;
}

async function counted(sink: Sink, messages: number, sending: Promise<number>): Promise<number> {
  const before = sink.count();
  const seconds = await sending;
  await expectCount(sink, before + messages);
  return seconds;
}

/** The sink prints its counts a moment later; more than were sent is as wrong as fewer. */
async function expectCount(sink: Sink, expected: number): Promise<void> {
  for (let tries = 0; tries < 40 && sink.count() !== expected; tries += 1) await sleep(50);
  if (sink.count() !== expected)
    throw new Error(`The sink counted ${sink.count()} messages, not ${expected}.`);
}

function invented(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    email: `person${i}@example.com`,
    name: `Person Number ${i}`,
  }));
}

const PATIENCE_MS = 300_000;
/** What our own messages weigh, as the catcher of the demo shows them. */
const BYTES_MEAN = 8_192;
const FACTS: Parameters<typeof givenScope>[2] = {
  whatWeDo: "We closed the way in, told the police, and check every system it led to.",
  actions: ["Change your password.", "Read your statements.", "Hang up on callers."],
  contactLines: [
    { kind: "phone", value: "+1 202 555 0164", hours: "8:00 to 20:00", zone: "America/New_York" },
  ],
};
const SETTINGS = {
  NODE_ENV: "development",
  ORGANISATION: "Example Organisation",
  MAIL_FROM: "notices@example.org",
  CONSOLE_URL: "http://127.0.0.1:8080",
  PUBLIC_URL: "https://incident.example.org",
  LOG_LEVEL: "info",
  EMAIL_CONNECTIONS: "10",
};
