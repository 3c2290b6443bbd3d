import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsOptions } from "node:tls";

/** What a scripted server does at each step: says a reply, or does something to the socket. */
export type Step = string | ((socket: Socket) => void);

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
}

export interface ScriptedSmtp {
  readonly port: number;
  readonly url: string;
  /** Whole bodies that arrived, dots unstuffed. */
  readonly bodies: string[];
  /** Bytes of bodies, whole or not. */
  readonly counts: { bodyBytes: number; connections: number; commands: string[] };
  close(): Promise<void>;
}

/** An SMTP server that follows a script, byte by byte, on a real socket. */
export async function scriptedSmtp(
  script: Script | ((connection: number) => Script),
  tls?: TlsOptions,
): Promise<ScriptedSmtp> {
  const bodies: string[] = [];
  const counts = { bodyBytes: 0, connections: 0, commands: [] as string[] };
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
  let buffer = "";
  perform(socket, steps.greeting);
  socket.on("data", (chunk: Buffer) => {
    if (inBody) counts.bodyBytes += chunk.length;
    buffer += chunk.toString("latin1");
    for (;;) {
      const end = buffer.indexOf(inBody ? "\r\n.\r\n" : "\r\n");
      if (end < 0) return;
      const piece = buffer.slice(0, end);
      buffer = buffer.slice(end + (inBody ? 5 : 2));
      if (inBody) {
        bodies.push(`${piece}\r\n`.replaceAll(/^\./gm, ""));
        inBody = false;
        perform(socket, steps.body);
        continue;
      }
      const verb = piece.split(/[ :]/)[0]?.toUpperCase() ?? "";
      counts.commands.push(verb);
      const step = stepOf(verb, steps);
      perform(socket, step);
      inBody = verb === "DATA" && typeof step === "string" && step.startsWith("354");
    }
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

function perform(socket: Socket, step: Step): void {
  if (typeof step === "string") socket.write(`${step}\r\n`);
  else step(socket);
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
};
