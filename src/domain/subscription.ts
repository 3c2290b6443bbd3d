import { z } from "zod";

import { line } from "./text.ts";

/** The secret of a subscription's link: 32 random bytes in base64url. */
export const SubscriptionToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** What is sealed of a subscription. */
export const Sealed = z.strictObject({ email: z.email(), token: SubscriptionToken });
export type Sealed = z.output<typeof Sealed>;

/** What a person typed as an address that mail can be sent to; nothing where it is none. */
export function addressOf(typed: string): string | undefined {
  return Address.safeParse(typed).data;
}

/**
 * The mailbox that an address most likely leads to, for counting only: many providers put
 * `mary+1@` and `m.ary@` into the mailbox of `mary@`.
 */
export function mailboxOf(address: string): string {
  const [local = "", domain = ""] = address.toLowerCase().split("@");
  const plain = local.replace(/\+.*$/, "").replaceAll(".", "");
  return `${plain === "" ? local : plain}@${domain}`;
}

/** How often an address was asked to confirm, and when last. */
export interface Asking {
  readonly times: number;
  readonly lastAt: Date;
}

/**
 * Whether an address may be asked to confirm: once a day and three times in all, so that nobody
 * can have us fill a mailbox, and within what one incident may ask of all addresses in a day.
 */
export function mayAsk(
  { asking, lately }: { readonly asking: Asking | undefined; readonly lately: number },
  now: Date,
): boolean {
  if (lately >= ASKED_A_DAY_MAX) return false;
  if (!asking) return true;
  return asking.times < TIMES_MAX && now.getTime() - asking.lastAt.getTime() >= APART_MS;
}

/** An address that has not said yes by then is forgotten. */
export const CONFIRM_WITHIN_MS = 7 * 24 * 3_600_000;

const Address = line(254).pipe(z.email());
const APART_MS = 24 * 3_600_000;
const TIMES_MAX = 3;
/** Ten times what the largest page we know of took in on its first day would be a flood. */
const ASKED_A_DAY_MAX = 20_000;
