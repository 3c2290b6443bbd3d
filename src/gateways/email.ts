import type { EmailGateway, OutgoingEmail } from "../context.ts";
import type { Outcome } from "../domain/delivery.ts";
import type { Log } from "../log.ts";
import { QUIT_MS, open, transmit } from "./smtp.ts";
import type { Server, Session } from "./smtp.ts";

export interface EmailSettings extends Server {
  readonly connections: number;
  readonly log: Log;
}

/**
 * The e-mail gateway: a small pool of nodemailer's SMTP sessions. A message that finds no free
 * connection waits here; nothing of it is said before it has one.
 */
export function createEmail(settings: EmailSettings): EmailGateway {
  const sessions = createSessions(settings);
  const queue: (() => void)[] = [];
  let busy = 0;

  async function enter(): Promise<void> {
    if (busy < settings.connections) busy += 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
  }

  function leave(): void {
    const next = queue.shift();
    if (next) next();
    else busy -= 1;
  }

  return {
    connections: settings.connections,
    async send(email, mayWrite) {
      await enter();
      try {
        return await sessions.deliver(email, mayWrite);
      } finally {
        leave();
      }
    },
    close: sessions.close,
  };
}

/** Sessions kept between messages; a failed one is tidied up or dropped. */
function createSessions(settings: EmailSettings) {
  const idle: Session[] = [];
  const all = new Set<Session>();
  let closing = false;

  function reusable(): Session | undefined {
    for (let session = idle.pop(); session; session = idle.pop())
      if (session.alive()) return session;
    return undefined;
  }

  async function giveBack(session: Session, outcome: Outcome): Promise<Outcome> {
    const sound = session.alive() && (outcome.kind === "accepted" || (await session.reset()));
    if (!sound) session.drop();
    else if (closing || session.sent >= MESSAGES_MAX) session.quit();
    else idle.push(session);
    return outcome;
  }

  return {
    async deliver(email: OutgoingEmail, mayWrite: () => boolean): Promise<Outcome> {
      const known = reusable();
      if (known) {
        const result = await transmit(known, email, mayWrite);
        // A server may hang up on an idle session; nothing was said yet, so a new one is safe.
        if (result !== "hung-up") return giveBack(known, result);
      }
      const session = await open(settings);
      if ("kind" in session) return session;
      all.add(session);
      session.onEnd(() => all.delete(session));
      const result = await transmit(session, email, mayWrite);
      return giveBack(session, result === "hung-up" ? HUNG_UP : result);
    },
    async close(): Promise<void> {
      closing = true;
      const ended = [...all].map((each) => new Promise<void>((resolve) => each.onEnd(resolve)));
      for (const session of idle.splice(0)) session.quit();
      const deadline = setTimeout(() => all.forEach((session) => session.drop()), QUIT_MS);
      await Promise.all(ended);
      clearTimeout(deadline);
    },
  };
}

const HUNG_UP = { kind: "transient", code: "closed" } as const;
/** Some servers end long sessions; a fresh one also spreads over a provider's hosts. */
const MESSAGES_MAX = 1_000;
