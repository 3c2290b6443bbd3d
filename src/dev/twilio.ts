import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import type { CaughtSms } from "./mailbox.ts";
import { LOOPBACK } from "./process.ts";
import { call, tell } from "./twilio-call.ts";
import type { Account, Message, SmsCounts } from "./twilio-call.ts";
import { isFault, usual } from "./twilio-script.ts";
import type { Behaviour, Script } from "./twilio-script.ts";

/**
 * A Twilio that sends to nobody. It speaks the Messages API on a socket, calls back as Twilio
 * does, signed, and does what its script says of a request. What it took it keeps in memory.
 */
export interface FakeTwilio {
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly from: string;
  readonly counts: SmsCounts;
  /** What was taken, oldest first. */
  list(offset: number, limit: number): CaughtSms[];
  /** Do this with every later request. */
  script(next: Script): void;
  /** Say to the application what a person answers by SMS. Answers the status of its reply. */
  answer(from: string, body: string, optOutType?: string): Promise<number>;
  /** Resolves when every call that is owed was made or given up. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface FakeTwilioOptions {
  readonly port?: number;
  readonly authToken?: string;
  /** What happens to each request; by its number unless said. */
  readonly script?: Script;
  /** Where people's answers go: the application's PUBLIC_URL. */
  readonly publicUrl?: string;
  /** Make calls to this origin, signed for the one they are meant for: a proxy stands between. */
  readonly callbackOrigin?: () => string;
}

/** Start a fake on loopback. */
export async function startTwilio(options: FakeTwilioOptions = {}): Promise<FakeTwilio> {
  const accountSid = `AC${randomBytes(16).toString("hex")}`;
  const authToken = options.authToken ?? randomBytes(16).toString("hex");
  const account: Office = {
    callbackOrigin: options.callbackOrigin,
    accountSid,
    authToken,
    from: `MG${randomBytes(16).toString("hex")}`,
    messages: new Map(),
    counts: { requests: 0, taken: 0, refused: 0, callbacks: 0, callbacksFailed: 0 },
    script: options.script ?? usual,
    owed: new Set(),
    closing: new AbortController(),
  };
  const web = createServer((request, response) => {
    answerRequest(account, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void web.listen(options.port ?? 0, LOOPBACK, resolve));
  const address = web.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://${LOOPBACK}:${port}`,
    accountSid,
    authToken,
    from: account.from,
    counts: account.counts,
    list: (offset, limit) => [...account.messages.values().drop(offset).take(limit)],
    script: (next) => void (account.script = next),
    answer: (from, body, optOutType) => {
      const url = `${(options.publicUrl ?? "").replace(/\/+$/, "")}/callbacks/twilio/inbound`;
      const type = optOutType === undefined ? {} : { OptOutType: optOutType };
      const form = {
        MessageSid: newSid(),
        AccountSid: accountSid,
        From: from,
        Body: body,
        ...type,
      };
      return call(account, url, form);
    },
    settled: async () => {
      while (account.owed.size > 0) await Promise.all(account.owed);
    },
    close: async () => {
      account.closing.abort();
      web.closeAllConnections();
      await new Promise<void>((resolve) => web.close(() => resolve()));
      await Promise.allSettled(account.owed);
    },
  };
}

interface Office extends Account {
  readonly messages: Map<string, Message>;
  readonly owed: Set<Promise<void>>;
  script: Script;
}

async function answerRequest(account: Office, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? "/", "http://localhost");
  const base = `/2010-04-01/Accounts/${account.accountSid}/Messages`;
  const { accountSid, authToken, messages } = account;
  const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  if (request.headers.authorization !== expected)
    return refuse(response, 401, 20003, "Authenticate");
  if (request.method === "POST" && url.pathname === `${base}.json`)
    return create(account, request, response);
  if (request.method !== "GET") return refuse(response, 405, 20004, "Method not allowed");
  if (url.pathname === `/2010-04-01/Accounts/${accountSid}.json`)
    return json(response, 200, { sid: accountSid, status: "active" });
  if (url.pathname === `${base}.json`) {
    const to = url.searchParams.get("To");
    const day = url.searchParams.get("DateSent");
    const found = [...messages.values()].filter(
      (each) =>
        (to === null || each.to === to) && (day === null || each.at.toISOString().startsWith(day)),
    );
    return json(response, 200, { messages: found.map((each) => shown(account, each)) });
  }
  const found = messages.get(url.pathname.slice(base.length + 1).replace(/\.json$/, ""));
  if (!found) return refuse(response, 404, 20404, "Not found");
  json(response, 200, shown(account, found));
}

