import type { Context } from "../context.ts";
import * as outbox from "../store/outbox.ts";
import type { OutboxKind } from "../store/outbox.ts";

/** What to do for each kind of outbox row. Handlers are idempotent: a row may come twice. */
export type Handlers = Readonly<
  Record<
    OutboxKind,
    (ids: Readonly<Record<string, string>>, keepAlive: () => Promise<void>) => Promise<void>
  >
>;

/**
 * Act on one outbox row, if nobody has. While the handler runs the row is kept from being handed
 * out again; where it fails, the row is due again later.
 */
export async function handle(ctx: Context, handlers: Handlers, outboxId: number): Promise<void> {
  const row = await outbox.findOpen(ctx.sql, outboxId);
  if (!row) return;
  const keepAlive = () => outbox.touch(ctx.sql, outboxId);
  const timer = setInterval(() => void keepAlive().catch(() => {}), KEEP_ALIVE_MS);
  try {
    await handlers[row.kind](row.ids, keepAlive);
    await outbox.finish(ctx.sql, outboxId);
  } catch (err) {
    ctx.log.error({ err, kind: row.kind, outboxId }, "an outbox row failed");
    if (await outbox.fail(ctx.sql, outboxId, codeOf(err)))
      ctx.log.error(
        { kind: row.kind, outboxId },
        "an outbox row is parked; see `candor queue parked`",
      );
  } finally {
    clearInterval(timer);
  }
}

/** What failed too often and waits for a person, oldest first. */
export function parkedRows(ctx: Context): Promise<outbox.Parked[]> {
  return outbox.parked(ctx.sql);
}

/** Try parked rows again, all or one. Answers how many. */
export function retryRows(ctx: Context, id?: number): Promise<number> {
  return outbox.retryParked(ctx.sql, id);
}

/** What may be kept of an error: its message may quote what people wrote. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error ? `${error.name} ${String(error.code)}` : error.name;
}

/** A third of the minute after which a row is handed out again. */
const KEEP_ALIVE_MS = 20_000;
