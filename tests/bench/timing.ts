import { randomInt } from "node:crypto";
import { Agent, request } from "node:http";
import { join } from "node:path";

import { keepCodes, personalCodes } from "../../src/actions/inquiry/code.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { startWeb, startWorker } from "../../src/dev/candor.ts";
import { LOOPBACK, freePort } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { createLog } from "../../src/log.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { givenTold } from "../support/visit.ts";
import { givenStaff } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { begun } from "./lab.ts";
import type { Later, Sizes } from "./lab.ts";
import type { Found } from "./row.ts";

/** How well a guesser does who sees nothing but how long an answer took; 0.5 is a coin. */
interface TimingReport {
  readonly page: string;
  /** Requests of each kind. */
  readonly requests: number;
  /** Median milliseconds. */
  readonly knownMs: number;
  readonly unknownMs: number;
  /** Area under the curve of the classifier "slower (or faster) means known". */
  readonly auc: number;
  /** The same by the time of the *next* request, which the workers' work for this one could slow. */
  readonly nextAuc: number;
}

/**
 * The three pages where a stranger types something that we may know, against a real web process
 * with a real worker beside it: as many known as unknown values of the same length, in random
 * order, one after another on one connection. Throws where an answer differs in anything else.
 */
export async function benchTiming({ quick }: Sizes, later: Later): Promise<Found> {
  const stack = await begun(later, startStack({}), (each) => each.stop());
  const port = await freePort();
  const env = { ...SETTINGS, ...stack.env, PORT: String(port) };
  const log = createLog("error", "bench");
  const { ctx, close } = await compose(readConfig(env), "bench", { log });
  later(close);
  const w = { ctx, sql: ctx.sql, staff: await givenStaff(ctx) } as World;
  const codes = await givenKnown(w, quick ? 100 : 2_000);
  for (const [name, start] of Object.entries({ worker: startWorker, web: startWeb })) {
    const logFile = join(stack.folder, `${name}.log`);
    await begun(later, start({ env, logFile }), (each) => each.stop());
  }
  const reports = await measureAll(port, codes);
  const surest = Math.max(...reports.flatMap(({ auc: own, nextAuc }) => [own, nextAuc]));
  return {
    rows: [
      { what: "what an answer's time gives away, AUC", measured: surest, unit: "", floor: 0.55 },
    ],
    lines: timingLines(reports),
  };
}

function timingLines(reports: readonly TimingReport[]): string[] {
  return [
    "A guesser's area under the curve from the time of an answer alone; 0.5 is a coin, and the goal " +
      "is at most 0.55. *Next*: from the time of the request after it.",
    "",
    "| page | requests | known, ms | unknown, ms | AUC | AUC, next |",
    "|---|---|---|---|---|---|",
    ...reports.map(
      ({ page, requests, knownMs, unknownMs, auc, nextAuc }) =>
        `| ${page} | ${requests} + ${requests} | ${knownMs.toFixed(2)} | ${unknownMs.toFixed(2)} | ` +
        `${auc.toFixed(3)} | ${nextAuc.toFixed(3)} |`,
    ),
  ];
}

async function measureAll(port: number, codes: readonly string[]): Promise<TimingReport[]> {
  const unknown = codes.map(() => Array.from({ length: 3 }, () => group()).join("-"));
  const asked = codes.flatMap((code, i): Probe[] => [
    { known: true, body: { code } },
    { known: false, body: { code: unknown[i] ?? "" } },
  ]);
  const my = await measure(port, "/my", asked);
  // The visits that were just begun, each with one wrong one-time code.
  const visits = my.answers.map(({ known, cookie }): Probe => ({
    known,
    cookie,
    body: { code: "00000000" },
  }));
  const oneTime = await measure(port, "/my/code", visits);
  const addresses = codes.flatMap((_, i): Probe[] => [
    { known: true, body: { email: addressOf("person", i) } },
    { known: false, body: { email: addressOf("nobody", i) } },
  ]);
  const lookup = await measure(port, "/lookup", addresses);
  return [my.report, oneTime.report, lookup.report];
}

interface Probe {
  readonly known: boolean;
  readonly body: Readonly<Record<string, string>>;
  readonly cookie?: string;
}

