import type { Context, Keys } from "../../context.ts";
import { groups } from "../../domain/audience/component.ts";
import { mergePeople } from "../../domain/audience/merge.ts";
import { Person } from "../../domain/audience/person.ts";
import { refuse } from "../../domain/refusal.ts";
import * as audiences from "../../store/audience/audience.ts";
import * as merging from "../../store/audience/merging.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { SealedPerson } from "../../store/audience/recipient.ts";
import * as uploads from "../../store/audience/upload.ts";
import type { Upload } from "../../store/audience/upload.ts";
import type { Sql } from "../../store/db.ts";
import * as timeline from "../../store/timeline.ts";
import { sealPerson } from "./sealing.ts";
import { sealShape } from "./shape.ts";
import type { Shape } from "./shape.ts";

/**
 * Turn the staged rows of an upload into people of its audience, by the merge rule, in one
 * transaction, and delete the file. Does nothing where another worker has done it. Refuses
 * `still-running` where rows were staged that this worker has not seen.
 */
export function mergeUpload(ctx: Context, keys: Keys, seen: Upload, shape: Shape): Promise<void> {
  const { incidentId, audienceId } = seen;
  const place = { incidentId, audienceId };
  return ctx.sql.begin(async (tx) => {
    const audience = await audiences.lock(tx, incidentId, audienceId);
    const upload = await uploads.lock(tx, incidentId, seen.id);
    if (upload.state !== "importing") return;
    if (upload.rowsRead !== seen.rowsRead)
      refuse("still-running", "Another worker is importing this upload.");
    if (audience.state === "frozen")
      refuse("audience-frozen", "A frozen audience takes nobody new.");

    await merging.prepare(tx);
    const recalled = await merging.recall(tx, upload.id, audienceId);
    const people = await noteComponents(tx, upload.id);
    const singles = await merging.addSingles(tx, upload.id, place);
    const language = shape.order?.defaultLanguage ?? "und";
    for (let from = 0; from < people; from += PEOPLE_PER_STEP) {
      const parts = await merging.parts(tx, upload.id, from, from + PEOPLE_PER_STEP);
      await recipients.add(tx, place, mergeParts(keys, audienceId, parts, language));
    }
    await recipients.flagSharedMailboxes(tx, audienceId);

    const peopleAdded = singles + people - recalled;
    const merged = upload.rowsGood - peopleAdded;
    const sealed = sealShape(keys, upload.id, shape);
    await uploads.finish(tx, upload.id, {
      peopleAdded,
      merged,
      shape: sealed,
      finishedAt: ctx.now(),
    });
    const { rowsRead, rowsGood, rowsBad } = upload;
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:import",
        action: "upload.finish",
        subject: `upload:${upload.id}`,
        before: { state: "importing" },
        after: { state: "imported", rowsRead, rowsGood, rowsBad, peopleAdded, merged },
      },
      ctx.now(),
    );
  });
}

/** Find which staged rows are one person, through the keys they share. Returns how many people. */
async function noteComponents(tx: Sql, uploadId: string): Promise<number> {
  const items = new Map<number, number>();
  const pairs: number[] = [];
  let before: { key: string; item: number } | undefined;
  for await (const page of merging.sharedKeys(tx, uploadId))
    for (const { key, line } of page) {
      const item = items.get(line) ?? items.size;
      items.set(line, item);
      if (before?.key === key) pairs.push(before.item, item);
      before = { key, item };
    }
  const joined = groups(items.size);
  for (let i = 0; i + 1 < pairs.length; i += 2) joined.join(pairs[i] ?? 0, pairs[i + 1] ?? 0);

  const numbers = new Map<number, number>();
  const lines: number[] = [];
  const people: number[] = [];
  for (const [line, item] of items) {
    const root = joined.root(item);
    const person = numbers.get(root) ?? numbers.size;
    numbers.set(root, person);
    lines.push(line);
    people.push(person);
  }
  await merging.noteParts(tx, slices(lines, people));
  return numbers.size;
}

function* slices(lines: readonly number[], people: readonly number[]) {
  for (let at = 0; at < lines.length; at += LINES_PER_STEP) {
    const end = at + LINES_PER_STEP;
    yield { lines: lines.slice(at, end), people: people.slice(at, end) };
  }
}

/** Open the rows of merged people, merge them and seal the results. Rows come person by person. */
function mergeParts(
  keys: Keys,
  audienceId: string,
  parts: readonly merging.Part[],
  defaultLanguage: string,
): SealedPerson[] {
  return [...Map.groupBy(parts, ({ person }) => person).values()].map((rows) => {
    const opened = rows.map(({ recipientId, sealed }) =>
      Person.parse(keys.open("recipient", recipientId, sealed)),
    );
    const shared = new Set(rows.flatMap((row) => row.keys));
    return sealPerson(keys, audienceId, mergePeople(opened, defaultLanguage), shared);
  });
}

const PEOPLE_PER_STEP = 1_000;
const LINES_PER_STEP = 20_000;
