import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Which way bytes go: what the client says, or what the server answers. */
export type Way = "client" | "server";

/** Cut a connection as soon as these words pass. */
export interface Cut {
  readonly words: RegExp;
  /** Only where these passed before on the same connection, either way. */
  readonly after?: RegExp;
  readonly way?: Way;
  /**
   * `before`: the words never arrive. `unanswered`: they arrive, and the connection is cut when
   * the other side has answered them, without the answer. `after`: they arrive, and that is all.
   */
  readonly when: "before" | "unanswered" | "after";
  /** How often; once unless said. */
  readonly times?: number;
}

/** A wire that can be broken in the ways that wires break. */
export interface Proxy {
  readonly port: number;
  readonly counts: { connections: number; open: number; cuts: number };
  /** The same URL, leading through here. */
  through(url: string): string;
  /** Milliseconds that everything takes longer, each way. */
  delay(ms: number): void;
  /** Bytes a second each way on each connection; 0 means as many as there are. */
  throttle(bytesPerSecond: number): void;
  /** Close all connections by a reset. New ones are taken. */
  cutNow(): void;
  /** Cut each connection after this many bytes one way. */
  cutAfter(bytes: number, way?: Way): void;
  cutWhen(cut: Cut): void;
  /** Pass nothing on and close nothing: half-open. New connections get no answer either. */
  clog(): void;
  /** Take no new connections, and reset the ones there are. */
  drop(): void;
  /** Be an honest wire again; what was clogged arrives late. */
  free(): void;
  /** Lead new connections there. */
  aim(port: number): void;
  close(): Promise<void>;
}

interface Rules {
  target: number;
  delayMs: number;
  bytesPerSecond: number;
  refusing: boolean;
  bytesMax: Record<Way, number>;
  cuts: { cut: Cut; left: number }[];
  /** Open unless clogged. */
  gate: Promise<void>;
  release: () => void;
}

/** One connection: its two ends, and whether an answer is what ends it. */
interface Line {
  readonly client: Socket;
  readonly server: Socket;
  doomed: boolean;
  /** Cuts that wait for nothing but their words. */
  readonly armed: Set<Cut>;
  cut(): void;
}

export interface ProxyOptions {
  /** Where to listen: another address of loopback, or a port that must be this one. */
  readonly host?: string;
  readonly port?: number;
}

