import type { Socket } from "node:net";

import type { Outcome } from "../../domain/delivery.ts";
import { dotStuffed } from "./body.ts";
import { faultOfReply, outcomeAfter, outcomeBefore } from "./outcome.ts";
import { createReplies } from "./reply.ts";
import type { Replies, Reply } from "./reply.ts";
import {
  CANNOT_BE_WRITTEN,
  HANG_UPS,
  HOSTILE,
  MESSAGES_MAX,
  QUIT_MS,
  WITHHELD,
} from "./session.ts";
import type { Job, Session, SessionOptions } from "./session.ts";

export interface Wire {
  readonly socket: Socket;
  /** Whether the server takes addresses that are not ASCII (RFC 6531). */
  readonly utf8: boolean;
}

/** What a reply that is still to come will answer. "empty" is the body of a refused message. */
type Step = "RSET" | "MAIL FROM" | "RCPT TO" | "DATA" | "empty" | "body" | "QUIT";

interface State extends Wire, SessionOptions {
  readonly replies: Replies;
  readonly timer: NodeJS.Timeout;
  readonly awaited: Step[];
  /** The message whose envelope is out, and the first refusal of it. */
  envelope: { readonly job: Job; readonly first: boolean; refused?: Outcome } | undefined;
  /** The message whose body is out: from here only a reply is proof. */
  body: Job | undefined;
  bodyAt: number;
  /** A transaction was begun and refused: the server may still hold to it. */
  stale: boolean;
  sent: number;
  /** It takes no more: it was told to end, or the server said that it is about to. */
  closing: boolean;
  ended: boolean;
}

/**
 * A session on a socket that is connected, secured and signed in, with a server that announced
 * PIPELINING (RFC 2920). MAIL, RCPT and DATA go out together; so do a body and the envelope of the
 * next message, which section 3.1 allows by name. A body is written only when everything that was
 * said before it has been answered, so at most one message of a session is ever in doubt.
 */
export function createPipelined(wire: Wire, options: SessionOptions): Session {
  const s: State = {
    ...wire,
    ...options,
    replies: createReplies(),
    timer: setTimeout(() => tooLate(s), options.timeoutMs),
    awaited: [],
    envelope: undefined,
    body: undefined,
    bodyAt: 0,
    stale: false,
    sent: 0,
    closing: false,
    ended: false,
  };
  wire.socket.setTimeout(0);
  wire.socket.on("data", (chunk: Buffer) => read(s, chunk));
  wire.socket.on("error", (error) => fail(s, "code" in error ? String(error.code) : "ESOCKET"));
  wire.socket.once("end", () => fail(s, "ECONNECTION"));
  wire.socket.once("close", () => fail(s, "ECONNECTION"));
  return {
    pipelined: true,
    ready: () => ready(s),
    take(job) {
      const text = envelopeOf(s, job);
      if (text === undefined) job.done(CANNOT_BE_WRITTEN);
      else write(s, text);
    },
    quit: () => quit(s),
    drop: () => fail(s, "ECONNECTION"),
  };
}

function ready(s: State): "idle" | "follow" | "busy" {
  if (s.ended || s.closing || s.envelope || s.sent >= MESSAGES_MAX) return "busy";
  return s.body ? "follow" : "idle";
}

/** The commands of a message, an octet a character; undefined where an address cannot be written. */
function envelopeOf(s: State, job: Job): string | undefined {
  const { from, to } = job.email;
  if (HOSTILE.test(from) || HOSTILE.test(to) || to === "") return undefined;
  const reset = s.stale ? "RSET\r\n" : "";
  if (s.stale) s.awaited.push("RSET");
  s.awaited.push("MAIL FROM", "RCPT TO", "DATA");
  s.stale = false;
  s.envelope = { job, first: s.sent === 0 };
  s.sent += 1;
  const ascii = ASCII.test(from + to);
  const utf8 = s.utf8 && !ascii ? " SMTPUTF8" : "";
  const text = `${reset}MAIL FROM:<${from}>${utf8}\r\nRCPT TO:<${to}>\r\nDATA\r\n`;
  return ascii ? text : Buffer.from(text).toString("latin1");
}

function write(s: State, octets: string): void {
  s.timer.refresh();
  s.socket.write(octets, "latin1");
}

function read(s: State, chunk: Buffer): void {
  const { replies, garbage } = s.replies.read(chunk);
  replies.forEach((reply, i) => {
    if (s.ended) return;
    const last = i === replies.length - 1 && !garbage && !s.replies.pending();
    // RFC 5321 4.2: whatever a 421 answers, the server is about to close the connection.
    s.closing ||= reply.code === 421;
    heard(s, reply, last);
    if (reply.code === 421) fail(s, "ECONNECTION");
  });
  if (garbage) fail(s, "EPROTOCOL");
}

