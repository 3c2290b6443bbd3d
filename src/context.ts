import type { Config } from "./config.ts";
import type { Outcome } from "./domain/delivery.ts";
import type { Log } from "./log.ts";
import type { Database } from "./store/db.ts";

/**
 * What every action is given. There is no way from here to Redis: work for the
 * queue is a row, and `src/relay.ts` alone hands rows on.
 */
export interface Context {
  readonly config: Config;
  readonly sql: Database;
  readonly vault: Vault;
  readonly email: EmailGateway;
  readonly now: () => Date;
  readonly log: Log;
}

/** Keys per incident; see `src/gateways/vault.ts`. */
export interface Vault {
  keys(id: string): Promise<Keys>;
  forget(): void;
}

export interface Keys {
  seal(table: string, row: string, value: unknown): Buffer;
  open(table: string, row: string, blob: Buffer): unknown;
  sealBytes(table: string, row: string, bytes: Buffer): Buffer;
  openBytes(table: string, row: string, blob: Buffer): Buffer;
  hash(purpose: string, text: string): Buffer;
}

/** The organisation's own key, for staff contact data and second factors. */
export const ORGANISATION = "00000000-0000-0000-0000-000000000000";

/** One composed message to one address. */
export interface OutgoingEmail {
  readonly from: string;
  readonly to: string;
  readonly message: Buffer;
}

export interface EmailGateway {
  /** Connections, and so messages, that can be in flight at once. */
  readonly connections: number;
  /** Hand over one message. `mayWrite` is asked just before the body is written; false sends nothing. */
  send(email: OutgoingEmail, mayWrite: () => boolean): Promise<Outcome>;
  close(): Promise<void>;
}
