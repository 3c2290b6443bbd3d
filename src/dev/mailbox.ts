import PostalMime from "postal-mime";

/** Caught messages, in memory and nowhere else. */
export interface Mailbox {
  readonly counts: Counts;
  /** The kept messages, oldest first. */
  list(offset: number, limit: number): CaughtMessage[];
  find(id: string): CaughtMessage | undefined;
  clear(): void;
}

export interface Counts {
  /** Bodies taken since the start, dropped ones included. */
  taken: number;
  /** Messages kept now. */
  kept: number;
  /** Messages given up because of the limit. */
  dropped: number;
  /** Addresses refused. */
  refused: number;
  /** DATA transactions open now: begun, and not yet answered. */
  inFlight: number;
}

export interface CaughtMessage {
  readonly id: string;
  /** Envelope recipients. */
  readonly to: readonly string[];
  /** Envelope sender. */
  readonly from: string;
  readonly at: Date;
  readonly raw: Buffer;
}

/** Caught SMS; see `twilio.ts`. */
export interface SmsBox {
  readonly counts: { readonly taken: number };
  list(offset: number, limit: number): readonly CaughtSms[];
}

export interface CaughtSms {
  readonly sid: string;
  readonly to: string;
  readonly body: string;
  readonly at: Date;
  /** As the provider calls it, such as `delivered`. */
  readonly status: string;
  readonly errorCode: string | null;
}

export interface FillingMailbox extends Mailbox {
  add(message: CaughtMessage): void;
}

/** An empty mailbox that keeps at most `bytesMax` bytes of messages. */
export function createMailbox(bytesMax: number): FillingMailbox {
  const messages = new Map<string, CaughtMessage>();
  const counts: Counts = { taken: 0, kept: 0, dropped: 0, refused: 0, inFlight: 0 };
  let bytes = 0;

  function dropOldest(): void {
    const [oldest] = messages.values();
    if (!oldest) return;
    messages.delete(oldest.id);
    bytes -= oldest.raw.length;
    counts.dropped += 1;
  }

  return {
    counts,
    list: (offset, limit) => [...messages.values().drop(offset).take(limit)],
    find: (id) => messages.get(id),
    clear: () => {
      messages.clear();
      bytes = counts.kept = 0;
    },
    add: (message) => {
      messages.set(message.id, message);
      bytes += message.raw.length;
      counts.taken += 1;
      while (bytes > bytesMax && messages.size > 1) dropOldest();
      counts.kept = messages.size;
    },
  };
}

/** The subject and author a reader would see, and both bodies. */
export async function readMessage({ raw }: { readonly raw: Buffer | string }) {
  const { from, subject, text, html, headers } = await PostalMime.parse(raw);
  return {
    from: from?.address ?? "",
    fromName: from?.name ?? "",
    subject: subject ?? "",
    text: text ?? "",
    html: html ?? "",
    headers,
  };
}
