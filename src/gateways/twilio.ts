import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type {
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

import { z } from "zod";

import type { Outcome } from "../domain/delivery.ts";

/** One HTTP request as the SDK made it, to go to our own base URL. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Transport {
  /** Make one request. `mayWrite` is asked once it is connected, before a byte is written. */
  send(call: Call, mayWrite: () => boolean): Promise<Outcome>;
  close(): void;
}

/**
 * HTTP to Twilio on connections that are kept. The SDK's own client gives one error for what
 * happened before and after the request was taken; here the two are told apart. Until the first
 * byte is written nothing was taken; after it, only an answer says what became of it.
 */
export function createTransport(base: URL, connections: number): Transport {
  const secure = base.protocol === "https:";
  const options = { keepAlive: true, maxSockets: connections, timeout: IDLE_MS };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  const open = secure ? httpsRequest : httpRequest;
  const connected = secure ? "secureConnect" : "connect";

  return {
    send({ method, url, headers, body }, mayWrite) {
      const length = { "content-length": String(Buffer.byteLength(body)) };
      const given: RequestOptions = { agent, method, headers: { ...headers, ...length } };
      const request = open(url, given);
      return exchange(request, { body, connected, mayWrite });
    },
    close: () => agent.destroy(),
  };
}

interface Exchange {
  readonly body: string;
  readonly connected: "connect" | "secureConnect";
  readonly mayWrite: () => boolean;
}

function exchange(
  request: ClientRequest,
  { body, connected, mayWrite }: Exchange,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let written = false;
    let deadline: NodeJS.Timeout | undefined;
    let answer: IncomingMessage | undefined;

    function end(outcome: Outcome): void {
      clearTimeout(deadline);
      resolve(outcome);
    }

    function write(): void {
      if (mayWrite()) {
        written = true;
        request.end(body);
        return;
      }
      end({ kind: "not-sent", code: "stopped" });
      request.destroy();
    }

    request.on("error", (error) => {
      end({ kind: written ? "unknown" : "transient", code: codeOf(error) });
    });
    request.on("socket", (socket: Socket) => {
      deadline = setTimeout(() => {
        // Its status is here, and says what became of the message.
        if (answer) return void answer.destroy();
        end({ kind: written ? "unknown" : "transient", code: "timeout" });
        request.destroy();
      }, PATIENCE_MS);
      if (socket.connecting) socket.once(connected, write);
      else write();
    });
    request.on("response", (response) => {
      answer = response;
      void read(response).then((text) => end(outcomeOf(response, text)));
    });
  });
}

/** The body, as far as it came: the status alone says whether the message was taken. */
function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_MAX) chunks.push(chunk);
    });
    response.on("close", () => resolve(Buffer.concat(chunks).toString("utf8")));
    response.on("error", () => {});
  });
}

/** What an answer of Twilio's Messages API says. Its sentences quote numbers and are dropped. */
function outcomeOf({ statusCode: status = 0, headers }: IncomingMessage, text: string): Outcome {
  const { sid, code: error } = answerOf(text);
  if (status === 201)
    return { kind: "accepted", code: "201", ...(sid !== undefined && { reference: sid }) };
  const code = String(error ?? status);
  if (status === 429 || THROTTLED.has(code)) return throttled(code, headers);
  if (status >= 500 || status < 300) return { kind: "unknown", code };
  const fault = status === 400 ? faultOf(code) : "configuration";
  return { kind: "rejected", fault, code };
}

/** An error that we do not know is the recipient's: a canary shows where it is everybody's. */
function faultOf(code: string): "recipient" | "content" | "configuration" {
  if (CONTENT.has(code)) return "content";
  return CONFIGURATION.has(code) ? "configuration" : "recipient";
}

/** `Retry-After` is seconds, or a date that the answer's own date is subtracted from. */
function throttled(code: string, headers: IncomingHttpHeaders): Outcome {
  const { date = "", "retry-after": asked = "" } = headers;
  const seconds = /^\d+$/.test(asked)
    ? Number(asked)
    : (Date.parse(asked) - Date.parse(date)) / 1_000;
  return {
    kind: "throttled",
    code,
    ...(seconds > 0 && { retryAfterMs: Math.min(seconds, DAY_SECONDS) * 1_000 }),
    ...(code === ONE_NUMBER && { scope: "sender" }),
  };
}

function answerOf(text: string): z.output<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "error";
}

const Answer = z.object({
  sid: z
    .string()
    .regex(/^(SM|MM)[0-9a-f]{32}$/i)
    .optional()
    .catch(undefined),
  code: z.int().positive().optional().catch(undefined),
});

/** Twilio's error codes (https://www.twilio.com/docs/api/errors) that are not about one recipient. */
const THROTTLED = new Set(["20429", "14107", "21611", "63038"]);
/** Too many wait for the number that they come from. */
const ONE_NUMBER = "21611";
const CONTENT = new Set(
  "21602 21605 21617 21619 21620 21621 21623 21654 21655 21656 21657 21658".split(" "),
);
const CONFIGURATION = new Set(
  (
    "20001 20003 20005 20006 20008 20404 21212 21213 21401 21601 21603 21606 21607 21608 21609 " +
    "21616 21618 21659 21660 21661 21701 21703 21704 21705 21710 21711 21712"
  ).split(" "),
);
const PATIENCE_MS = 10_000;
/** A connection that the other side may be about to close is not used again. */
const IDLE_MS = 4_000;
const BODY_MAX = 64 * 1_024;
const DAY_SECONDS = 86_400;
