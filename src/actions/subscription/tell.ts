import type { Context } from "../../context.ts";
import { toldIn } from "../../domain/publication/page.ts";
import type { Update } from "../../domain/publication.ts";
import { Sealed } from "../../domain/subscription.ts";
import type { Sql } from "../../store/db.ts";
import * as publications from "../../store/publication.ts";
import * as store from "../../store/subscription.ts";
import type { Subscriber } from "../../store/subscription.ts";
import * as timeline from "../../store/timeline.ts";
import { say } from "../message.ts";
import { linkOf } from "../subscription.ts";

/**
 * Tell everyone who had said yes when an update was published, once: the message is unique by
 * update and subscriber, so a second run, or two at once, add nothing, and whoever says yes later
 * reads it on the page. In batches, each its own transaction, so a crash loses no more than one.
 */
export async function tellSubscribers(
  ctx: Context,
  { incidentId, updateId }: { readonly incidentId: string; readonly updateId: string },
  keepAlive: () => Promise<void>,
): Promise<void> {
  const update = await publications.findUpdate(ctx.sql, incidentId, updateId);
  const page = await publications.find(ctx.sql, incidentId);
  if (!update.publishedAt || !page) return;
  const at = update.publishedAt;
  let told = 0;
  for (let after: string | null = null; ;) {
    const from = after;
    const { batch, added } = await ctx.sql.begin(async (tx) => {
      const wanted = { incidentId, at, after: from, rowsMax: BATCH };
      const rows = await store.lockConfirmed(tx, wanted);
      let count = 0;
      for (const each of rows) if (await tell(ctx, tx, { update, slug: page.slug, each })) count++;
      return { batch: rows, added: count };
    });
    told += added;
    after = batch.at(-1)?.id ?? null;
    if (batch.length < BATCH) break;
    await keepAlive();
  }
  if (told > 0) await note(ctx, { incidentId, updateId, told });
}

interface Telling {
  readonly update: Update;
  readonly slug: string;
  readonly each: Subscriber;
}

async function tell(ctx: Context, tx: Sql, { update, slug, each }: Telling): Promise<boolean> {
  const { incidentId } = update;
  const keys = await ctx.vault.keys(incidentId);
  const { email, token } = Sealed.parse(keys.open("subscription", each.id, each.sealed));
  const { ORGANISATION: organisation, PUBLIC_URL } = ctx.config;
  const { title } = toldIn(update, each.language).told;
  const words = ctx.templates.words("subscription-mail", each.language, { organisation, title });
  const stop = linkOf(PUBLIC_URL, token);
  return say(ctx, tx, {
    kind: "publication-update",
    key: `${update.id}/${each.id}`,
    channel: "email",
    to: email,
    language: each.language,
    subject: words["updateSubject"] ?? "",
    paragraphs: [
      words["updateNews"] ?? "",
      title,
      words["updateRead"] ?? "",
      new URL(`/incidents/${slug}?language=${each.language}`, PUBLIC_URL).href,
      words["updateStop"] ?? "",
      stop,
    ],
    keyId: incidentId,
    unsubscribe: stop,
  });
}

function note(
  ctx: Context,
  { incidentId, updateId, told }: { incidentId: string; updateId: string; told: number },
): Promise<void> {
  const fact = {
    incidentId,
    actor: "system:subscription",
    action: "subscription.tell",
    subject: `publication-update:${updateId}`,
    after: { told },
  };
  return ctx.sql.begin((tx) => timeline.append(tx, fact, ctx.now()));
}

const BATCH = 200;
