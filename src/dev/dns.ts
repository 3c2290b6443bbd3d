import { createSocket } from "node:dgram";
import type { Socket as UdpSocket } from "node:dgram";
import { createServer } from "node:net";
import type { Server } from "node:net";

import { LOOPBACK } from "./process.ts";

/** A DNS server for invented domains, by UDP and TCP (RFC 1035). It knows TXT records only. */
export interface FakeDns {
  /** `host:port`, as DNS_SERVERS wants it. */
  readonly address: string;
  /** Answer every later question this way. */
  answer(next: Zone): void;
  close(): Promise<void>;
}

/** The records at a name; one that is a list comes in several strings. */
type Zone = (
  name: string,
) => readonly (string | readonly string[])[] | "no-such-name" | "server-failure" | "silence";

/** Start a server on loopback for which every domain exists and may send mail, unless told otherwise. */
export async function startDns(zone: Zone = everybodyMaySend): Promise<FakeDns> {
  let current = zone;
  const { udp, tcp, port } = await sockets();
  udp.on("message", (query, from) => {
    const answer = reply(query, current, UDP_BYTES_MAX);
    if (answer) udp.send(answer, from.port, from.address);
  });
  tcp.on("connection", (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      const answer = reply(data.subarray(2), current, TCP_BYTES_MAX);
      if (!answer) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.end(Buffer.concat([length, answer]));
    });
  });
  return {
    address: `${LOOPBACK}:${port}`,
    answer: (next) => void (current = next),
    close: async () => {
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => void tcp.close(() => resolve())),
      ]);
    },
  };
}

/** One port for both: whoever gets a truncated answer asks the same address again by TCP. */
async function sockets(): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (;;) {
    const tcp = createServer();
    await new Promise<void>((resolve) => void tcp.listen(0, LOOPBACK, resolve));
    const address = tcp.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const udp = createSocket("udp4");
    const bound = await new Promise<boolean>((resolve) => {
      udp.once("error", () => resolve(false));
      udp.bind(port, LOOPBACK, () => resolve(true));
    });
    if (bound) return { udp, tcp, port };
    tcp.close();
  }
}

function reply(query: Buffer, zone: Zone, bytesMax: number): Buffer | undefined {
  const { name, end } = nameAt(query, HEADER_BYTES);
  const question = query.subarray(HEADER_BYTES, end + 4);
  const found = zone(name.toLowerCase());
  if (found === "silence") return undefined;
  const isText = query.readUInt16BE(end) === TXT;
  const records = typeof found === "string" || !isText ? [] : found.map(recordOf);
  const whole = message(query, { question, records, code: CODES.get(found) ?? 0 });
  if (whole.length <= bytesMax) return whole;
  const cut = message(query, { question, records: [], code: 0 });
  cut.writeUInt16BE(cut.readUInt16BE(2) | TRUNCATED, 2);
  return cut;
}

function message(
  query: Buffer,
  { question, records, code }: { question: Buffer; records: readonly Buffer[]; code: number },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(ANSWERED | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question, ...records]);
}

/** A TXT record at the name of the question: character strings of at most 255 bytes each. */
function recordOf(given: string | readonly string[]): Buffer {
  const strings = typeof given === "string" ? (given.match(/.{1,255}/gs) ?? [""]) : given;
  const data = Buffer.concat(
    strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text, "latin1")])),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(TXT, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function nameAt(query: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join("."), end: at + 1 };
}

function everybodyMaySend(name: string): string[] {
  return name.startsWith("_dmarc.") ? ["v=DMARC1; p=reject"] : ["v=spf1 ip4:127.0.0.1 -all"];
}

const CODES = new Map<unknown, number>([
  ["no-such-name", 3],
  ["server-failure", 2],
]);
const TXT = 16;
const HEADER_BYTES = 12;
/** Response, authoritative, recursion desired and available. */
const ANSWERED = 0x8580;
const TRUNCATED = 0x0200;
const UDP_BYTES_MAX = 512;
const TCP_BYTES_MAX = 65_535;
