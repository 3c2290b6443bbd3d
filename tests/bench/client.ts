import { connect } from "node:net";

/** What a load of requests came to. */
export interface Load {
  readonly seconds: number;
  /** How often each status was answered; 0 stands for no answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Milliseconds of each request. */
  readonly ms: readonly number[];
}

/**
 * Send requests on so many connections for so long, each connection one after another. A client
 * of few lines, because what the load costs is taken from the server's cores. Answers must have
 * no body, as those to callbacks.
 */
export async function load(
  port: number,
  { connections, seconds, next }: { connections: number; seconds: number; next: () => Buffer },
): Promise<Load> {
  const statuses = new Map<number, number>();
  const ms: number[] = [];
  const started = performance.now();
  const deadline = started + seconds * 1_000;
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

  const one = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let sentAt = 0;
      let heard = "";
      const ask = () => {
        if (performance.now() >= deadline) return void socket.end();
        sentAt = performance.now();
        socket.write(next());
      };
      socket.on("connect", ask);
      socket.on("data", (chunk: Buffer) => {
        heard += chunk.toString("latin1");
        if (!heard.includes("\r\n\r\n")) return;
        ms.push(performance.now() - sentAt);
        count(Number(heard.slice(9, 12)));
        heard = "";
        sentAt = 0;
        ask();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        if (sentAt > 0) count(0);
        resolve();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return { seconds: (performance.now() - started) / 1_000, statuses, ms };
}

/** A POST as bytes. */
export function post(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body);
  const head = Object.entries({ Host: "127.0.0.1", ...headers, "Content-Length": bytes.length });
  const lines = [`POST ${path} HTTP/1.1`, ...head.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}
