import { Readable } from "node:stream";

import SMTPConnection from "nodemailer/lib/smtp-connection";

import type { OutgoingEmail } from "../context.ts";
import type { Outcome } from "../domain/delivery.ts";

export interface Server {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly timeoutsMs?: {
    readonly connect: number;
    readonly greeting: number;
    readonly socket: number;
  };
}

/** One SMTP session: signed in, and ready for one message after another. */
export interface Session {
  readonly connection: SMTPConnection;
  sent: number;
  alive(): boolean;
  /** Forget a failed message; false where the session can no longer be trusted. */
  reset(): Promise<boolean>;
  quit(): void;
  drop(): void;
  onEnd(listener: () => void): void;
}

/** Connect, secure and sign in. Answers the outcome instead where that fails. */
export function open({ url, timeoutsMs = TIMEOUTS_MS }: Server): Promise<Session | Outcome> {
  const { hostname, port, protocol, username, password } = new URL(url);
  const host = hostname.replaceAll(/[[\]]/g, "");
  const secure = protocol === "smtps:";
  const loopback = LOOPBACK.test(host);
  const connection = new SMTPConnection({
    host,
    ...(port === "" ? {} : { port: Number(port) }),
    secure,
    requireTLS: !secure && !loopback,
    ignoreTLS: !secure && loopback,
    connectionTimeout: timeoutsMs.connect,
    greetingTimeout: timeoutsMs.greeting,
    socketTimeout: timeoutsMs.socket,
    dnsTimeout: timeoutsMs.connect,
    socketCloseTimeout: QUIT_MS,
  });
  const session = sessionOf(connection);
  return new Promise((resolve) => {
    const fail = (error: unknown) => {
      session.drop();
      resolve(outcomeBefore(faultOf(error)));
    };
    connection.on("error", fail);
    connection.connect((error) => {
      if (error) return fail(error);
      if (username === "") return resolve(session);
      const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
      connection.login({ user, pass }, (refused) => (refused ? fail(refused) : resolve(session)));
    });
  });
}

function sessionOf(connection: SMTPConnection): Session {
  return {
    connection,
    sent: 0,
    alive: () => !connection.destroyed,
    reset: () =>
      new Promise((resolve) => {
        const ended = () => resolve(false);
        connection.once("end", ended);
        connection.reset((error) => {
          connection.removeListener("end", ended);
          resolve(!error);
        });
      }),
    quit: () => (connection.destroyed ? undefined : connection.quit()),
    drop: () => connection.close(),
    onEnd: (listener) =>
      void (connection.destroyed ? listener() : connection.once("end", listener)),
  };
}

/**
 * One message over one session. nodemailer reports the same error before and after the body was
 * taken, so the message is a stream: its first read is the moment the server has said "go
 * ahead". Nothing was sent before it; after it only a reply is proof. "hung-up": the session was
 * gone before a word was said.
 */
export function transmit(
  session: Session,
  { from, to, message }: OutgoingEmail,
  mayWrite: () => boolean,
): Promise<Outcome | "hung-up"> {
  session.sent += 1;
  return new Promise((resolve) => {
    let begun = false;
    const body = new Readable({
      read() {
        if (begun) return;
        if (!mayWrite()) {
          resolve({ kind: "not-sent", code: "withheld" });
          session.drop();
          return;
        }
        begun = true;
        this.push(message);
        this.push(null);
      },
    });
    session.connection.send({ from, to: [to] }, body, (error, info) => {
      if (!error) return resolve({ kind: "accepted", code: replyCode(info.response) });
      const fault = faultOf(error);
      if (begun) return resolve(outcomeAfter(fault));
      const silent = fault.reply === undefined && fault.code !== "EENVELOPE";
      resolve(silent && session.sent > 1 ? "hung-up" : outcomeBefore(fault));
    });
  });
}

interface Fault {
  readonly code: string;
  readonly command: string;
  readonly reply: number | undefined;
}

/** What a nodemailer error says, without any text of the server. */
function faultOf(error: unknown): Fault {
  const found: Record<string, unknown> =
    typeof error === "object" && error !== null ? { ...error } : {};
  const cause = found["originalCode"] ?? found["code"];
  const reply = found["responseCode"];
  const command = found["command"];
  return {
    code: typeof cause === "string" ? cause : "error",
    command: typeof command === "string" ? command : "",
    reply: typeof reply === "number" ? reply : undefined,
  };
}

/** Nothing of the body had been written, so every answer is safe to act on. */
function outcomeBefore({ code, command, reply }: Fault): Outcome {
  const said = String(reply ?? code);
  if (reply === undefined) {
    if (code === "EENVELOPE") return { kind: "rejected", fault: "recipient", code: said };
    const ours = code === "EAUTH" || code === "ETLS" || TLS_FAULT.test(code);
    return ours
      ? { kind: "rejected", fault: "configuration", code: said }
      : { kind: "transient", code: said };
  }
  if (reply < 500) return { kind: THROTTLED.has(reply) ? "throttled" : "transient", code: said };
  if (NOT_LET_IN.has(reply)) return { kind: "rejected", fault: "configuration", code: said };
  return { kind: "rejected", fault: FAULT_OF_COMMAND[command] ?? "configuration", code: said };
}

/** The body was begun: only the server's own reply to it is an answer. */
function outcomeAfter({ code, command, reply }: Fault): Outcome {
  if (command !== "DATA" || reply === undefined) return { kind: "unknown", code };
  return reply >= 500
    ? { kind: "rejected", fault: "content", code: String(reply) }
    : { kind: "transient", code: String(reply) };
}

function replyCode(response: string): string {
  return /^\d{3}/.exec(response)?.[0] ?? "250";
}

const TIMEOUTS_MS = { connect: 10_000, greeting: 10_000, socket: 60_000 };
/** How long a goodbye may take. */
export const QUIT_MS = 2_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;
const THROTTLED = new Set([421, 450, 451, 452]);
/** Authentication required, and authentication failed (RFC 4954). */
const NOT_LET_IN = new Set([530, 535]);
const TLS_FAULT = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|INVALID_CA)/;
/** Whose fault a 5xx is, by the command it answers; anything earlier is ours. */
const FAULT_OF_COMMAND: Record<string, "recipient" | "content"> = {
  "RCPT TO": "recipient",
  DATA: "content",
};
