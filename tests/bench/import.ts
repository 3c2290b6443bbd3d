import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { startWeb, startWorker } from "../../src/dev/candor.ts";
import type { Part } from "../../src/dev/candor.ts";
import { join as joinStaff } from "../../src/dev/cast.ts";
import { freePort, LOOPBACK } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { begun, residentMiB } from "./lab.ts";
import type { Later, Sizes } from "./lab.ts";
import type { Found } from "./row.ts";

/** What an import of many rows took. */
interface ImportReport {
  readonly rows: number;
  readonly seconds: number;
  readonly uploadSeconds: number;
  readonly stageSeconds: number;
  readonly mergeSeconds: number;
  /** The highest sum of the resident memory of the web process and the workers. */
  readonly peakMiB: number;
  /** Each process's own highest, the web process first. */
  readonly peakEachMiB: readonly number[];
  readonly rowsBad: number;
  readonly peopleAdded: number;
  readonly merged: number;
}

/**
 * How long an import takes and how much memory Candor's processes take meanwhile, over the real
 * HTTP API, from the first byte sent to the last person merged.
 */
export async function benchImport({ rows: count }: Sizes, later: Later): Promise<Found> {
  const stack = await begun(later, startStack(process.env), (each) => each.stop());
  const port = String(await freePort());
  const address = `http://${LOOPBACK}:${port}`;
  const env = {
    ...stack.env,
    NODE_ENV: "development",
    MAIL_FROM: "notices@example.org",
    ORGANISATION: "Example Organisation",
    CONSOLE_URL: address,
    PUBLIC_URL: address,
    PORT: port,
    LOG_LEVEL: "info",
  };
  const parts: Part[] = [];
  for (const name of ["web", "worker-1", "worker-2"]) {
    const start = name === "web" ? startWeb : startWorker;
    const starting = start({ env, logFile: join(stack.folder, `${name}.log`) });
    parts.push(await begun(later, starting, (each) => each.stop()));
  }
  const memory = watchMemory(parts.map(({ pid }) => pid));
  later(memory.stop);
  const result = await run(env, count);
  if (!result.faultsAgree) throw new Error("The bad rows are not those that the generator made.");
  const { sum: peakMiB, each: peakEachMiB } = await memory.stop();
  const report = { rows: count, ...result, peakMiB, peakEachMiB };
  const { seconds: took } = result;
  return {
    rows: [{ what: `import of ${count.toLocaleString("en-US")} rows`, measured: took, unit: "s" }],
    lines: importLines(report),
  };
}

function importLines(of: ImportReport): string[] {
  return [
    `${of.rows} rows, ${of.rowsBad} of them bad: **${of.seconds} s** (upload ${of.uploadSeconds}, ` +
      `stage ${of.stageSeconds}, merge ${of.mergeSeconds}); peak resident memory of the web ` +
      `process and 2 workers together **${of.peakMiB} MiB** (each at its own peak: ${of.peakEachMiB.join(", ")}).`,
    `${of.peopleAdded} people, ${of.merged} rows merged. Lines and codes of the bad rows equal ` +
      "the generator's list.",
  ];
}

async function run(env: Readonly<Record<string, string>>, rows: number) {
  const person = { name: "Rowan Example", email: "rowan@example.org", roles: ["responder"] };
  const { client } = await joinStaff(env, person);
  const { incident } = await client.post(
    "/v1/incidents",
    {
      title: "Import bench",
      whatHappened: "An invented list was copied.",
      awareAt: "2026-03-02T08:15:00Z",
      awareZone: "UTC",
      dataElements: ["name"],
    },
    z.object({ incident: Id }),
  );
  const audiences = `/v1/incidents/${incident.id}/audiences`;
  const { id } = await client.post(audiences, { name: "Everyone" }, Id);
  const uploads = `${audiences}/${id}/uploads`;

  const started = performance.now();
  const expected: string[] = [];
  const file = Readable.from(people(rows, expected));
  const given = await client.upload(uploads, file, "text/csv", Received);
  const received = performance.now();
  await client.post(
    `${uploads}/${given.uploadId}/import`,
    { mapping: given.mapping, defaultLanguage: "en" },
    z.unknown(),
  );
  let progress = await client.get(`${uploads}/${given.uploadId}`, Progress);
  let staged = received;
  while (progress.state === "importing") {
    if (progress.rowsRead < rows) staged = performance.now();
    await sleep(500);
    progress = await client.get(`${uploads}/${given.uploadId}`, Progress);
  }
  const ended = performance.now();

  const found: string[] = [];
  for (let after = ""; ;) {
    const page = await client.get(`${uploads}/${given.uploadId}/errors?limit=1000${after}`, Errors);
    found.push(...page.errors.map(({ line, code }) => `${line} ${code}`));
    if (page.next === null) break;
    after = `&after=${page.next}`;
  }
  return {
    ...progress,
    seconds: seconds(started, ended),
    uploadSeconds: seconds(started, received),
    stageSeconds: seconds(received, staged),
    mergeSeconds: seconds(staged, ended),
    faultsAgree: found.join("\n") === expected.join("\n"),
  };
}

