import type { Dns } from "../../context.ts";
import { dkimKey, parseDmarc, walkOf } from "../../domain/wave/dmarc.ts";
import { finding } from "../../domain/wave/finding.ts";
import type { Finding } from "../../domain/wave/finding.ts";
import {
  dkimFindings,
  dmarcFindings,
  domainOfAddress,
  policyOf,
  spfFindings,
} from "../../domain/wave/preflight.ts";
import type { SpfSeen, Walk } from "../../domain/wave/preflight.ts";
import { SPF_LOOKUPS_MAX, parseSpf } from "../../domain/wave/spf.ts";

export interface Sender {
  /** The author that readers see. */
  readonly from: string;
  /** Where bounces go: the address of MAIL FROM. */
  readonly envelope: string;
  /** Selectors at the author's domain, or whole names of key records. */
  readonly selectors: readonly string[] | undefined;
  readonly messages: number;
}

export interface SenderSeen {
  readonly findings: Finding[];
  /** What the author's domain asks of receivers; nothing where it has no readable record. */
  readonly policy: "none" | "quarantine" | "reject" | null;
  /** Look-ups that the SPF record costs a receiver. */
  readonly spfLookups: number | null;
}

/**
 * Whether receivers will believe mail of this sender: SPF (RFC 7208), DMARC (RFC 9989) and the
 * keys of DKIM (RFC 6376), as DNS has them now.
 */
export async function senderFindings(dns: Dns, sender: Sender): Promise<SenderSeen> {
  const author = domainOfAddress(sender.from);
  const envelope = domainOfAddress(sender.envelope);
  const keys = (sender.selectors ?? []).map((each) =>
    each.includes(KEYS) ? each : `${each}${KEYS}${author}`,
  );
  const signers = [...new Set(keys.map((name) => name.slice(name.indexOf(KEYS) + KEYS.length)))];
  const [spf, walks, dkim] = await Promise.all([
    seeSpf(dns, envelope),
    Promise.all([author, envelope, ...signers].map((domain) => walk(dns, domain))),
    Promise.all(keys.map((name) => keyFindings(dns, name))),
  ]);
  const [ofAuthor, ofEnvelope, ...ofSigners] = walks;
  const alignment =
    ofAuthor && ofEnvelope && ofSigners.every((each) => each !== undefined)
      ? { author: ofAuthor, envelope: ofEnvelope, signers: ofSigners, messages: sender.messages }
      : undefined;
  return {
    findings: [
      ...spfFindings(envelope, spf),
      ...(alignment ? dmarcFindings(alignment) : [finding("dns-unreachable", `_dmarc.${author}`)]),
      ...(sender.selectors === undefined ? [finding("dkim-unknown", "DKIM_SELECTORS")] : []),
      ...dkim.flat(),
    ],
    policy: ofAuthor ? policyOf(ofAuthor) : null,
    spfLookups: spf.kind === "read" ? spf.lookups : null,
  };
}

/** An SPF record with those it includes, read as a receiver must: at most ten look-ups in all. */
async function seeSpf(dns: Dns, domain: string): Promise<SpfSeen> {
  let lookups = 0;

  async function read(at: string): Promise<SpfSeen> {
    const answer = await dns.txt(at);
    if (answer.kind === "failed") return { kind: "unreachable" };
    const spf = parseSpf(answer.records);
    if (spf.kind !== "record") return spf;
    let open = spf.everywhere || spf.all === "+";
    let closes = spf.all === "-" || spf.all === "~";
    for (const { kind, pass, domain: next } of spf.terms) {
      lookups += 1;
      if (lookups > SPF_LOOKUPS_MAX) return { kind: "too-many" };
      if (next === undefined) continue;
      const seen = await read(next);
      // A record that is named and not there is an error of the whole (RFC 7208, 5.2 and 6.1).
      if (seen.kind === "none" || seen.kind === "several") return { kind: "invalid" };
      if (seen.kind !== "read") return seen;
      open ||= pass && seen.open;
      if (kind === "redirect") closes ||= seen.closes;
    }
    return { kind: "read", lookups, open, closes };
  }

  const seen = await read(domain);
  return seen.kind === "read" ? { ...seen, lookups } : seen;
}

/** Nothing where DNS does not answer for any of the names: an absent record would be a guess. */
async function walk(dns: Dns, domain: string): Promise<Walk | undefined> {
  const asked = await Promise.all(
    walkOf(domain).map(async (name) => ({ name, answer: await dns.txt(`_dmarc.${name}`) })),
  );
  return asked.reduce<Walk | undefined>(
    (all, { name, answer }) =>
      all && answer.kind === "found"
        ? [...all, { domain: name, found: parseDmarc(answer.records) }]
        : undefined,
    [],
  );
}

async function keyFindings(dns: Dns, name: string): Promise<Finding[]> {
  const answer = await dns.txt(name);
  return answer.kind === "failed"
    ? [finding("dns-unreachable", name)]
    : dkimFindings(name, dkimKey(answer.records));
}

const KEYS = "._domainkey.";
