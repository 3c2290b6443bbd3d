import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { CaughtSms } from "./mailbox.ts";
import type { Step } from "./twilio-script.ts";

export interface SmsCounts {
  /** Requests to send, refused ones included. */
  requests: number;
  taken: number;
  refused: number;
  /** Calls to the application that it answered with a success, and those it did not. */
  callbacks: number;
  callbacksFailed: number;
}

/** What the fake knows of its one customer. */
export interface Account {
  readonly accountSid: string;
  readonly authToken: string;
  readonly from: string;
  readonly counts: SmsCounts;
  readonly closing: AbortController;
  /** Calls go to this origin, signed for the one they are meant for: a proxy stands between. */
  readonly callbackOrigin: (() => string) | undefined;
}

/** A message on its way. */
export type Message = { -readonly [K in keyof CaughtSms]: CaughtSms[K] };

interface Telling {
  readonly callback: string | null;
  readonly steps: readonly Step[];
}

/** Go through the steps of a message, calling back at each. */
export async function tell(account: Account, message: Message, { callback, steps }: Telling) {
  for (const { status, errorCode, afterMs = 0, copies = 1 } of steps) {
    if (afterMs > 0) await sleep(afterMs, undefined, { ref: false });
    if (account.closing.signal.aborted) return;
    message.status = status;
    message.errorCode = errorCode ?? null;
    if (callback === null) continue;
    const form = {
      MessageSid: message.sid,
      SmsSid: message.sid,
      AccountSid: account.accountSid,
      MessagingServiceSid: account.from,
      ApiVersion: "2010-04-01",
      To: message.to,
      MessageStatus: status,
      SmsStatus: status,
      ...(errorCode !== undefined && { ErrorCode: errorCode }),
    };
    for (let copy = 0; copy < copies; copy += 1) await call(account, callback, form);
  }
}

/** One signed call to the application; the status of its answer, or 0. Busy or away: again, thrice. */
export async function call(
  account: Account,
  url: string,
  form: Record<string, string>,
): Promise<number> {
  const { callbackOrigin, authToken, counts, closing } = account;
  const target = new URL(url);
  const origin = callbackOrigin?.() ?? target.origin;
  for (let tries = 1; ; tries += 1) {
    const status = await fetch(origin + target.pathname + target.search, {
      method: "POST",
      headers: { "x-twilio-signature": signatureOf(authToken, url, form) },
      body: new URLSearchParams(form),
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(15_000)]),
    }).then(
      (answer) => answer.status,
      () => 0,
    );
    const good = status >= 200 && status < 300;
    if (good || tries === TRIES || (status !== 0 && status < 500) || closing.signal.aborted) {
      counts[good ? "callbacks" : "callbacksFailed"] += 1;
      return status;
    }
    await sleep(RETRY_MS, undefined, { ref: false });
  }
}

/** https://www.twilio.com/docs/usage/security#validating-requests, written from its description. */
export function signatureOf(token: string, url: string, form: Record<string, string>): string {
  const fields = Object.entries(form).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHmac("sha1", token)
    .update(url + fields.flat().join(""))
    .digest("base64");
}

const TRIES = 4;
const RETRY_MS = 500;
