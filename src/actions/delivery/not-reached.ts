import type { Context } from "../../context.ts";
import { csvLine } from "../../domain/audience/cells.ts";
import { Person } from "../../domain/audience/person.ts";
import type { NotReached } from "../../domain/delivery/not-reached.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as recipients from "../../store/audience/recipient.ts";
import * as store from "../../store/delivery/not-reached.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";

export interface WavePath {
  readonly incidentId: string;
  readonly waveId: string;
}

/** People whom a wave reached by no channel, a page in order of id. Opens nothing. */
export async function listNotReached(
  ctx: Context,
  { incidentId, waveId }: WavePath,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
) {
  await waves.find(ctx.sql, incidentId, waveId);
  const people = await store.notReached(ctx.sql, waveId, { after: after ?? FIRST_ID, limit });
  const last = people.length === limit ? people.at(-1) : undefined;
  return { people, next: last?.recipientId ?? null };
}

/**
 * The same by name, as a file: whom a substitute notice must reach, and where they live. It holds
 * no address to write to, because none of them leads there. Asking is an entry in the timeline.
 */
export async function exportNotReached(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId }: WavePath,
  reason: string,
) {
  await ctx.sql.begin(async (tx) => {
    await waves.find(tx, incidentId, waveId);
    const count = await store.countNotReached(tx, waveId);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "recipient.export-not-reached",
        subject: `wave:${waveId}`,
        after: { count, reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
  });
  return {
    filename: `not-reached-${waveId}.csv`,
    contentType: "text/csv",
    content: lines(ctx, incidentId, waveId),
  };
}

async function* lines(ctx: Context, incidentId: string, waveId: string): AsyncGenerator<string> {
  const keys = await ctx.vault.keys(incidentId);
  yield csvLine(["recipient", "reference", "name", "language", "region", "country", "tried"]);
  for (let after = FIRST_ID; ;) {
    const page = await store.notReached(ctx.sql, waveId, { after, limit: PAGE });
    const rows = await recipients.several(
      ctx.sql,
      page.map(({ recipientId }) => recipientId),
    );
    const sealed = new Map(rows.map((row) => [row.id, row.sealed]));
    for (const { recipientId, tried } of page) {
      const blob = sealed.get(recipientId);
      // Erased since: nobody knows who it was.
      if (!blob) continue;
      const person = Person.parse(keys.open("recipient", recipientId, blob));
      const { reference = "", name = "", language = "", region = "", country = "" } = person;
      yield csvLine([recipientId, reference, name, language, region, country, said(tried)]);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.recipientId;
  }
}

function said(tried: NotReached["tried"]): string {
  if (tried.length === 0) return "no channel";
  return tried.map(({ channel, reason }) => `${channel}: ${reason ?? "refused"}`).join("; ");
}

/** Smaller than every id. */
const FIRST_ID = "00000000-0000-0000-0000-000000000000";
const PAGE = 500;
