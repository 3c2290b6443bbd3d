import type { Context } from "../../context.ts";
import { compareMark, isOlder } from "../../domain/recovery.ts";
import type { Finding, Mark, Witness } from "../../domain/recovery.ts";
import * as engine from "../../store/engine.ts";
import * as recovery from "../../store/recovery.ts";
import * as timeline from "../../store/timeline.ts";

/** A place outside of the database that remembers how far it had come. */
export interface WitnessPlace {
  /** Empty where nothing is kept there, or nothing that can be read. */
  read(): Promise<Witness>;
  write(databaseId: string, mark: Mark, at: Date): Promise<void>;
}

/** What came of a comparison. */
export interface Compared {
  readonly findings: readonly Finding[];
  readonly locked: boolean;
  /** Places that could not be read, or not be written. */
  readonly failed: readonly unknown[];
}

/**
 * Compare this database with what was witnessed of it, then let every place witness how far it is
 * now. Where one has seen more, the database was restored from a backup and does not know whom it
 * wrote to since: sending is locked until an operator unlocks it, and no place is written. Nothing
 * is compared while no place can be read.
 */
export async function witness(ctx: Context, places: readonly WitnessPlace[]): Promise<Compared> {
  // Before the database is read: what was witnessed must have been committed by then.
  const read = await Promise.allSettled(places.map((place) => place.read()));
  const kept = read.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed: unknown[] = [];
  for (const each of read) if (each.status === "rejected") failed.push(each.reason);
  if (kept.length === 0) return { findings: [], locked: false, failed };
  const { databaseId, mark, findings, locked } = await compareAll(ctx, kept);
  if (!mark) return { findings, locked, failed };
  const written = await Promise.allSettled(
    places.map((place) => place.write(databaseId, mark, ctx.now())),
  );
  for (const each of written) if (each.status === "rejected") failed.push(each.reason);
  return { findings, locked, failed };
}

/** Whether this database was compared since its server was started; it sends nothing before. */
export function isWitnessed(ctx: Context): Promise<boolean> {
  return engine.isCompared(ctx.sql);
}

interface Comparison extends Omit<Compared, "failed"> {
  readonly databaseId: string;
  /** None while this database is older than was witnessed. */
  readonly mark: Mark | undefined;
}

async function compareAll(ctx: Context, witnesses: readonly Witness[]): Promise<Comparison> {
  await engine.mark(ctx.sql);
  const now = await engine.find(ctx.sql);
  const { databaseId, restores, attemptSeq: seq } = now;
  if (databaseId === null) throw new Error("This database has no identity.");
  const mark = { restores, seq };
  const findings = witnesses.map((kept) => compareMark(databaseId, mark, kept));
  const older = findings.includes("older");
  if (older && now.lockedReason !== "restored")
    await lockRestored(ctx, databaseId, mark, witnesses);
  if (!older && !now.compared) await engine.setCompared(ctx.sql);
  return {
    databaseId,
    mark: older ? undefined : mark,
    findings,
    locked: older || now.lockedReason !== null,
  };
}

async function lockRestored(
  ctx: Context,
  databaseId: string,
  mark: Mark,
  witnesses: readonly Witness[],
): Promise<void> {
  const newest = witnesses
    .flatMap((kept) => kept[databaseId] ?? [])
    .reduce((one, other) => (isOlder(one, other) ? other : one));
  const facts = {
    here: mark,
    witnessed: { restores: newest.restores, seq: newest.seq },
    witnessedAt: newest.at,
    missing: newest.restores === mark.restores ? newest.seq - mark.seq : null,
  };
  const locked = await ctx.sql.begin(async (tx) => {
    if (!(await engine.lock(tx, "restored", facts))) return false;
    await recovery.leapAhead(tx);
    const after = { reason: "restored", ...facts };
    const what = { actor: "system:witness", action: "engine.lock", subject: "engine:sending" };
    await timeline.append(tx, { ...what, after }, ctx.now());
    return true;
  });
  if (locked)
    ctx.log.error(
      facts,
      "SENDING IS LOCKED: this database is older than what was witnessed of it, so it was " +
        "restored from a backup. See runbooks/ops/restore.md, then `candor queue unlock`.",
    );
}
