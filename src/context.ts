import type { Config, DoorConfig } from "./config.ts";
import type { Outcome } from "./domain/delivery.ts";
import type { ReceiptStatus } from "./domain/receipt.ts";
import type { ReportParts } from "./domain/receipt/dsn.ts";
import type { SetLetter } from "./domain/delivery/letter.ts";
import type { Metrics } from "./domain/delivery/letter-line.ts";
import type { Paper } from "./domain/delivery/letter-paper.ts";
import type { Report } from "./domain/filing/paper.ts";
import type { PageLanguage } from "./domain/language.ts";
import type { Library } from "./domain/law.ts";
import type { Layout } from "./domain/notice/compile.ts";
import type { Runbook } from "./domain/task.ts";
import type { Log } from "./log.ts";
import type { Database } from "./store/db.ts";

/**
 * What the public door has, and so all that a page there can use. It holds no key that opens
 * anything: what people type is sealed at once, to be opened by a worker, and what they may read
 * is sealed by a worker to the key in their own cookie.
 */
export interface DoorContext {
  readonly config: DoorConfig;
  readonly sql: Database;
  /** The answers of surveys: another database, under a role that knows no people. */
  readonly feedback: Database;
  readonly box: Box;
  /** Layouts, pages, words and shipped notices, read once at start. */
  readonly templates: Templates;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * What every action is given. There is no way from here to Redis: work for the
 * queue is a row, and `src/relay.ts` alone hands rows on.
 */
export interface Context extends DoorContext {
  readonly config: Config;
  readonly vault: Vault;
  readonly email: EmailGateway;
  readonly dns: Dns;
  /** Absent where no SMS provider is set up. */
  readonly sms: SmsGateway | undefined;
  /** Where the public pages are kept as plain files; absent where PUBLIC_FOLDER is not set. */
  readonly site: Site | undefined;
  /** The mailbox that reports of mail servers come back to; absent where BOUNCE_FOLDER is not set. */
  readonly bounces: BounceFolder | undefined;
  /** What letters are printed with; see `src/gateways/letter.ts`. */
  readonly press: Press;
  /** The incident runbooks of `runbooks/incident/`, read and checked at start. */
  readonly runbooks: readonly Runbook[];
  /** The rules of `src/law/` and of LAW_FOLDER; see `src/gateways/library.ts`. */
  readonly library: Library;
}

/** See `src/gateways/templates.ts`. */
export interface Templates {
  /** The source of a shipped notice, if there is one of this kind in this language. */
  notice(kind: string, language: string): string | undefined;
  /** What goes around a notice to make it a mail. */
  readonly mail: Layout;
  /**
   * A page of `templates/public/` in one of the page languages, inside the public layout. Its
   * words come from the file of the same name in `templates/words/`, as `w`.
   */
  page(name: string, language: PageLanguage, view: Readonly<Record<string, unknown>>): string;
  /** The words of one file as plain text, with the values filled in: for mails and SMS of ours. */
  words(
    file: string,
    language: PageLanguage,
    values: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, string>>;
  /** The style sheet of the public pages. */
  readonly stylesheet: string;
}

/** A folder of plain files that any web server can serve. */
export interface Site {
  /** Put a file at a path, whole or not at all; false where it says the same already. */
  write(path: string, content: string): Promise<boolean>;
}

/** A mailbox of files; see `src/gateways/bounce.ts`. Names are those of `list`. */
export interface BounceFolder {
  /** The oldest mails in it, at most so many. */
  list(most: number): Promise<string[]>;
  /** What a mail reports; "gone" where somebody else dealt with it. */
  read(name: string): Promise<ReportParts | "malformed" | "too-large" | "gone">;
  remove(name: string): Promise<void>;
  /** Keep a mail that is nothing to us, for a person to look at. */
  setAside(name: string): Promise<void>;
  /** Delete what was put aside before. Answers how many. */
  removeAside(before: Date): Promise<number>;
}

/** Keys per incident; see `src/gateways/vault.ts`. */
export interface Vault {
  keys(id: string): Promise<Keys>;
  /** Destroy a key for good, here and in the keystore; its backups age out with theirs. */
  destroy(id: string): Promise<void>;
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

/** Look-ups in the Domain Name System; see `src/gateways/dns.ts`. */
export interface Dns {
  /** The TXT records at a name, each as one text; none where there is no such name. */
  txt(name: string): Promise<TxtAnswer>;
}

export type TxtAnswer =
  | { readonly kind: "found"; readonly records: readonly string[] }
  /** Nobody answered, or with an error. */
  | { readonly kind: "failed"; readonly code: string };

/** Whether a provider lets us in. Names no account. */
export interface ProviderCheck {
  /** Which relay or provider, by its name. */
  readonly name: string;
  readonly answer: "lets-in" | "refuses" | "unreachable";
}

/** One composed message to one address. */
export interface OutgoingEmail {
  readonly from: string;
  readonly to: string;
  /** As it goes over the wire: ASCII, but for the doubled dots. */
  readonly message: string;
}

export interface SendOptions {
  /** Only by the relay of this name (see `attempt.provider`); `relay-gone` where there is none. */
  readonly relay?: string;
}

export interface EmailGateway {
  /** Connections, and so messages, that can be in flight at once. */
  readonly connections: number;
  /** Hand over one message. `mayWrite` is asked just before the body is written; false sends nothing. */
  send(email: OutgoingEmail, mayWrite: () => boolean, options?: SendOptions): Promise<Outcome>;
  /** Connections, open now, that can begin one more message while one is under way. */
  pipelined?(): number;
  /** Milliseconds until anything can be sent at all; 0 where it can be now. */
  waitMs?(): number;
  /** Connect, secure, sign in and leave, at each relay. Sends nothing. */
  check?(): Promise<ProviderCheck[]>;
  close(): Promise<void>;
}

/** One SMS to one number. */
export interface OutgoingSms {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** Where the provider reports what became of it; names the attempt and no person. */
  readonly statusCallback: string;
}

/** Which SMS to look for. */
export interface SmsQuery {
  /** E.164. */
  readonly to: string;
  readonly from: Date;
  readonly until: Date;
}

/** An SMS that the provider has. */
export interface FoundSms {
  readonly reference: string;
  /** As it was sent; empty where the provider keeps none. */
  readonly text: string;
  readonly status: ReceiptStatus;
  /** The provider's error code. */
  readonly code: string | null;
}

export interface SmsGateway {
  /** SMS that can be on their way to the provider at once. */
  readonly connections: number;
  /** Hand over one SMS. `mayWrite` is asked just before the request is written; false sends nothing. */
  send(sms: OutgoingSms, mayWrite: () => boolean): Promise<Outcome>;
  /** Ask for the account that would pay. Sends nothing. */
  check?(): Promise<ProviderCheck>;
  /**
   * What the provider took for this number between two moments, the newest first; "unanswered"
   * where it could not be asked, "too-many" where it listed more than we read. Needed to learn
   * what became of an SMS whose outcome nobody knows.
   */
  find?(query: SmsQuery): Promise<FoundSms[] | "unanswered" | "too-many">;
  /** What became of one SMS, by the provider's name of it and in its words. */
  read?(reference: string): Promise<{ status: string; code: string | null } | "unanswered">;
  close(): Promise<void>;
}

/**
 * Sealing to a public key (HPKE, RFC 9180: X25519, HKDF-SHA256, AES-256-GCM). Who seals cannot
 * open. `purpose` is bound: a blob made for one purpose does not open for another.
 */
export interface Box {
  newKeys(): Promise<{ readonly publicKey: Buffer; readonly privateKey: Buffer }>;
  seal(publicKey: Buffer, purpose: string, value: unknown): Promise<Buffer>;
  /** Throws where the blob was not sealed to this key for this purpose. */
  open(privateKey: Buffer, purpose: string, blob: Buffer): Promise<unknown>;
}

/** Makes PDF files of letters, in the bundled fonts. */
export interface Press {
  readonly metrics: Metrics;
  open(options: PressOptions): PressFile;
  /** Set a report as a PDF; see `src/gateways/report.ts`. */
  report(report: Report): Promise<Buffer>;
}

export interface PressOptions {
  readonly paper: Paper;
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  readonly author: string;
  readonly madeAt: Date;
}

/** A PDF that grows letter by letter. What is finished can be taken out at any time. */
export interface PressFile {
  add(letter: SetLetter): void;
  /** What has been written since the last call. */
  take(): Buffer;
  /** No letter comes after this; take out the rest then. */
  end(): void;
}
