import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { PageLanguage } from "../domain/language.ts";
import { many, maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** Somebody who wants a mail when an update is published; the address is sealed. */
export interface NewSubscription {
  readonly id: string;
  readonly incidentId: string;
  readonly addressHash: Buffer;
  readonly mailboxHash: Buffer;
  readonly sealed: Buffer;
  readonly tokenHash: Buffer;
  readonly language: PageLanguage;
  readonly askedAt: Date;
}

const Line = z.object({
  id: z.uuid(),
  askedAt: Instant,
  confirmedAt: Instant.nullable(),
});

/** Act on a mailbox one after the other, until the transaction ends. */
export async function lockMailbox(tx: Sql, mailboxHash: Buffer): Promise<void> {
  await tx`select pg_advisory_xact_lock(${mailboxHash.readBigInt64BE(0).toString()}::bigint)`;
}

/** Keep a wish to be told. */
export async function insert(tx: Sql, given: NewSubscription): Promise<void> {
  await tx`insert into subscription ${tx({ ...given })}`;
}

/** What an address has of an incident, if anything. */
export function byAddress(sql: Sql, incidentId: string, addressHash: Buffer) {
  return maybeOne(
    Line,
    sql`
      select id, asked_at, confirmed_at from subscription
       where incident_id = ${incidentId} and address_hash = ${addressHash}`,
  );
}

/** What a link leads to, by the hash of its secret. */
export function byToken(sql: Sql, tokenHash: Buffer) {
  return maybeOne(
    Line,
    sql`select id, asked_at, confirmed_at from subscription where token_hash = ${tokenHash}`,
  );
}

/** The address says yes; how often it was asked is forgotten. */
export async function confirm(tx: Sql, id: string, now: Date): Promise<void> {
  await tx`
    with yes as (
      update subscription set confirmed_at = ${now} where id = ${id} and confirmed_at is null
      returning incident_id, mailbox_hash
    )
    delete from subscription_asking a using yes
     where a.incident_id = yes.incident_id and a.mailbox_hash = yes.mailbox_hash`;
}

/** Forget a subscription and its address. */
export async function remove(tx: Sql, id: string): Promise<void> {
  await tx`delete from subscription where id = ${id}`;
}

/** Forget what was asked before this moment and never confirmed. */
export async function removeUnconfirmed(sql: Sql, before: Date): Promise<void> {
  await sql`delete from subscription where confirmed_at is null and asked_at <= ${before}`;
}

const Asking = z.object({ times: z.int(), lastAt: Instant });

/** How often a mailbox was asked to confirm. */
export function asking(sql: Sql, incidentId: string, mailboxHash: Buffer) {
  return maybeOne(
    Asking,
    sql`
      select times, last_at from subscription_asking
       where incident_id = ${incidentId} and mailbox_hash = ${mailboxHash}`,
  );
}

/** Note that a mailbox was asked. */
export async function keepAsking(
  tx: Sql,
  given: z.output<typeof Asking> & { readonly incidentId: string; readonly mailboxHash: Buffer },
): Promise<void> {
  await tx`
    insert into subscription_asking ${tx({ ...given })}
    on conflict (incident_id, mailbox_hash)
    do update set times = excluded.times, last_at = excluded.last_at`;
}

/** How many mailboxes an incident asked since a moment. */
export async function askedSince(sql: Sql, incidentId: string, since: Date): Promise<number> {
  const { n } = await one(
    z.object({ n: z.int() }),
    sql`
      select count(*)::int as n from subscription_asking
       where incident_id = ${incidentId} and last_at > ${since}`,
  );
  return n;
}

/** The next subscribers in order of id who had said yes by a moment; none leaves meanwhile. */
export function lockConfirmed(
  tx: Sql,
  {
    incidentId,
    at,
    after,
    rowsMax,
  }: { incidentId: string; at: Date; after: string | null; rowsMax: number },
) {
  return many(
    Subscriber,
    tx`
      select id, sealed, language from subscription
       where incident_id = ${incidentId} and confirmed_at <= ${at}
         and (${after}::uuid is null or id > ${after}::uuid)
       order by id limit ${rowsMax} for share`,
  );
}

const Subscriber = z.object({
  id: z.uuid(),
  sealed: z.instanceof(Buffer),
  language: PageLanguage,
});
export type Subscriber = z.output<typeof Subscriber>;
