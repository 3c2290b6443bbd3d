import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";

import { parse } from "csv-parse/sync";
import { z } from "zod";

import { until } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** What became of the letters of a wave. */
export interface Letters {
  readonly made: number;
  readonly mailed: number;
  readonly returned: number;
}

/**
 * Make the letters of a wave, fetch them as for a mail house, and read back what that says: all
 * were mailed, and the last of every 25 came back.
 */
export async function mailLetters(
  { cast, screen }: Scene,
  incidentId: string,
  waveId: string,
): Promise<Letters> {
  screen?.begin("Letters are made, downloaded, and the mail house's receipts read back");
  const { client, code } = cast.responder;
  const batches = `/v1/incidents/${incidentId}/waves/${waveId}/letter-batches`;
  const { id } = await client.post(batches, {}, Batch, { totp: await code() });
  const path = `${batches}/${id}`;
  const batch = await until(async () => {
    const now = await client.get(path, Batch);
    screen?.progress(now.done, now.total, "letters");
    if (now.state === "cancelled") throw new Error(`No letters could be made: ${now.reason}.`);
    return now.state === "making" ? undefined : now;
  });
  const numbers: string[] = [];
  for (const { id: fileId, kind } of batch.files) {
    const content = await client.download(`${path}/files/${fileId}`);
    if (kind === "addresses") numbers.push(...numbersOf(await text(content)));
    else await finished(content.resume());
  }
  await client.post(`${path}/discard`, {}, z.unknown());

  const returned = numbers.filter((_, i) => i % 25 === 24);
  const lines = [
    ...numbers.map((number) => `${number},mailed,${today()}`),
    ...returned.map((number) => `${number},returned,${today()}`),
  ];
  const receipts = ["letter number,status,date", ...lines].join("\r\n");
  const { refused } = await client.upload(
    `${path}/receipts`,
    Readable.from([Buffer.from(receipts)]),
    "text/csv",
    z.object({ refused: z.int() }),
  );
  if (refused > 0) throw new Error(`${refused} lines of the mail house's file were refused.`);
  const made = numbers.length;
  return { made, mailed: made - returned.length, returned: returned.length };
}

function numbersOf(addresses: string): string[] {
  const rows = z
    .array(z.object({ "letter number": z.string() }))
    .parse(parse(addresses, { columns: true, bom: true }));
  return rows.map((row) => row["letter number"]);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

const Batch = z.object({
  id: z.uuid(),
  state: z.string(),
  reason: z.string().nullable(),
  total: z.int(),
  done: z.int(),
  files: z.array(z.object({ id: z.uuid(), kind: z.string() })),
});
