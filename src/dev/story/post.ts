import { readMessage } from "../mailbox.ts";
import type { Mailbox, SmsBox } from "../mailbox.ts";
import { until } from "./scene.ts";

/** What people find in their mailboxes and on their phones, while it is ours to see. */
export interface Post {
  /** How much there is by now: what comes later is behind this mark. */
  mark(): Mark;
  /** The mail behind a mark, at most this many. */
  mail(since: Mark, limit: number): Promise<Letter[]>;
  /** What stands in the first mail to an address behind a mark that holds such a thing; waits for it. */
  awaited(since: Mark, to: string, what: RegExp): Promise<string>;
  sms(since: Mark, limit: number): string[];
}

export interface Mark {
  readonly mail: number;
  readonly sms: number;
}

export interface Letter {
  readonly to: string;
  readonly text: string;
}

/** Read a mailbox and a phone. */
export function createPost(box: Mailbox, phone: SmsBox): Post {
  // What the mailbox gave up moves the others to the front.
  const list = (since: number, limit: number) => box.list(since - box.counts.dropped, limit);
  const mail: Post["mail"] = (since, limit) =>
    Promise.all(
      list(since.mail, limit).map(async (message) => {
        const { text } = await readMessage(message);
        return { to: message.to[0] ?? "", text };
      }),
    );
  return {
    mail,
    mark: () => ({ mail: box.counts.taken, sms: phone.counts.taken }),
    sms: (since, limit) => phone.list(since.sms, limit).map(({ body }) => body),
    awaited: (since, to, what) =>
      until(async () => {
        const found = (await mail(since, NEW_MAX)).filter((letter) => letter.to === to);
        return found.map(({ text }) => what.exec(text)?.[0]).find((each) => each !== undefined);
      }),
  };
}

const NEW_MAX = 1_000;
