import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";

import { importUpload } from "../../src/actions/audience.ts";
import { freezeAudience, openAudience } from "../../src/actions/audience/lifecycle.ts";
import { receive } from "../../src/actions/audience/receive.ts";
import { sealPerson } from "../../src/actions/audience/sealing.ts";
import type { ImportOrder } from "../../src/actions/audience/shape.ts";
import { confirmImport, showUpload } from "../../src/actions/audience/upload.ts";
import { Person } from "../../src/domain/audience/person.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import * as recipients from "../../src/store/audience/recipient.ts";
import type { World } from "./world.ts";

/** A person who can be reached by e-mail and agreed to it; say only what the test is about. */
export function aPerson(over: Partial<Person> = {}): Person {
  const handle = randomUUID().slice(0, 8);
  return Person.parse({
    email: `person-${handle}@example.com`,
    name: `Person ${handle}`,
    language: "en",
    agreed: "yes",
    exposure: ["name", "email-address"],
    relation: "self",
    ...over,
  });
}

/** An open audience of an incident. */
export async function givenAudience(w: World, incidentId: string): Promise<string> {
  const { id } = await openAudience(w.ctx, w.staff.responder, incidentId, { name: "Customers" });
  return id;
}

/** A frozen audience of these people, put there without a file. Each gets `aPerson`'s defaults. */
export async function givenFrozenAudience(
  w: World,
  incidentId: string,
  people: readonly Partial<Person>[],
): Promise<{ id: string; count: number; recipientIds: string[] }> {
  const id = await givenAudience(w, incidentId);
  const keys = await w.ctx.vault.keys(incidentId);
  const sealed = people.map((person) => sealPerson(keys, id, aPerson(person)));
  await w.sql.begin(async (tx) => {
    await recipients.add(tx, { audienceId: id, incidentId }, sealed);
    await recipients.flagSharedMailboxes(tx, id);
  });
  const { count } = await freezeAudience(w.ctx, w.staff.responder, incidentId, id);
  return { id, count: count ?? 0, recipientIds: sealed.map(({ recipientId }) => recipientId) };
}

export interface Place {
  readonly incidentId: string;
  readonly audienceId: string;
}

/** Send a file in, as the pieces of a stream. */
export function givenUpload(
  w: World,
  place: Place,
  file: string | Buffer | AsyncIterable<Buffer>,
  contentType = "text/csv",
) {
  const pieces =
    typeof file === "string" || Buffer.isBuffer(file) ? inPieces(Buffer.from(file)) : file;
  const stream = pieces instanceof Readable ? pieces : Readable.from(pieces, { objectMode: false });
  return receive(w.ctx, w.staff.responder, { ...place, contentType, stream });
}

/** Send a file in and confirm the guessed mapping, with English and names and addresses exposed. */
export async function givenConfirmed(
  w: World,
  place: Place,
  file: string | Buffer,
  { contentType = "text/csv", ...order }: Partial<ImportOrder> & { contentType?: string } = {},
): Promise<string> {
  const { uploadId, mapping } = await givenUpload(w, place, file, contentType);
  await confirmImport(
    w.ctx,
    w.staff.responder,
    { ...place, uploadId },
    {
      mapping,
      defaultLanguage: "en",
      defaultExposure: ["name", "email-address"],
      ...order,
    },
  );
  return uploadId;
}

/** Import a file to its end and answer how it went. */
export async function givenImported(
  w: World,
  place: Place,
  file: string | Buffer,
  options: Parameters<typeof givenConfirmed>[3] = {},
) {
  const uploadId = await givenConfirmed(w, place, file, options);
  await importUpload(w.ctx, uploadId);
  return showUpload(w.ctx, { ...place, uploadId });
}

/** Everyone in an audience, opened, in order of id. */
export async function peopleOf(w: World, { incidentId, audienceId }: Place) {
  const keys = await w.ctx.vault.keys(incidentId);
  const rows = await w.sql<{ id: string; sealed: Buffer; sharedMailbox: boolean }[]>`
    select id, sealed, shared_mailbox from recipient where audience_id = ${audienceId} order by id`;
  return rows.map(({ id, sealed, sharedMailbox }) => ({
    id,
    sharedMailbox,
    person: Person.parse(keys.open("recipient", id, sealed)),
  }));
}

function* inPieces(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += 60_000) yield file.subarray(at, at + 60_000);
}

/** The code of a refusal and of its first field. */
export async function refusalOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error("This was not refused.", { cause: error });
  return [error.code, error.fields[0]?.code, error.fields[0]?.line];
}

/** A download as text. */
export async function textOf(content: AsyncIterable<string | Buffer> | Iterable<string | Buffer>) {
  let text = "";
  for await (const piece of content) text += piece.toString();
  return text;
}
