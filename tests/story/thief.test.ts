import { join } from "node:path";
import { Writable } from "node:stream";

import { expect, test } from "vitest";

import { releaseAnswers } from "../../src/actions/feedback/release.ts";
import { createLog } from "../../src/log.ts";
import { connect } from "../../src/store/db.ts";
import { mutatedBuild } from "../support/build.ts";
import type { Edit } from "../support/build.ts";
import { serve } from "../support/http.ts";
import { dump } from "../support/scan.ts";
import { givenSurvey, sendAnswer } from "../support/survey.ts";
import { COMPARED, copied, guesses, steal } from "../support/thief.ts";
import type { Suspect } from "../support/thief.ts";
import { world } from "../support/world.ts";

// The thief has the databases, raw pages and dead rows included, Redis, the logs, the incident's
// key, the survey's keys, whose each pass is, and the order in which people answered. They want
// to know who wrote which text.

const PEOPLE = 240;
/**
 * Pairing n people with n texts blindly hits Poisson(1) of them, whatever n is: four or fewer in
 * 99 % of all runs, and five or fewer in each of all eleven ways to try in 99 % of them. Who copied
 * the database at every release pairs within each, which is Poisson(4): eleven or fewer. A run
 * that luck took out of this interval is played once more; a leak would be there again.
 */
const BY_CHANCE_MAX = 5;
const BY_CHANCE_MAX_OF_FOUR = 11;
const RELEASES = 4;

test("a thief with everything links released answers no better than by chance", async () => {
  let played = await play({ releases: RELEASES });
  if (better(played.hits).length > 0) played = await play({ releases: RELEASES });
  const { hits, log, mainBefore, mainAfter, rows } = played;
  expect(hits.size).toBe(12);
  expect(better(hits)).toEqual([]);
  expect(log.filter((line) => line.includes("POST /survey/:pass"))).toHaveLength(PEOPLE);
  expect(mainAfter.equals(mainBefore), "answering leaves no trace in the main database").toBe(true);
  expect(rows).toEqual({ holding: 0, tally: 1, remark: PEOPLE });
}, 240_000);

test("on a build that does not shuffle the thief links nearly all", async () => {
  const { hits } = await play({
    releases: RELEASES,
    edits: [
      { file: "src/actions/feedback/release.ts", from: "let i = list.length - 1", to: "let i = 0" },
    ],
  });
  expect(hits.get("time and place")).toBeGreaterThan(PEOPLE * 0.9);
  expect(hits.get(COMPARED)).toBeGreaterThan(PEOPLE * 0.9);
}, 120_000);

test("on a build that deletes rows instead of writing the tables anew, dead rows tell", async () => {
  const { hits } = await play({
    releases: 1,
    edits: [
      {
        file: "src/store/feedback/answers.ts",
        from: "await tx`truncate pass, holding, tally, remark`;",
        to: "for (const table of ['pass', 'holding', 'tally', 'remark']) await tx`delete from ${tx(table)}`;",
      },
    ],
  });
  const way = "transactions of passes and of answers that waited";
  expect(hits.get(way)).toBeGreaterThan(PEOPLE * 0.9);
}, 120_000);

interface Play {
  readonly releases: number;
  readonly edits?: readonly Edit[];
}

/** Everybody answers, in random order, through the real door; answers are released; break in. */
async function play({ releases, edits = [] }: Play) {
  // A world of its own: looking for another survey's answers would clear dead rows away.
  const w = await world({ TRUSTED_PROXIES: 1 });
  const build = edits.length > 0 ? await mutatedBuild(edits) : undefined;
  const release = build ? await released(build.folder) : releaseAnswers;
  const lines: string[] = [];
  const log = createLog("trace", "test", lineBy(lines));
  // One connection, so that rows lie in the order in which they came: the thief's best case.
  const feedback = connect(w.config.FEEDBACK_URL, 1);
  const door = await serve({ ...w.ctx, feedback, log }, { door: "public" });
  try {
    await feedback`alter table holding set (autovacuum_enabled = off)`;
    await feedback`alter table pass set (autovacuum_enabled = off)`;
    const survey = await givenSurvey(w, { people: PEOPLE });
    const inTime = randomly(survey.passes.map((pass, person): Suspect => ({ person, pass })));
    const mainBefore = await dump(w.config.DATABASE_URL);
    const copies = [await copied(w, survey)];
    for (const [at, { person, pass }] of inTime.entries()) {
      const answer = await sendAnswer(door, pass, { clear: "4", remark: textOf(person) });
      expect(answer.status).toBe(200);
      if ((at + 1) % (PEOPLE / releases) > 0) continue;
      await release(w.ctx);
      // A copy clears dead rows away: the last one waits until the thief has read the pages.
      if (at + 1 < PEOPLE) copies.push(await copied(w, survey));
    }
    const mainAfter = await dump(w.config.DATABASE_URL);
    const loot = await steal(w, survey, inTime);
    copies.push(await copied(w, survey));
    const found = guesses({ ...loot, copies });
    const hits = new Map(
      [...found].map(([way, guessed]) => [
        way,
        [...guessed].filter(([person, text]) => text === textOf(person)).length,
      ]),
    );
    report(edits[0]?.file ?? "as built", hits);
    const [rows] = await feedback`
      select (select count(*)::int from holding) as holding, (select count(*)::int from tally) as tally,
             (select count(*)::int from remark) as remark`;
    return { hits, log: lines, mainBefore, mainAfter, rows };
  } finally {
    await door.close();
    await feedback.end();
    await build?.remove();
    await w.close();
  }
}

async function released(folder: string): Promise<typeof releaseAnswers> {
  const module: { releaseAnswers: typeof releaseAnswers } = await import(
    /* @vite-ignore */ join(folder, "src/actions/feedback/release.ts")
  );
  return module.releaseAnswers;
}

/** What a person writes: theirs alone, and of a length that grows with their number. */
function textOf(person: number): string {
  return `I am voice ${person}.${" More of the same.".repeat(person % 25)}`;
}

function randomly<T>(list: readonly T[]): T[] {
  return list
    .map((value) => [Math.random(), value] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, value]) => value);
}

function lineBy(lines: string[]): Writable {
  return new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
}

/** The ways that hit more often than chance does. */
function better(hits: ReadonlyMap<string, number>): [string, number][] {
  const most = (way: string) => (way === COMPARED ? BY_CHANCE_MAX_OF_FOUR : BY_CHANCE_MAX);
  return [...hits].filter(([way, count]) => count > most(way));
}

/** The number itself, for whoever reads the run. */
function report(build: string, hits: ReadonlyMap<string, number>): void {
  const each = [...hits].map(([way, count]) => `  ${count} of ${PEOPLE} by ${way}`);
  const chance = `by chance: 1, 99 % of the time ${BY_CHANCE_MAX} or fewer in all; 4 by copies`;
  console.info(`The thief, ${build} (${chance}):\n${each.join("\n")}`);
}