/** A list: 3 % bad in ways that are known, 10 % doubles, every thirtieth mailbox shared. */
function* people(rows: number, expected: string[]): Generator<Buffer> {
  let piece =
    "reference,name,email,phone,language,country,street,city,postcode,region,agreed,exposure,relation,shoe size\r\n";
  for (let i = 0; i < rows; i += 1) {
    const who = i % 10 === 3 ? i - 1 : i;
    const flaw = i % 33 === 7 ? FLAWS[Math.floor(i / 33) % FLAWS.length] : undefined;
    if (flaw) expected.push(`${i + 2} ${flaw.code}`);
    piece += line([
      `P-${100_000 + who}`,
      `Jane Q. Example-${who}, Jr`,
      flaw?.email ??
        `patient${who % 30 === 11 ? who - 1 : who}@mail${(who - (who % 30)) % 7}.example.com`,
      flaw?.phone ?? `+1202555${String(100 + (who % 100)).padStart(4, "0")}`,
      "en",
      "US",
      `${who} Example Street`,
      "Springvale",
      String(10_000 + (who % 80_000)),
      "NY",
      ["yes", "no", ""][who % 3] ?? "",
      flaw?.exposure ?? "name;email-address;ssn",
      "self",
      "41",
    ]);
    if (piece.length < 65_536) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  yield Buffer.from(piece);
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell) => (cell.includes(",") ? `"${cell}"` : cell)).join(",")}\r\n`;
}

/** The highest sum, in MiB, of the resident memory of these processes, looked at five times a second. */
function watchMemory(pids: readonly number[]) {
  let peakMiB = 0;
  const each = pids.map(() => 0);
  let over = false;
  const watching = (async () => {
    while (!over) {
      const sizes = await Promise.all(pids.map(async (pid) => (await residentMiB(pid)) ?? 0));
      for (const [i, size] of sizes.entries()) each[i] = Math.max(each[i] ?? 0, size);
      peakMiB = Math.max(
        peakMiB,
        sizes.reduce((sum, size) => sum + size, 0),
      );
      await sleep(200);
    }
  })();
  return {
    async stop(): Promise<{ sum: number; each: number[] }> {
      over = true;
      await watching;
      return { sum: Math.round(peakMiB), each: each.map(Math.round) };
    },
  };
}

const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;

const Id = z.object({ id: z.uuid() });
const Received = z.object({ uploadId: z.uuid(), mapping: z.record(z.string(), z.string()) });
const count = z.number().int();
const Progress = z.object({
  state: z.string(),
  rowsRead: count,
  rowsGood: count,
  rowsBad: count,
  peopleAdded: count,
  merged: count,
});
const Errors = z.object({
  errors: z.array(z.object({ line: count, code: z.string() })),
  next: z.string().nullable(),
});
const FLAWS: readonly { code: string; email?: string; phone?: string; exposure?: string }[] = [
  { code: "several-addresses", email: "a@example.com, b@example.com" },
  { code: "email-invalid", email: "not an address" },
  { code: "phone-invalid", phone: "12" },
  { code: "exposure-unknown", exposure: "name;horoscope" },
];
