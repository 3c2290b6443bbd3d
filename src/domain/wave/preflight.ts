import { organisational } from "./dmarc.ts";
import type { Dmarc, dkimKey } from "./dmarc.ts";
import { finding } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** What an SPF record comes to once those that it includes were read too. */
export type SpfSeen =
  | { readonly kind: "none" | "several" | "invalid" | "too-many" | "unreachable" }
  | {
      readonly kind: "read";
      /** Look-ups that a receiver makes (RFC 7208, 4.6.4). */
      readonly lookups: number;
      /** Lets every sender pass. */
      readonly open: boolean;
      /** Whether strangers fail, softly or not. */
      readonly closes: boolean;
    };

/** What is wrong with the SPF record of a domain. */
export function spfFindings(domain: string, seen: SpfSeen): Finding[] {
  if (seen.kind !== "read") return [finding(SPF_CODES[seen.kind], domain)];
  if (seen.open) return [finding("spf-open", domain)];
  return seen.closes ? [] : [finding("spf-neutral", domain)];
}

/** What walking up from a domain found at `_dmarc` of each name, the longest name first. */
export type Walk = readonly { readonly domain: string; readonly found: Dmarc }[];

export interface Alignment {
  /** The author's domain, as readers see it. */
  readonly author: Walk;
  /** The domain of MAIL FROM. */
  readonly envelope: Walk;
  /** Domains that the relay signs for, as far as they are known. */
  readonly signers: readonly Walk[];
  readonly messages: number;
}

/**
 * What is wrong with the DMARC record of the author's domain, or of the organisational one above
 * it, and whether mail can pass by it: by the envelope's domain or by a signature.
 */
export function dmarcFindings({ author, envelope, signers, messages }: Alignment): Finding[] {
  const domain = domainOf(author);
  const found = applicable(author);
  const missing = messages > BULK ? "dmarc-missing-bulk" : "dmarc-missing";
  if (found.kind !== "record")
    return [finding(found.kind === "none" ? missing : "dmarc-invalid", `_dmarc.${domain}`)];
  const { record } = found;
  const aligned = (other: Walk, how: "relaxed" | "strict") =>
    domainOf(other) === domain ||
    (how === "relaxed" && organisational(other) === organisational(author));
  const bySpf = aligned(envelope, record.spf);
  const byDkim = signers.some((signer) => aligned(signer, record.dkim));
  return [
    ...(record.policy === "none" ? [finding("dmarc-none", `_dmarc.${domain}`)] : []),
    ...(bySpf ? [] : [finding(byDkim ? "spf-not-aligned" : "not-aligned", "MAIL_FROM")]),
  ];
}

/** The policy that receivers heed for a domain; nothing where there is none to heed. */
export function policyOf(author: Walk): "none" | "quarantine" | "reject" | null {
  const found = applicable(author);
  return found.kind === "record" ? found.record.policy : null;
}

/** What is wrong with the key of one selector. */
export function dkimFindings(name: string, key: ReturnType<typeof dkimKey>): Finding[] {
  return key === "good" ? [] : [finding(`dkim-${key}`, name)];
}

export interface Pace {
  readonly channel: "email" | "sms";
  readonly messages: number;
  /** Messages a second; nothing where none is known. */
  readonly perSecond: number | null;
  readonly from: Date;
  /** When all must be out. */
  readonly until: Date | null;
}

/** Whether what goes by a channel is out in time. */
export function paceFindings({ channel, messages, perSecond, from, until }: Pace): Finding[] {
  if (messages === 0) return [];
  if (until !== null && until <= from) return [finding("too-late", channel)];
  if (perSecond === null) return [finding("rate-unknown", channel)];
  const needMs = (messages / perSecond) * 1_000;
  return until !== null && from.getTime() + needMs > until.getTime()
    ? [finding("too-slow", channel)]
    : [];
}

/** What was measured, up to the limit that is set; 0 sets none. */
export function knownRate(measured: number | null, rateMax: number): number | null {
  if (rateMax === 0) return measured;
  return Math.min(measured ?? rateMax, rateMax);
}

/** The domain of an address, in lower case. */
export function domainOfAddress(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

/** The author's own record, else that of the organisational domain (RFC 9989, 4.10.1). */
function applicable(author: Walk): Dmarc {
  const own = author[0]?.found ?? NONE;
  if (own.kind !== "none") return own;
  return author.find(({ domain }) => domain === organisational(author))?.found ?? NONE;
}

function domainOf(walk: Walk): string {
  return walk[0]?.domain ?? "";
}

const NONE = { kind: "none" } as const;
/** Senders of more a day must have a record for Google, Yahoo and Microsoft to take their mail. */
const BULK = 5_000;
const SPF_CODES = {
  none: "spf-missing",
  several: "spf-several",
  invalid: "spf-invalid",
  "too-many": "spf-too-many-lookups",
  unreachable: "dns-unreachable",
} as const;
