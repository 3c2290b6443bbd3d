import type { Context, SmsGateway } from "../../context.ts";
import { POLL_AFTER_MINUTES, twilioReceipt } from "../../domain/receipt/twilio.ts";
import type { Receipt } from "../../domain/receipt.ts";
import { takeSilent } from "../../store/receipt/poll.ts";
import type { Polled } from "../../store/receipt/poll.ts";
import { keepReceipts } from "../receipt.ts";

/**
 * Ask the provider about SMS that it took and never called back about: our door may have been shut,
 * or its address wrong. What it says is kept as if it had called, so what it does say later is the
 * same report again. Each is asked for a few times in its first day; any number of workers may ask.
 */
export async function pollSilent(ctx: Context): Promise<void> {
  const read = ctx.sms?.read;
  if (!read) return;
  const silent = await takeSilent(ctx.sql, { afterMinutes: POLL_AFTER_MINUTES, rowsMax: ROWS_MAX });
  for (let i = 0; i < silent.length; i += AT_ONCE) {
    const some = silent.slice(i, i + AT_ONCE);
    const receipts = await Promise.all(some.map((each) => receiptOf(read, each)));
    await keepReceipts(
      ctx,
      receipts.flatMap((each) => each ?? []),
    );
  }
}

async function receiptOf(
  read: NonNullable<SmsGateway["read"]>,
  { deliveryId, attempt, reference }: Polled,
): Promise<Receipt | undefined> {
  const said = await read(reference);
  if (said === "unanswered") return undefined;
  const form = {
    MessageSid: reference,
    MessageStatus: said.status,
    ...(said.code !== null && { ErrorCode: said.code }),
  };
  return twilioReceipt({ deliveryId, attempt }, form);
}

/** A minute's worth of each worker. */
const ROWS_MAX = 300;
const AT_ONCE = 10;
