import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsOptions } from "node:tls";

/**
 * What a scripted server does at each step: says a reply, or does something to the socket and
 * answers the reply to say, if any. What came in meanwhile waits for a promise.
 */
export type Step = string | ((socket: Socket) => unknown);

export interface Script {
  readonly greeting?: Step;
  readonly ehlo?: Step;
  readonly auth?: Step;
  readonly mail?: Step;
  readonly rcpt?: Step;
  readonly data?: Step;
  /** When the whole body is there. */
  readonly body?: Step;
  readonly rset?: Step;
  /** How replies are written; at once unless said. */
  readonly write?: (socket: Socket, text: string) => unknown;
}

export interface ScriptedSmtp {
  readonly port: number;
  readonly url: string;
  /** Whole bodies that arrived, dots unstuffed. */
  readonly bodies: string[];
  /** Bytes of bodies, whole or not; commands as they were acted on; all that came in. */
  readonly counts: { bodyBytes: number; connections: number; commands: string[]; heard: string };
  close(): Promise<void>;
}

/** An SMTP server that follows a script, byte by byte, on a real socket. */
export async function scriptedSmtp(
  script: Script | ((connection: number) => Script),
  tls?: TlsOptions,
): Promise<ScriptedSmtp> {
  const bodies: string[] = [];
  const counts = { bodyBytes: 0, connections: 0, commands: [] as string[], heard: "" };
  const sockets = new Set<Socket>();
  const talk = (socket: Socket) => {
    counts.connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const steps = {
      ...POLITE,
      ...(typeof script === "function" ? script(counts.connections) : script),
    };
    converse(socket, steps, { bodies, counts });
  };
  const server = tls ? createTlsServer(tls, talk) : createServer(talk);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? "smtps" : "smtp"}://127.0.0.1:${port}`,
    bodies,
    counts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function converse(
  socket: Socket,
  steps: Required<Script>,
  { bodies, counts }: Pick<ScriptedSmtp, "bodies" | "counts">,
): void {
  let inBody = false;
  let atStart = false;
  let buffer = "";
  let running = false;
  socket.setNoDelay(true);

  /** The next whole command or body, if there is one. */
  function next(): string | undefined {
    // A body may be nothing but its final dot.
    const empty = inBody && atStart && buffer.startsWith(".\r\n");
    const end = empty ? 0 : buffer.indexOf(inBody ? "\r\n.\r\n" : "\r\n");
    if (end < 0) return undefined;
    const piece = buffer.slice(0, end);
    buffer = buffer.slice(empty ? 3 : end + (inBody ? 5 : 2));
    return inBody && !empty ? `${piece}\r\n` : piece;
  }

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    for (let piece = next(); piece !== undefined; piece = next()) {
      if (inBody) {
        bodies.push(piece.replaceAll(/^\./gm, ""));
        inBody = false;
        await perform(socket, steps.body, steps);
        continue;
      }
      const verb = piece.split(/[ :]/)[0]?.toUpperCase() ?? "";
      counts.commands.push(verb);
      const said = await perform(socket, stepOf(verb, steps), steps);
      inBody = verb === "DATA" && said.startsWith("354");
      atStart = inBody;
    }
    running = false;
  }

  void perform(socket, steps.greeting, steps);
  socket.on("data", (chunk: Buffer) => {
    if (inBody) counts.bodyBytes += chunk.length;
    buffer += chunk.toString("latin1");
    counts.heard += chunk.toString("latin1");
    void run();
  });
}

function stepOf(verb: string, steps: Required<Script>): Step {
  const found: Record<string, Step> = {
    EHLO: steps.ehlo,
    AUTH: steps.auth,
    MAIL: steps.mail,
    RCPT: steps.rcpt,
    DATA: steps.data,
    RSET: steps.rset,
    QUIT: (socket) => socket.end("221 Bye\r\n"),
  };
  return found[verb] ?? "500 What?";
}

async function perform(socket: Socket, step: Step, { write }: Required<Script>): Promise<string> {
  const said = typeof step === "string" ? step : await step(socket);
  if (typeof said !== "string") return "";
  await write(socket, `${said}\r\n`);
  return said;
}

const POLITE: Required<Script> = {
  greeting: "220 scripted",
  ehlo: "250 scripted",
  auth: "235 Welcome",
  mail: "250 Ok",
  rcpt: "250 Ok",
  data: "354 Go ahead",
  body: "250 Taken",
  rset: "250 Ok",
  write: (socket, text) => socket.write(text),
};