/** One reply. `last`: nothing has been read that comes after it. */
function heard(s: State, reply: Reply, last: boolean): void {
  const step = s.awaited.shift();
  s.timer.refresh();
  switch (step) {
    case undefined:
      return fail(s, "EPROTOCOL");
    case "RSET":
      return reply.code < 300 || reply.code === 421 ? undefined : fail(s, "EPROTOCOL");
    case "MAIL FROM":
    case "RCPT TO":
      // An invitation to write a body answers DATA: this server has lost count.
      return reply.code === 354 ? fail(s, "EPROTOCOL") : noteRefusal(s, reply, step);
    case "DATA":
      if (reply.code < 400) return goAhead(s, reply, last);
      noteRefusal(s, reply, step);
      return reply.code === 421 ? undefined : envelopeEnded(s);
    case "empty":
      return envelopeEnded(s);
    case "body":
      return bodyAnswered(s, reply);
    case "QUIT":
      return fail(s, "ECONNECTION");
  }
}

/**
 * The first refusal of an envelope is what counts; the ones after it only follow from it. A 421 on
 * a session that served before may end only the session: a busy server says it to a fresh one too.
 */
function noteRefusal({ envelope }: State, reply: Reply, command: Step): void {
  if (!envelope || reply.code < 300 || (reply.code === 421 && !envelope.first)) return;
  envelope.refused ??= outcomeBefore(faultOfReply(reply, command));
}

function goAhead(s: State, reply: Reply, last: boolean): void {
  const { envelope } = s;
  if (!envelope || reply.code !== 354) return fail(s, "EPROTOCOL");
  if (envelope.refused) {
    // RFC 2920 3.1: it waits for a body all the same, and gets an empty one.
    s.awaited.push("empty");
    return write(s, END);
  }
  // What comes after this reply was said before there was anything to answer.
  if (!last) return fail(s, "EPROTOCOL");
  // Whoever heard of a message that ended just now may have another that can follow this body.
  setImmediate(() => writeBody(s));
}

function writeBody(s: State): void {
  const { envelope } = s;
  if (!envelope) return;
  if (!envelope.job.mayWrite()) {
    envelope.refused = WITHHELD;
    return fail(s, "ECONNECTION");
  }
  s.envelope = undefined;
  s.body = envelope.job;
  s.bodyAt = performance.now();
  s.awaited.push("body");
  const body = dotStuffed(envelope.job.email.message);
  const next = ready(s) === "follow" ? s.keeper.next() : undefined;
  const follows = next && envelopeOf(s, next);
  write(s, body + END + (follows ?? ""));
  if (next && follows === undefined) next.done(CANNOT_BE_WRITTEN);
}

function bodyAnswered(s: State, reply: Reply): void {
  const { body: job } = s;
  if (reply.code >= 300 && reply.code < 400) return fail(s, "EPROTOCOL");
  s.body = undefined;
  job?.done(
    reply.code < 300
      ? { kind: "accepted", code: String(reply.code) }
      : outcomeAfter(faultOfReply(reply, "DATA")),
  );
  becomeFree(s);
}

/** A message ended before its body. */
function envelopeEnded(s: State): void {
  const { envelope } = s;
  s.envelope = undefined;
  s.stale = true;
  if (envelope?.refused) envelope.job.done(envelope.refused);
  becomeFree(s);
}

function becomeFree(s: State): void {
  if (s.closing || s.sent >= MESSAGES_MAX) quit(s);
  else s.keeper.free();
}

/** A QUIT behind an envelope could be read as a body: it waits until nothing is under way. */
function quit(s: State): void {
  s.closing = true;
  if (s.ended || s.awaited.length > 0 || s.envelope) return;
  s.awaited.push("QUIT");
  write(s, "QUIT\r\n");
  setTimeout(() => s.socket.destroy(), QUIT_MS).unref();
}

/** No reply in time: a hanging server, or an idle session that has waited long enough. */
function tooLate(s: State): void {
  if (s.body && performance.now() - s.bodyAt < s.bodyTimeoutMs) s.timer.refresh();
  else if (s.awaited.length > 0) fail(s, "ETIMEDOUT");
  else quit(s);
}

/** The session is over, and so is what was under way. */
function fail(s: State, code: string): void {
  if (s.ended) return;
  s.ended = true;
  clearTimeout(s.timer);
  s.socket.destroy();
  const { envelope, body } = s;
  s.envelope = undefined;
  s.body = undefined;
  body?.done(outcomeAfter({ code, command: "" }));
  const hungUp = envelope && !envelope.first && HANG_UPS.has(code);
  envelope?.job.done(
    envelope.refused ?? (hungUp ? "hung-up" : outcomeBefore({ code, command: "" })),
  );
  // Only now may another be opened: what was lost counts against this relay.
  s.keeper.ended();
}

const END = ".\r\n";
const ASCII = /^[\x20-\x7e]*$/;
