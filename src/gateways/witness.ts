import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";

import { isOlder, Witness } from "../domain/recovery.ts";
import type { Mark } from "../domain/recovery.ts";
import { PREFIX } from "../jobs.ts";
import type { RedisClient } from "./redis.ts";

/** Where this process lets the database be witnessed: in Redis, and in a file if one is named. */
export function witnessPlaces(redis: RedisClient, file: string | undefined) {
  return file === undefined ? [redisWitness(redis)] : [redisWitness(redis), fileWitness(file)];
}

/** In Redis, which all processes share. It may be emptied: that alone is no alarm. */
export function redisWitness(redis: RedisClient) {
  async function read(): Promise<Witness> {
    const kept = Object.entries(await redis.hgetall(WITNESS_KEY));
    return parsed(Object.fromEntries(kept.map(([id, text]) => [id, json(text)])));
  }
  return {
    read,
    write: async (databaseId: string, mark: Mark, at: Date) =>
      void (await redis.hset(WITNESS_KEY, databaseId, JSON.stringify(entry(mark, at)))),
  };
}

/** In a file of this machine, which outlives a Redis that was restored with its database. */
export function fileWitness(path: string) {
  async function read(): Promise<Witness> {
    try {
      return parsed(json(await readFile(path, "utf8")));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
      throw error;
    }
  }
  return {
    read,
    async write(databaseId: string, mark: Mark, at: Date) {
      const kept = await read();
      const seen = kept[databaseId];
      // Another process of this machine may have seen more meanwhile.
      if (seen && isOlder(mark, seen)) return;
      // Whole or not at all.
      const fresh = `${path}.${randomUUID()}`;
      try {
        const text = JSON.stringify({ ...kept, [databaseId]: entry(mark, at) });
        await writeFile(fresh, text, { mode: 0o600, flush: true });
        await rename(fresh, path);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
    },
  };
}

function entry({ restores, seq }: Mark, at: Date) {
  return { restores, seq, at: at.toISOString() };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Half a file witnesses nothing; what cannot be read of one database takes no other's with it. */
function parsed(kept: unknown): Witness {
  const all = typeof kept === "object" && kept !== null ? Object.entries(kept) : [];
  const read = all.map(([id, mark]: [string, unknown]) => Witness.safeParse({ [id]: mark }).data);
  return Object.assign({}, ...read);
}

/** Kept when our other keys are thrown away. */
export const WITNESS_KEY = `${PREFIX}:witness`;
