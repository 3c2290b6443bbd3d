import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { csvLine } from "../../domain/audience/cells.ts";
import type { Person } from "../../domain/audience/person.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import * as letters from "../../store/delivery/letter.ts";
import type { BatchPath } from "../../store/delivery/letter.ts";
import * as runs from "../../store/delivery/letter-run.ts";
import type { Made, Planned, Run } from "../../store/delivery/letter-run.ts";
import * as incidents from "../../store/incident.ts";
import * as waves from "../../store/wave.ts";
import { compiledVersion } from "../notice/compiled.ts";
import { createBundle, overtaken } from "./letter-bundle.ts";
import type { Bundle } from "./letter-bundle.ts";
import { composeLetter } from "./letter-compose.ts";
import type { Batching } from "./letter-compose.ts";
import { note, whyNotPrinted } from "./letter.ts";
import type { OwnSources } from "./prepare.ts";

export interface Making {
  /** What is each person's own: codes and links. */
  readonly own: OwnSources;
  /** Called at every step. */
  readonly keepAlive?: () => Promise<void>;
}

/**
 * Make the letters of a batch: PDF files by language and paper, an address file, and a list of
 * whom no letter could be set for, and why. One worker makes a batch at a time; one that was
 * killed is followed by another that starts over. Does nothing where the batch is made or ended;
 * refuses `still-running` where another worker makes it.
 */
export async function makeBatch(ctx: Context, path: BatchPath, making: Making): Promise<void> {
  const run: Run = { batchId: path.batchId, runId: randomUUID() };
  if (!(await ctx.sql.begin((tx) => runs.take(tx, run)))) return stillRunning(ctx, path);
  try {
    const batching = await prepare(ctx, path, making);
    if ("hold" in batching) await giveUp(ctx, path, run, batching.hold);
    else await makeAll(batching, path, run, making);
  } catch (error) {
    await runs.giveBack(ctx.sql, run);
    if (!(error instanceof Refusal && error.code === "still-running")) throw error;
    await stillRunning(ctx, path);
  }
}

/** Not ours: nothing to do where the batch is made or ended; otherwise try again later. */
async function stillRunning(ctx: Context, path: BatchPath): Promise<void> {
  const { state } = await letters.find(ctx.sql, path);
  if (state === "making") refuse("still-running", "Another worker makes this batch.");
}

async function prepare(
  ctx: Context,
  { incidentId, waveId }: BatchPath,
  { own }: Making,
): Promise<Batching | { readonly hold: string }> {
  const wave = await waves.find(ctx.sql, incidentId, waveId);
  const stopped = await whyNotPrinted(ctx.sql, wave);
  if (stopped) return { hold: stopped.code };
  const { noticeVersionId } = wave;
  const version = await compiledVersion(ctx, noticeVersionId);
  const { noticeKind } = await waves.noticeOf(ctx.sql, noticeVersionId);
  const source = await own(ctx, { incidentId, noticeVersionId, noticeKind });
  if ("hold" in source) return source;
  const { awareZone: zone } = await incidents.find(ctx.sql, incidentId);
  const keys = await ctx.vault.keys(incidentId);
  // Read here, so that fonts that are not there are no fault of one letter.
  const { metrics } = ctx.press;
  return { ctx, keys, version, source, zone, metrics, madeAt: ctx.now() };
}

async function makeAll(
  batching: Batching,
  path: BatchPath,
  run: Run,
  { keepAlive = async () => {} }: Making,
): Promise<void> {
  const { ctx, keys, madeAt, version } = batching;
  const { organisation } = version.version.sender;
  const bundle = createBundle(ctx, { run, keys, organisation, madeAt, heads: HEADS });
  for await (const page of runs.planned(ctx.sql, run.batchId, PAGE)) {
    const made: Made[] = [];
    for (const row of page) {
      made.push(await makeOne(batching, bundle, row));
      // A worker has other duties: let them have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await bundle.flush();
    if (!(await runs.settle(ctx.sql, run, made))) overtaken();
    if (!(await runs.beat(ctx.sql, run))) overtaken();
    await keepAlive();
  }
  await bundle.finish();
  await ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, path);
    if (!(await runs.beat(tx, run))) overtaken();
    await letters.save(tx, batch.id, { state: "ready", madeAt });
    const counts = await letters.counts(tx, batch.id);
    if (counts["dropped"]) await letters.leaveOut(tx, path.waveId);
    await note(ctx, tx, batch, {
      actor: MAKER,
      action: "letters.make",
      before: { state: "making" },
      after: { state: "ready", counts },
    });
  });
}

async function makeOne(batching: Batching, bundle: Bundle, row: Planned): Promise<Made> {
  const { deliveryId, number, recipientId, sealed } = row;
  const none = { deliveryId, language: null, paper: null, pages: null };
  if (row.why !== null || !sealed)
    return { ...none, state: "dropped", reason: row.why ?? "erased" };
  const composed = composeLetter(batching, { ...row, sealed });
  const cells = cellsOf(recipientId, composed.person);
  if ("held" in composed) {
    const { held: reason } = composed;
    await bundle.addLine("held", csvLine([...cells, number, reason]));
    return { ...none, state: "held", reason };
  }
  const { language, paper, letter } = composed;
  const file = await bundle.addLetter(language, paper, letter);
  const pages = letter.pages.length;
  await bundle.addLine(
    "addresses",
    csvLine([...cells, number, language, paper, String(pages), file]),
  );
  return { deliveryId, state: "made", reason: null, language, paper, pages };
}

/** Nothing can be made of this batch: its people wait for another. */
function giveUp(ctx: Context, path: BatchPath, run: Run, reason: string): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, path);
    if (!(await runs.beat(tx, run))) overtaken();
    await letters.save(tx, batch.id, { state: "cancelled", reason, filesGoneAt: ctx.now() });
    await note(ctx, tx, batch, {
      actor: MAKER,
      action: "letters.cancel",
      before: { state: "making" },
      after: { state: "cancelled", reason },
    });
  });
}

function cellsOf(recipientId: string, person: Partial<Person> = {}): string[] {
  const { name, language, reference, relation, postal } = person;
  const lines = postal?.lines ?? [];
  return [
    recipientId,
    name ?? "",
    ...[0, 1, 2, 3].map((position) => lines[position] ?? ""),
    postal?.postcode ?? "",
    postal?.city ?? "",
    postal?.region ?? "",
    postal?.country ?? "",
    language ?? "",
    relation ?? "",
    reference ?? "",
  ];
}

const MAKER = "system:letters";
/** Letters between two signs of life. */
const PAGE = 100;
const COLUMNS = [
  "id",
  "name",
  "line 1",
  "line 2",
  "line 3",
  "line 4",
  "postcode",
  "city",
  "region",
  "country",
  "language",
  "relation",
  "reference",
];
const HEADS = {
  addresses: csvLine([...COLUMNS, "letter number", "letter language", "paper", "pages", "file"]),
  held: csvLine([...COLUMNS, "letter number", "reason"]),
};
