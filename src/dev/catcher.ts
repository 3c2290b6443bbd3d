import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { SMTPServer } from "smtp-server";
import type { SMTPServerDataStream, SMTPServerSession } from "smtp-server";

import { catcherSite } from "./catcher-site.ts";
import { createMailbox } from "./mailbox.ts";
import type { FillingMailbox, Mailbox, SmsBox } from "./mailbox.ts";
import { LOOPBACK } from "./process.ts";

/**
 * A mail server that delivers to nobody. It keeps what it takes in memory, up to a
 * limit, and shows it on a web page and through a small API.
 */
export interface Catcher extends Mailbox {
  readonly smtpUrl: string;
  readonly webUrl: string;
  close(): Promise<void>;
}

export interface CatcherOptions {
  readonly smtpPort?: number;
  readonly webPort?: number;
  /** Milliseconds between taking a body and answering for it, so that sends stay in flight. */
  readonly delayMs?: number | (() => number);
  /** The SMTP code to refuse an address with, such as 550; nothing accepts it. */
  readonly reject?: (address: string) => number | undefined;
  /** Bytes of messages to keep; the oldest go first. */
  readonly bytesMax?: number;
  /** SMS to show beside the mail. */
  readonly sms?: SmsBox;
}

/** Start a catcher on loopback. */
export async function startCatcher(options: CatcherOptions = {}): Promise<Catcher> {
  const box = createMailbox(options.bytesMax ?? BYTES_MAX);
  const smtp = createSmtp(box, options);
  const web = createServer(catcherSite(box, options.sms));
  const smtpPort = await listen(smtp.server, options.smtpPort ?? 0);
  const webPort = await listen(web, options.webPort ?? 0);
  return {
    ...box,
    smtpUrl: `smtp://${LOOPBACK}:${smtpPort}`,
    webUrl: `http://${LOOPBACK}:${webPort}`,
    close: async () => {
      web.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => web.close(() => resolve())),
        new Promise<void>((resolve) => smtp.close(() => resolve())),
      ]);
    },
  };
}

function createSmtp(box: FillingMailbox, { delayMs = 0, reject }: CatcherOptions): SMTPServer {
  const open = new Set<SMTPServerSession>();
  const leave = (session: SMTPServerSession) => {
    open.delete(session);
    box.counts.inFlight = open.size;
  };
  const smtp = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    hideSTARTTLS: true,
    logger: false,
    size: MESSAGE_BYTES_MAX,
    closeTimeout: 1_000,
    onRcptTo: ({ address }, _session, answer) => {
      const code = reject?.(address);
      if (code === undefined) return answer();
      box.counts.refused += 1;
      answer(
        Object.assign(new Error("This address is refused on purpose."), { responseCode: code }),
      );
    },
    onData: (stream, session, answer) => {
      open.add(session);
      box.counts.inFlight = open.size;
      void take(stream).then(async (raw) => {
        // From here on a real server has the message, whether or not the sender hears of it.
        box.add({ id: randomUUID(), ...envelope(session), at: new Date(), raw });
        const waitMs = typeof delayMs === "number" ? delayMs : delayMs();
        if (waitMs > 0) await sleep(waitMs);
        leave(session);
        answer(null, "Caught");
      });
    },
    onClose: (session) => leave(session),
  });
  // A client that is killed in mid-sentence is what some tests are for.
  smtp.on("error", () => {});
  return smtp;
}

function envelope({ envelope: { mailFrom, rcptTo } }: SMTPServerSession) {
  return { from: mailFrom ? mailFrom.address : "", to: rcptTo.map(({ address }) => address) };
}

/** A whole body. A body cut off by a lost connection never ends, and is never taken. */
function take(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks)));
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => resolve(portOf(server.address())));
  });
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

const BYTES_MAX = 512 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 10 * 1024 * 1024;