interface Answer {
  readonly known: boolean;
  readonly ms: number;
  readonly cookie: string;
}

async function measure(port: number, page: string, probes: readonly Probe[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: Answer[] = [];
  const shapes = new Set<string>();
  for (const [i, probe] of shuffled(probes).entries()) {
    const started = performance.now();
    const { shape, cookie } = await post({ agent, port, page, probe, network: i });
    answers.push({ known: probe.known, ms: performance.now() - started, cookie });
    shapes.add(shape);
  }
  agent.destroy();
  if (shapes.size !== 1) throw new Error(`${page} answers in ${shapes.size} ways.`);
  const next = answers.slice(1).map(({ ms }, i) => ({ known: answers[i]?.known ?? false, ms }));
  const report: TimingReport = {
    page,
    requests: probes.length / 2,
    knownMs: median(answers.filter(({ known }) => known)),
    unknownMs: median(answers.filter(({ known }) => !known)),
    auc: auc(answers),
    nextAuc: auc(next),
  };
  return { report, answers };
}

interface Post {
  readonly agent: Agent;
  readonly port: number;
  readonly page: string;
  readonly probe: Probe;
  /** Each comes from a network of its own, so that no limit is reached. */
  readonly network: number;
}

/** The answer's status, names and lengths of headers, and length of body. */
function post({ agent, port, page, probe, network }: Post) {
  const body = new URLSearchParams(probe.body).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": Buffer.byteLength(body),
    "x-forwarded-for": `10.${(network >> 8) & 255}.${network & 255}.1`,
    ...(probe.cookie !== undefined && { cookie: probe.cookie }),
  };
  return new Promise<{ shape: string; cookie: string }>((resolve, reject) => {
    const options = { agent, host: LOOPBACK, port, path: page, method: "POST", headers };
    const sent = request(options, (res) => {
      let length = 0;
      res.on("data", (chunk: Buffer) => (length += chunk.length));
      res.on("end", () => {
        const names = Object.entries(res.headers).map(([k, v]) => `${k}:${String(v).length}`);
        const cookie = res.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
        resolve({ shape: `${res.statusCode} ${length} ${names.join(" ")}`, cookie });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/**
 * The chance that a known one took longer than an unknown one (Mann and Whitney's U), ties
 * counting half, whichever way round serves the guesser better.
 */
function auc(answers: readonly { readonly known: boolean; readonly ms: number }[]): number {
  const sorted = answers.toSorted((a, b) => a.ms - b.ms);
  let ranks = 0;
  for (let i = 0; i < sorted.length;) {
    let j = i;
    while (j < sorted.length && sorted[j]?.ms === sorted[i]?.ms) j += 1;
    const known = sorted.slice(i, j).filter((each) => each.known).length;
    ranks += (known * (i + 1 + j)) / 2;
    i = j;
  }
  const known = answers.filter((each) => each.known).length;
  const area = (ranks - (known * (known + 1)) / 2) / (known * (answers.length - known));
  return Math.max(area, 1 - area);
}

function median(answers: readonly { readonly ms: number }[]): number {
  return answers.map(({ ms }) => ms).toSorted((a, b) => a - b)[answers.length >> 1] ?? 0;
}

function shuffled<T>(given: readonly T[]): T[] {
  const all = [...given];
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}

async function givenKnown(w: World, count: number): Promise<string[]> {
  const { id: incidentId } = await givenIncident(w);
  const people = Array.from({ length: count }, (_, i) => ({ email: addressOf("person", i) }));
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  await keepCodes(w.ctx, { incidentId, audienceId });
  await givenTold(w, { incidentId, audienceId });
  return recipientIds.map(await personalCodes(w.ctx, incidentId));
}

function addressOf(name: string, i: number): string {
  return `${name}-${String(i).padStart(6, "0")}@example.com`;
}

function group(): string {
  return Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SETTINGS = {
  NODE_ENV: "development",
  ORGANISATION: "Example Organisation",
  MAIL_FROM: "notices@example.org",
  CONSOLE_URL: "http://127.0.0.1:8080",
  PUBLIC_URL: "http://127.0.0.1:8080",
  LOG_LEVEL: "info",
  EMAIL_CONNECTIONS: "10",
  TRUSTED_PROXIES: "1",
};
