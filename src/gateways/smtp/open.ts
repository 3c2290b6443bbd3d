import type { Socket } from "node:net";

import SMTPConnection from "nodemailer/lib/smtp-connection";

import type { Outcome } from "../../domain/delivery.ts";
import { faultOf, outcomeBefore } from "./outcome.ts";
import { createPipelined } from "./pipelined.ts";
import { createPlain } from "./plain.ts";
import { QUIT_MS } from "./session.ts";
import type { Keeper, Session } from "./session.ts";

export interface Server {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly timeoutsMs?:
    | {
        readonly connect: number;
        readonly greeting: number;
        readonly socket: number;
        /** For the reply to a body; that of the socket where none is given. */
        readonly body?: number;
      }
    | undefined;
}

/**
 * Connect, secure and sign in, all by nodemailer; then speak for ourselves where the server
 * announced PIPELINING. Answers the outcome instead where that fails.
 */
export async function open(server: Server, keeper: Keeper): Promise<Session | Outcome> {
  const { timeoutsMs = TIMEOUTS_MS } = server;
  const connection = await connect(server);
  if ("kind" in connection) return connection;
  const { socket: timeoutMs, body: bodyTimeoutMs = timeoutMs } = timeoutsMs;
  const options = { timeoutMs, bodyTimeoutMs, keeper };
  const extensions = extensionsOf(connection);
  const socket = extensions.has("PIPELINING") ? takeOver(connection) : undefined;
  return socket
    ? createPipelined({ socket, utf8: extensions.has("SMTPUTF8") }, options)
    : createPlain(connection, options);
}

/** Connect, secure, sign in and leave. Answers what is in the way, if anything. */
export async function knock(server: Server): Promise<Outcome | undefined> {
  const connection = await connect(server);
  if ("kind" in connection) return connection;
  connection.quit();
  return undefined;
}

function connect({ url, timeoutsMs = TIMEOUTS_MS }: Server): Promise<SMTPConnection | Outcome> {
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
  return new Promise((resolve) => {
    const fail = (error: unknown) => {
      connection.close();
      resolve(outcomeBefore(faultOf(error)));
    };
    connection.on("error", fail);
    connection.connect((error) => {
      if (error) return fail(error);
      if (username === "") return resolve(connection);
      const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
      connection.login({ user, pass }, (refused) =>
        refused ? fail(refused) : resolve(connection),
      );
    });
  });
}

/** What the server announced after EHLO, the last one if there were two. */
function extensionsOf(connection: SMTPConnection): ReadonlySet<unknown> {
  const found: unknown = Reflect.get(connection, "_supportedExtensions");
  return new Set(Array.isArray(found) ? found : []);
}

/**
 * The socket, with none of nodemailer's listeners left on it. Undefined where its listeners are
 * not the ones that we know, or where it has read more than it has acted on: then the session
 * stays nodemailer's.
 */
function takeOver(connection: SMTPConnection): Socket | undefined {
  const socket = connection._socket;
  if (!socket || connection.destroyed) return undefined;
  const rest: unknown[] = [
    Reflect.get(connection, "_remainder"),
    Reflect.get(connection, "_responseQueue"),
    Reflect.get(connection, "_responseActions"),
  ];
  if (!rest.every((part) => (Array.isArray(part) || typeof part === "string") && part.length === 0))
    return undefined;
  const listeners = Object.entries(LISTENERS).map(([event, field]) => {
    const listener: unknown = Reflect.get(connection, field);
    return { event, listener, known: socket.listeners(event).some((each) => each === listener) };
  });
  if (!listeners.every(({ known }) => known)) return undefined;
  for (const { event, listener } of listeners)
    Reflect.apply(socket.removeListener, socket, [event, listener]);
  return socket;
}

const LISTENERS = {
  data: "_onSocketData",
  timeout: "_onSocketTimeout",
  close: "_onSocketClose",
  end: "_onSocketEnd",
  error: "_onSocketError",
} as const;
/**
 * Many servers scan a body before they answer: RFC 5321 4.5.3.2.6 asks for patience, because who
 * gives up before a late 250 does not know that it was taken.
 */
const TIMEOUTS_MS = { connect: 10_000, greeting: 10_000, socket: 60_000, body: 300_000 };
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;
