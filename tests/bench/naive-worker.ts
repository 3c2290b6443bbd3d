import { randomUUID } from "node:crypto";

import { Worker } from "bullmq";
import { createTransport } from "nodemailer";

import { ownWords } from "../../src/actions/feedback/own.ts";
import { compiledVersion } from "../../src/actions/notice/compiled.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { ORGANISATION } from "../../src/context.ts";
import { Person } from "../../src/domain/audience/person.ts";
import { composeEmail, composeSkeleton } from "../../src/domain/delivery/message.ts";
import { messageReference } from "../../src/domain/delivery/reference.ts";
import { render } from "../../src/domain/notice/render.ts";
import type { Rendered } from "../../src/domain/notice/render.ts";
import { openRedis } from "../../src/gateways/redis.ts";
import { PREFIX } from "../../src/jobs.ts";
import { createLog } from "../../src/log.ts";
import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";

/** Our own SMTP sessions, or nodemailer's composer and pool. */
export const VARIANTS = ["same", "own"] as const;
export type Variant = (typeof VARIANTS)[number];

export function queueName(variant: Variant): string {
  return `naive-${variant}`;
}

interface Row {
  readonly id: string;
  readonly attempt: number;
  readonly recipientId: string;
  readonly sealed: Buffer;
  readonly language: string;
  readonly sharedMailbox: boolean;
}

/** One person's message, rendered for them. */
interface Letter extends Rendered {
  readonly to: { readonly name: string; readonly address: string };
  readonly messageId: string;
}

/** Answers whether the relay took it. */
type Send = (letter: Letter) => Promise<boolean>;

/** A process of the other design: ten jobs at a time for each variant, of which one runs at a time. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { ctx } = await compose(config, "naive", { log: createLog("error", "naive") });
  const sql = connect(config.DATABASE_URL, config.EMAIL_CONNECTIONS, "kept");
  const connection = openRedis(config.REDIS_URL);
  const writer = await writerOf(ctx);
  const senders: Readonly<Record<Variant, Send>> = {
    same: ours(ctx, writer),
    own: nodemailers(ctx),
  };
  const workerId = randomUUID();
  const options = { connection, prefix: PREFIX, concurrency: config.EMAIL_CONNECTIONS };
  for (const variant of VARIANTS) {
    const send = senders[variant];
    const worker = new Worker<{ id: string }>(
      queueName(variant),
      async ({ data: { id } }) => {
        const row = await claim(sql, id, workerId);
        if (row) await settle(sql, row, await send(writer.letter(row)));
      },
      options,
    );
    worker.on("failed", (_job, error) => process.stderr.write(`${error.message}\n`));
  }
  process.send?.("ready");
}

async function writerOf(ctx: Context) {
  const incidentId = process.env["NAIVE_INCIDENT"] ?? "";
  const noticeVersionId = process.env["NAIVE_VERSION"] ?? "";
  const { texts, version } = await compiledVersion(ctx, noticeVersionId);
  const source = await ownWords(ctx, { incidentId, noticeVersionId, noticeKind: "initial" });
  if ("hold" in source) throw new Error("This wave cannot be sent.");
  const keys = await ctx.vault.keys(incidentId);
  const organisation = await ctx.vault.keys(ORGANISATION);
  return {
    sender: version.sender,
    versionId: version.id,
    letter(row: Row): Letter {
      const person = Person.parse(keys.open("recipient", row.recipientId, row.sealed));
      const { own } = source.of(row.recipientId);
      const { name = "", email: address = "", exposure, relation, zone } = person;
      const { sharedMailbox } = row;
      const reader = { name, exposure, relation, zone, sharedMailbox, own };
      const messageId = messageReference(organisation.hash, row.id);
      return {
        ...render(texts.forPlace(person.place), row.language, reader),
        to: { name, address },
        messageId,
      };
    },
  };
}

type Writer = Awaited<ReturnType<typeof writerOf>>;

function ours(ctx: Context, { sender, versionId }: Writer): Send {
  const from = { name: sender.organisation, address: sender.from };
  return async ({ to, language, ...words }) => {
    const { replyTo } = sender;
    const skeleton = composeSkeleton({ from, replyTo, language, version: versionId });
    const message = composeEmail(skeleton, { ...words, to, date: new Date() });
    const email = { from: sender.from, to: to.address, message };
    return (await ctx.email.send(email, () => true)).kind === "accepted";
  };
}

function nodemailers({ config }: Context): Send {
  const { hostname: host, port } = new URL(config.SMTP_URL);
  const transport = createTransport({
    pool: true,
    host,
    port: Number(port),
    secure: false,
    maxConnections: config.EMAIL_CONNECTIONS,
    maxMessages: Infinity,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const from = { name: config.ORGANISATION, address: config.MAIL_FROM };
  return async ({ to, subject, text, html, messageId }) => {
    const id = `<${messageId}@example.org>`;
    const sent = await transport.sendMail({ from, to, subject, text, html, messageId: id });
    return sent.accepted.length === 1;
  };
}

async function claim(sql: Database, id: string, workerId: string): Promise<Row | undefined> {
  const [row] = await sql<Row[]>`
    with claimed as (
      update naive_delivery set state = 'sending', attempt = attempt + 1, worker_id = ${workerId}
       where id = ${id} and state = 'planned'
      returning id, attempt, recipient_id
    ), attempted as (
      insert into naive_attempt (delivery_id, n, worker_id)
      select id, attempt, ${workerId} from claimed
    )
    select c.id, c.attempt, c.recipient_id, r.sealed, r.language, r.shared_mailbox
      from claimed c join recipient r on r.id = c.recipient_id`;
  return row;
}

async function settle(sql: Database, { id, attempt }: Row, taken: boolean): Promise<void> {
  const [outcome, state] = taken ? ["accepted", "accepted"] : ["rejected", "rejected"];
  await sql`
    with noted as (
      update naive_attempt set ended_at = now(), outcome = ${outcome}, code = '250'
       where delivery_id = ${id} and n = ${attempt}
    )
    update naive_delivery set state = ${state}, settled_at = now()
     where id = ${id} and state = 'sending'`;
}

if (process.argv[1]?.endsWith("naive-worker.ts")) await main();