/** Stand between clients and a server on loopback. */
export async function startProxy(
  target: number,
  { host = LOOPBACK, port: wanted = 0 }: ProxyOptions = {},
): Promise<Proxy> {
  const rules: Rules = { ...honest(), target };
  const lines = new Set<Line>();
  const counts = { connections: 0, open: 0, cuts: 0 };
  const server = createServer((client) => {
    counts.connections += 1;
    if (rules.refusing) return void client.resetAndDestroy();
    const line = lineOf(client, connect(rules.target, LOOPBACK), counts);
    lines.add(line);
    counts.open = lines.size;
    client.once("close", () => {
      lines.delete(line);
      counts.open = lines.size;
    });
    carry(line, "client", rules);
    carry(line, "server", rules);
  });
  await new Promise<void>((resolve) => void server.listen(wanted, host, resolve));
  const { port } = server.address() as AddressInfo;
  const cutNow = () => lines.forEach((line) => line.cut());
  return {
    port,
    counts,
    through: (url) => Object.assign(new URL(url), { hostname: host, port: String(port) }).href,
    delay: (ms) => void (rules.delayMs = ms),
    throttle: (bytesPerSecond) => void (rules.bytesPerSecond = bytesPerSecond),
    cutNow,
    cutAfter: (bytes, way = "client") => void (rules.bytesMax[way] = bytes),
    cutWhen: (cut) => void rules.cuts.push({ cut, left: cut.times ?? 1 }),
    clog() {
      rules.release();
      rules.gate = new Promise((resolve) => (rules.release = resolve));
    },
    drop() {
      rules.refusing = true;
      cutNow();
    },
    free() {
      rules.release();
      Object.assign(rules, { ...honest(), target: rules.target });
    },
    aim: (next) => void (rules.target = next),
    async close() {
      rules.release();
      cutNow();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function honest(): Omit<Rules, "target"> {
  return {
    delayMs: 0,
    bytesPerSecond: 0,
    refusing: false,
    bytesMax: { client: Infinity, server: Infinity },
    cuts: [],
    gate: Promise.resolve(),
    release: () => {},
  };
}

function lineOf(client: Socket, server: Socket, counts: { cuts: number }): Line {
  const line: Line = {
    client,
    server,
    doomed: false,
    armed: new Set(),
    cut() {
      if (client.destroyed && server.destroyed) return;
      counts.cuts += 1;
      // A reset, so that neither side takes it for a goodbye.
      client.resetAndDestroy();
      server.resetAndDestroy();
    },
  };
  for (const socket of [client, server]) socket.setNoDelay(true);
  client.on("error", () => {});
  // A server that is away refuses; it does not say goodbye.
  server.on("error", () => void client.resetAndDestroy());
  return line;
}

/** Pass on what one side says, in order, each piece when its time has come. */
function carry(line: Line, way: Way, rules: Rules): void {
  const [from, to] = way === "client" ? [line.client, line.server] : [line.server, line.client];
  const queue: { chunk: Buffer; dueAt: number }[] = [];
  const heard = { bytes: 0, tail: "" };
  let waiting = 0;
  let running = false;
  let ended = false;

  async function pump(): Promise<void> {
    if (running) return;
    running = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      const early = next.dueAt - performance.now();
      if (early > 0) await sleep(early);
      await rules.gate;
      if (to.destroyed || !(await pass(line, way, { rules, heard, chunk: next.chunk }))) return;
      waiting -= next.chunk.length;
      if (waiting < WAITING_MAX) from.resume();
    }
    running = false;
    if (ended) to.end();
  }

  from.on("data", (chunk: Buffer) => {
    queue.push({ chunk, dueAt: performance.now() + rules.delayMs });
    waiting += chunk.length;
    // Beyond this the sender's own buffers fill, as they would.
    if (waiting >= WAITING_MAX) from.pause();
    void pump();
  });
  const over = () => {
    ended = true;
    void rules.gate.then(pump);
  };
  from.on("end", over);
  from.on("close", over);
}

interface Piece {
  readonly rules: Rules;
  readonly heard: { bytes: number; tail: string };
  readonly chunk: Buffer;
}

/** Whether the connection still stands after this piece. */
async function pass(line: Line, way: Way, { rules, heard, chunk }: Piece): Promise<boolean> {
  const to = way === "client" ? line.server : line.client;
  if (way === "server" && line.doomed) {
    line.cut();
    return false;
  }
  heard.bytes += chunk.length;
  heard.tail = (heard.tail + chunk.toString("latin1")).slice(-TAIL_MAX - chunk.length);
  for (const { cut } of rules.cuts) if (cut.after?.test(heard.tail)) line.armed.add(cut);
  const found = rules.cuts.find(
    ({ cut, left }) =>
      left > 0 &&
      (cut.way ?? "client") === way &&
      (!cut.after || line.armed.has(cut)) &&
      cut.words.test(heard.tail),
  );
  if (found) {
    found.left -= 1;
    heard.tail = "";
    if (found.cut.when === "unanswered") line.doomed = true;
    else {
      if (found.cut.when === "after") await written(to, chunk);
      line.cut();
      return false;
    }
  }
  const over = heard.bytes - rules.bytesMax[way];
  if (over >= 0) {
    await written(to, chunk.subarray(0, chunk.length - over));
    line.cut();
    return false;
  }
  if (rules.bytesPerSecond === 0) return written(to, chunk);
  return trickle(to, chunk, rules);
}

async function trickle(to: Socket, chunk: Buffer, rules: Rules): Promise<boolean> {
  for (let at = 0; at < chunk.length;) {
    const most = rules.bytesPerSecond === 0 ? chunk.length : Math.max(1, rules.bytesPerSecond / 10);
    if (to.destroyed) return false;
    await written(to, chunk.subarray(at, at + most));
    at += most;
    if (rules.bytesPerSecond > 0) await sleep((1_000 * most) / rules.bytesPerSecond);
  }
  return !to.destroyed;
}

/** Resolves when the system has taken it, however long the other side does not read. */
function written(to: Socket, chunk: Buffer): Promise<boolean> {
  if (to.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => void to.write(chunk, (error) => resolve(!error)));
}

const LOOPBACK = "127.0.0.1";
const WAITING_MAX = 65_536;
/** The longest words that may come in two pieces. */
const TAIL_MAX = 64;
