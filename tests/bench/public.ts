import autocannon from "autocannon";

import { givenPublished, slugOf } from "../support/publication.ts";
import type { World } from "../support/world.ts";
import { givenApproved, givenCrowd, givenPlace, startApproved } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Later, Sizes } from "./lab.ts";
import type { Found } from "./row.ts";

/** How the page of an incident is served beside a wave that is being sent. */
interface PublicReport {
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
export async function benchPublic({ quick }: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  const { w } = lab;
  const [rate, seconds] = quick ? [100, 3] : [500, 30];
  const slug = await givenWave(w, quick ? 30_000 : 150_000);
  for (const _ of [1, 2]) await lab.worker();
  await lab.door();

  const page = `${lab.env["PUBLIC_URL"]}/incidents/${slug}`;
  await read(page, { rate, seconds: 3 });
  const before = await accepted(w);
  const found = await read(page, { rate, seconds });
  const sent = (await accepted(w)) - before;
  if (await isOver(w)) throw new Error("The wave ended before the readers did: make it larger.");
  const report: PublicReport = {
    asked: rate,
    answered: found.requests.average,
    seconds,
    p50: found.latency.p50,
    p99: found.latency.p99,
    max: found.latency.max,
    wrong: found.non2xx + found.errors + found.timeouts,
    sent: sent / seconds,
  };
  const { p99 } = report;
  return {
    rows: [{ what: "public page beside a wave, p99", measured: p99, unit: "ms", floor: 250 }],
    lines: publicLines(report),
  };
}

function publicLines(of: PublicReport): string[] {
  return [
    `${of.asked} requests/s asked for over ${of.seconds} s from \`--door public\`, beside two workers ` +
      `that sent ${Math.round(of.sent)} messages/s on the same cores: ` +
      `**${Math.round(of.answered)}/s answered, p50 ${of.p50} ms, p99 ${of.p99} ms**, slowest ` +
      `${of.max} ms; ${of.wrong} without a good answer. Goal: 500/s at p99 ≤ 250 ms.`,
  ];
}

/** An incident with a page, and a wave large enough to go on throughout. */
async function givenWave(w: World, people: number): Promise<string> {
  const incidentId = await givenPlace(w);
  await givenPublished(w, incidentId);
  await startApproved(w, await givenApproved(w, await givenCrowd(w, incidentId, people)));
  return slugOf(incidentId);
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

const CONNECTIONS = 50;
