import { Readable } from "node:stream";

import type SMTPConnection from "nodemailer/lib/smtp-connection";

import type { Outcome } from "../../domain/delivery.ts";
import { faultOf, outcomeAfter, outcomeBefore } from "./outcome.ts";
import { HANG_UPS, MESSAGES_MAX, WITHHELD } from "./session.ts";
import type { Job, Session, SessionOptions } from "./session.ts";

/** nodemailer's own session, for a server that does not announce PIPELINING. */
export function createPlain(connection: SMTPConnection, options: SessionOptions): Session {
  const { keeper, timeoutMs, bodyTimeoutMs } = options;
  let busy = false;
  let closing = false;
  let sent = 0;

  function waitFor(ms: number): void {
    if (connection._socket) connection._socket.setTimeout(ms);
  }

  function quit(): void {
    closing = true;
    if (!busy && !connection.destroyed) connection.quit();
  }

  async function deliver(job: Job): Promise<void> {
    sent += 1;
    const result = await transmit(connection, job, {
      first: sent === 1,
      begin: () => waitFor(bodyTimeoutMs),
    });
    waitFor(timeoutMs);
    const accepted = typeof result === "object" && result.kind === "accepted";
    job.done(result);
    const sound = !connection.destroyed && (accepted || (await reset(connection)));
    busy = false;
    if (!sound) connection.close();
    else if (closing || sent >= MESSAGES_MAX) quit();
    else keeper.free();
  }

  connection.once("end", () => keeper.ended());
  return {
    pipelined: false,
    ready: () => (busy || closing || connection.destroyed ? "busy" : "idle"),
    take(job) {
      busy = true;
      void deliver(job);
    },
    quit,
    drop: () => connection.close(),
  };
}

/** Forget a failed message; false where the session can no longer be trusted. */
function reset(connection: SMTPConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const ended = () => resolve(false);
    connection.once("end", ended);
    connection.reset((error) => {
      connection.removeListener("end", ended);
      resolve(!error);
    });
  });
}

/**
 * nodemailer reports the same error before and after the body was taken, so the message is a
 * stream: its first read is the moment the server has said "go ahead". Nothing was sent before
 * it; after it only a reply is proof.
 */
function transmit(
  connection: SMTPConnection,
  { email: { from, to, message }, mayWrite }: Job,
  { first, begin }: { readonly first: boolean; readonly begin: () => void },
): Promise<Outcome | "hung-up"> {
  return new Promise((resolve) => {
    let begun = false;
    const body = new Readable({
      read() {
        if (begun) return;
        if (!mayWrite()) {
          resolve(WITHHELD);
          connection.close();
          return;
        }
        begun = true;
        begin();
        this.push(message, "latin1");
        this.push(null);
      },
    });
    connection.send({ from, to: [to] }, body, (error, info) => {
      if (!error) return resolve({ kind: "accepted", code: replyCode(info.response) });
      const fault = faultOf(error);
      if (begun) return resolve(outcomeAfter(fault));
      // A 421 may end only this session: a busy server says it to a fresh one too.
      const hungUp = fault.reply === 421 || (!fault.reply && HANG_UPS.has(fault.code));
      resolve(hungUp && !first ? "hung-up" : outcomeBefore(fault));
    });
  });
}

function replyCode(response: string): string {
  return /^\d{3}/.exec(response)?.[0] ?? "250";
}
