import type { Config } from "./config.ts";
import type { Outcome } from "./domain/delivery.ts";
import type { Layout } from "./domain/notice/compile.ts";
import type { Runbook } from "./domain/task.ts";
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
  /** The incident runbooks of `runbooks/incident/`, read and checked at start. */
  readonly runbooks: readonly Runbook[];
  /** Layouts, pages and shipped notices, read once at start. */
  readonly templates: Templates;
  readonly now: () => Date;
  readonly log: Log;
}

/** See `src/gateways/templates.ts`. */
export interface Templates {
  /** The source of a shipped notice, if there is one of this kind in this language. */
  notice(kind: string, language: string): string | undefined;
  /** What goes around a notice to make it a mail. */
  readonly mail: Layout;
  /** The page where anybody checks a notice code. */
  checkPage(view: CheckView): string;
  /** The style sheet of the public pages. */
  readonly stylesheet: string;
}

export interface CheckView {
  readonly organisation: string;
  /** Whether a code was asked for. */
  readonly asked: boolean;
  /** Too many codes were asked for from one network. */
  readonly busy?: boolean;
  readonly found?: {
    readonly code: string;
    /** The subjects it goes out under. */
    readonly subjects: readonly string[];
    readonly from: string;
    readonly language: string;
    /** Rendered by us from escaped parts. */
    readonly html: string;
  };
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
