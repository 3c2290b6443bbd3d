import { passHash } from "../../src/domain/feedback/pass.ts";
import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import type { GivenSurvey } from "./survey.ts";
import { asSuperuser } from "./survey.ts";
import type { World } from "./world.ts";

/** A person in the thief's eyes: who, when they answered, and their pass. */
export interface Suspect {
  readonly person: number;
  readonly pass: string;
}

/** A stored row with everything PostgreSQL keeps beside it. */
interface Row {
  readonly place: number;
  readonly xmin: number;
}
interface Text extends Row {
  readonly id: string;
  readonly bytes: Buffer;
  readonly text: string;
}
interface Pass extends Row {
  readonly hash: string;
}

export interface Loot {
  /** The people in the order in which they answered: the thief watched the network. */
  readonly inTime: readonly Suspect[];
  readonly texts: readonly Text[];
  /** Texts as they lie in the pages, dead rows too. */
  readonly rawTexts: readonly Text[];
  readonly passes: readonly Pass[];
  /** Every version of a pass in the pages, dead ones too. */
  readonly rawPasses: readonly Pass[];
  /** Answers that waited, found in the pages, opened with the survey's private key. */
  readonly rawHeld: readonly (Row & { readonly texts: readonly string[] })[];
  /** What a copy of the database told before the first release, and after each. */
  readonly copies: readonly Copy[];
}

interface Copy {
  readonly spent: ReadonlySet<string>;
  /** In the order they lie in. */
  readonly texts: readonly string[];
}

/** Copy what one can read of the database now: whose pass is spent, and which texts there are. */
export async function copied(w: World, { surveyId, incidentId }: GivenSurvey): Promise<Copy> {
  const { feedback } = w.ctx;
  const keys = await w.ctx.vault.keys(incidentId);
  const spent = await feedback<{ hash: Buffer }[]>`
    select hash from pass where spent and survey_id = ${surveyId}`;
  const texts = await feedback<{ id: string; sealed: Buffer }[]>`
    select id, sealed from remark where survey_id = ${surveyId} order by ctid`;
  return {
    spent: new Set(spent.map(({ hash }) => hash.toString("hex"))),
    texts: texts.map(({ id, sealed }) => (keys.open("remark", id, sealed) as Remark).value),
  };
}

type Remark = { readonly value: string };

/** The way of a thief who copied the database at every release and looks what was new in each. */
export const COMPARED = "copies compared";

/**
 * Break in: system columns and raw pages of the feedback database, the incident's key, the
 * survey's private key, and whose each pass is. More than any one server holds.
 */
export async function steal(
  w: World,
  survey: GivenSurvey,
  inTime: readonly Suspect[],
): Promise<Omit<Loot, "copies">> {
  const sql = connect(asSuperuser(w), 1);
  try {
    await sql`create extension if not exists pageinspect`;
    const keys = await w.ctx.vault.keys(survey.incidentId);
    const textOf = (id: string, sealed: Buffer) =>
      (keys.open("remark", id, sealed) as Remark).value;
    // Pages first: reading a table through the server clears its dead rows away.
    const rawHeld = await waited(w, survey, sql);
    const remarkPages = await pages(sql, "remark");
    const rawTexts = remarkPages.map(({ place, xmin, columns: [id, , , sealed] }) => {
      const bytes = unwrapped(sealed);
      return { place, xmin, id: uuid(id), bytes, text: textOf(uuid(id), bytes) };
    });
    const rawPasses = (await pages(sql, "pass")).map(({ place, xmin, columns: [hash] }) => ({
      place,
      xmin,
      hash: unwrapped(hash).toString("hex"),
    }));
    const texts = await sql<{ id: string; sealed: Buffer; ctid: string; xmin: string }[]>`
      select id, sealed, ctid::text, xmin::text from remark`;
    const passes = await sql<{ hash: Buffer; ctid: string; xmin: string }[]>`
      select hash, ctid::text, xmin::text from pass`;
    return {
      inTime,
      texts: texts.map(({ id, sealed, ctid, xmin }) => ({
        id,
        bytes: sealed,
        text: textOf(id, sealed),
        place: placeOf(ctid),
        xmin: Number(xmin),
      })),
      rawTexts,
      passes: passes.map(({ hash, ctid, xmin }) => ({
        hash: hash.toString("hex"),
        place: placeOf(ctid),
        xmin: Number(xmin),
      })),
      rawPasses,
      rawHeld,
    };
  } finally {
    await sql.end();
  }
}

/**
 * Every way to pair people with texts that the loot offers: for each, the guessed text of every
 * person it can name.
 */