async function create(account: Office, request: IncomingMessage, response: ServerResponse) {
  const form = new URLSearchParams(await bodyOf(request));
  const [to, body] = [form.get("To") ?? "", form.get("Body") ?? ""];
  account.counts.requests += 1;
  const behaviour =
    faultOf(account, form) ?? account.script({ to, body, n: account.counts.requests });
  if (isFault(behaviour)) {
    account.counts.refused += 1;
    if (behaviour.retryAfter !== undefined)
      response.setHeader("retry-after", String(behaviour.retryAfter));
    return refuse(response, behaviour.status, behaviour.code, `Problem with ${to}`);
  }
  if (behaviour.lost === "before") return hangUp(account, response, behaviour);
  const message: Message = {
    sid: newSid(),
    to,
    body,
    at: new Date(),
    status: "accepted",
    errorCode: null,
  };
  account.messages.set(message.sid, message);
  account.counts.taken += 1;
  const answered = () => {
    if (behaviour.lost === "after") return hangUp(account, response, behaviour);
    return json(response, 201, shown(account, message));
  };
  const callback = form.get("StatusCallback");
  if (behaviour.callbacksFirst !== true) await answered();
  const told = tell(account, message, { callback, steps: behaviour.steps ?? [] });
  owe(account, told);
  if (behaviour.callbacksFirst !== true) return;
  await told;
  await answered();
}

/** What Twilio itself checks. */
function faultOf({ from }: Account, form: URLSearchParams): Behaviour | undefined {
  const body = form.get("Body") ?? "";
  if (!/^\+[1-9]\d{6,14}$/.test(form.get("To") ?? "")) return { status: 400, code: 21211 };
  if (body === "") return { status: 400, code: 21602 };
  if (body.length > BODY_MAX) return { status: 400, code: 21617 };
  const sender = form.get("MessagingServiceSid") ?? form.get("From") ?? "";
  if (sender !== from && !sender.startsWith("+")) return { status: 400, code: 21701 };
  const callback = form.get("StatusCallback");
  return callback !== null && !/^https?:\/\//.test(callback)
    ? { status: 400, code: 21609 }
    : undefined;
}

/** The answer is lost on its way, in one of the ways that answers are. */
async function hangUp(account: Account, response: ServerResponse, { how }: { how?: string }) {
  if (how === "status") return refuse(response, 503, 20503, "Service unavailable");
  if (how === "silence")
    return sleep(SILENCE_MS, undefined, { signal: account.closing.signal, ref: false }).catch(
      () => {},
    );
  response.destroy();
}

function owe(account: Office, work: Promise<void>): void {
  const settled = work.catch(() => {});
  account.owed.add(settled);
  void settled.finally(() => account.owed.delete(settled));
}

function shown({ accountSid, from }: Account, message: CaughtSms) {
  return {
    account_sid: accountSid,
    sid: message.sid,
    to: message.to,
    body: message.body,
    messaging_service_sid: from,
    status: message.status,
    error_code: message.errorCode === null ? null : Number(message.errorCode),
    date_created: message.at.toUTCString(),
    uri: `/2010-04-01/Accounts/${accountSid}/Messages/${message.sid}.json`,
  };
}

function refuse(response: ServerResponse, status: number, code: number, message: string) {
  json(response, status, { code, message, more_info: `https://example.com/${code}`, status });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

function newSid(): string {
  return `SM${randomBytes(16).toString("hex")}`;
}

const BODY_MAX = 1_600;
const SILENCE_MS = 60_000;
