import type { ReceiptStatus } from "../receipt.ts";

/**
 * What a final failure says of the address, by the enhanced status code (RFC 3463): whether nobody
 * is there, so that nothing more should go there. What is about policy, content or a full mailbox
 * is about this message only; giving up after a while (4.x.x) too.
 */
export function failureOf(code: string | null): Extract<ReceiptStatus, "bounced" | "failed"> {
  return code !== null && NOBODY_THERE.has(code) ? "bounced" : "failed";
}

/** The enhanced status code in a field, without what servers write after it. */
export function enhancedCode(text: string | undefined): string | null {
  return /^\s*([245]\.\d{1,3}\.\d{1,3})(?!\S)/.exec(text ?? "")?.[1] ?? null;
}

/**
 * 5.1.1 no such mailbox, 5.1.2 no such host, 5.1.3 no such syntax, 5.1.6 moved, 5.1.10 a host that
 * takes no mail (RFC 7505), 5.2.1 mailbox closed, 5.4.4 no way to the host.
 */
const NOBODY_THERE: ReadonlySet<string> = new Set([
  "5.1.1",
  "5.1.2",
  "5.1.3",
  "5.1.6",
  "5.1.10",
  "5.2.1",
  "5.4.4",
]);