export function guesses(loot: Loot): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const { inTime, texts, rawTexts, passes, rawPasses, rawHeld, copies } = loot;
  const people = inTime.map(({ person }) => person);
  const byHash = new Map(inTime.map((s) => [passHash(s.pass).toString("hex"), s.person]));
  const owners = (rows: readonly Pass[]) =>
    rows.flatMap(({ hash }) => (byHash.has(hash) ? [byHash.get(hash) ?? -1] : []));
  const placed = texts.toSorted((a, b) => a.place - b.place);
  const numbered = texts.toSorted((a, b) => a.xmin - b.xmin || a.place - b.place);
  const spentInTurn = passes.toSorted((a, b) => a.xmin - b.xmin || a.place - b.place);
  const passesPlaced = passes.toSorted((a, b) => a.place - b.place);
  const sized = texts.toSorted((a, b) => a.bytes.length - b.bytes.length || a.place - b.place);
  const named = texts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const sealed = texts.toSorted((a, b) => a.bytes.compare(b.bytes));
  const raw = rawTexts.toSorted((a, b) => a.xmin - b.xmin || a.place - b.place);
  const rawSpent = rawPasses.toSorted((a, b) => b.xmin - a.xmin || a.place - b.place);
  return new Map([
    ["time and place", paired(people, placed)],
    ["time and place backwards", paired(people, placed.toReversed())],
    ["time and transaction", paired(people, numbered)],
    ["transactions of passes and texts", paired(owners(spentInTurn), numbered)],
    ["places of passes and texts", paired(owners(passesPlaced), placed)],
    ["raw pages of passes and texts", paired([...new Set(owners(rawSpent))], raw)],
    ["time and raw pages", paired(people, raw)],
    ["time and ids", paired(people, named)],
    ["time and seals", paired(people, sealed)],
    [
      "lengths",
      paired(
        people.toSorted((a, b) => a - b),
        sized,
      ),
    ],
    ["transactions of passes and of answers that waited", joined(rawPasses, rawHeld, byHash)],
    [COMPARED, compared(inTime, copies)],
  ]);
}

/** Who spent a pass between two copies, in the order in which they did, with what is new in it. */
function compared(inTime: readonly Suspect[], copies: Loot["copies"]) {
  const found = new Map<number, string>();
  for (const [at, { spent, texts }] of copies.slice(1).entries()) {
    const before = copies[at];
    const fresh = texts.filter((text) => !before?.texts.includes(text));
    inTime
      .filter(({ pass }) => {
        const hash = passHash(pass).toString("hex");
        return spent.has(hash) && !before?.spent.has(hash);
      })
      .forEach(({ person }, i) => found.set(person, fresh[i] ?? ""));
  }
  return found;
}

function paired(people: readonly number[], texts: readonly { text: string }[]) {
  return new Map(people.map((person, i) => [person, texts[i]?.text ?? ""]));
}

function joined(
  rawPasses: Loot["rawPasses"],
  rawHeld: Loot["rawHeld"],
  byHash: ReadonlyMap<string, number>,
) {
  const found = new Map<number, string>();
  for (const { xmin, texts } of rawHeld) {
    const same = rawPasses.filter((pass) => pass.xmin === xmin);
    const person = same.length === 1 ? byHash.get(same[0]?.hash ?? "") : undefined;
    if (person !== undefined) found.set(person, texts[0] ?? "");
  }
  return found;
}

async function waited(w: World, { surveyId, incidentId }: GivenSurvey, sql: Database) {
  const [row] = await w.sql<{ sealedPrivate: Buffer }[]>`
    select sealed_private from survey where id = ${surveyId} and incident_id = ${incidentId}`;
  if (!row) throw new Error("There is no such survey.");
  const keys = await w.ctx.vault.keys(surveyId);
  const privateKey = keys.openBytes("survey", surveyId, row.sealedPrivate);
  const held = await pages(sql, "holding");
  return Promise.all(
    held.map(async ({ place, xmin, columns: [, , sealed] }) => {
      const opened = await w.ctx.box.open(
        privateKey,
        `survey answer ${surveyId}`,
        unwrapped(sealed),
      );
      const { value } = opened as { value: { texts: Record<string, string> } };
      return { place, xmin, texts: Object.values(value.texts) };
    }),
  );
}

/** Every row version in the pages of a table that still has its bytes, live or dead. */
async function pages(sql: Database, table: string) {
  const rows = await sql<{ page: number; lp: number; xmin: string; columns: Buffer[] }[]>`
    select p.page::int as page, i.lp, i.t_xmin::text as xmin,
           tuple_data_split(${table}::regclass, i.t_data, i.t_infomask, i.t_infomask2, i.t_bits) as columns
      from generate_series(0, pg_relation_size(${table}::regclass) / 8192 - 1) as p (page),
           heap_page_items(get_raw_page(${table}, p.page)) as i
     where i.t_data is not null`;
  return rows.map(({ page, lp, xmin, columns }) => ({
    place: page * 1_000 + lp,
    xmin: Number(xmin),
    columns,
  }));
}

/** A bytea without its length word: one byte where it is short, four where not. */
function unwrapped(field: Buffer | undefined): Buffer {
  if (!field) return Buffer.alloc(0);
  return field.subarray((field[0] ?? 0) & 1 ? 1 : 4);
}

function uuid(bytes: Buffer | undefined): string {
  const hex = bytes?.toString("hex") ?? "";
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function placeOf(ctid: string): number {
  const [, page = "", line = ""] = /^\((\d+),(\d+)\)$/.exec(ctid) ?? [];
  return Number(page) * 1_000 + Number(line);
}
