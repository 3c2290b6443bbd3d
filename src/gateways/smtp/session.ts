import type { OutgoingEmail } from "../../context.ts";
import type { Outcome } from "../../domain/delivery.ts";

/** One message that waits for its outcome. */
export interface Job {
  readonly email: OutgoingEmail;
  /** Asked right before the body is written; false sends nothing. */
  readonly mayWrite: () => boolean;
  /** "hung-up": a session that served before was gone before the body, so another may take it. */
  done(result: Outcome | "hung-up"): void;
}

/** One SMTP session: signed in, and ready for one message after another. */
export interface Session {
  /** Whether a message's envelope may go out while another's body does. */
  readonly pipelined: boolean;
  /** "follow": a body is on its way, and the envelope of one more message may be sent after it. */
  ready(): "idle" | "follow" | "busy";
  /** Begin this message. Only where it is ready. */
  take(job: Job): void;
  /** Finish what was begun, say goodbye and end. */
  quit(): void;
  /** End at once. What was begun fails. */
  drop(): void;
}

/** What a session tells the pool that it is kept in. */
export interface Keeper {
  /** A message whose envelope may follow the body that is now written, where one is waiting. */
  next(): Job | undefined;
  /** It can take another message. */
  free(): void;
  ended: () => void;
}

export interface SessionOptions {
  /** How long a reply may take as a whole. */
  readonly timeoutMs: number;
  /** How long the reply to a whole body may take. */
  readonly bodyTimeoutMs: number;
  readonly keeper: Keeper;
}

/** Some servers end long sessions; a fresh one also spreads over a provider's hosts. */
export const MESSAGES_MAX = 1_000;
/** How long a goodbye may take. */
export const QUIT_MS = 2_000;
/** A server may hang up on a session that it has kept long enough; a fresh one is tried at once. */
export const HANG_UPS = new Set(["ECONNECTION", "ECONNRESET", "EPIPE"]);
/** What would end the command that an address is put into, or the address itself. */
export const HOSTILE = /[\r\n<>\0]/;
export const CANNOT_BE_WRITTEN: Outcome = {
  kind: "rejected",
  fault: "recipient",
  code: "EENVELOPE",
};
export const WITHHELD: Outcome = { kind: "not-sent", code: "withheld" };
