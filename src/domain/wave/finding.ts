import { z } from "zod";

/** What may be wrong before a wave is started. `stop` keeps it from starting. */
export const Finding = z.object({
  code: z.string(),
  severity: z.enum(["stop", "warn"]),
  /** The setting, record or language it is about. */
  field: z.string(),
  /** What to do about it. */
  message: z.string(),
});
export type Finding = z.output<typeof Finding>;

/** Every finding there is: how grave it is, and what to do. None quotes a record or an address. */
const CATALOGUE = {
  "dns-unreachable": [
    "stop",
    "DNS does not answer for this. Try again, or look at DNS_SERVERS and the firewall.",
  ],
  "spf-missing": ["stop", "Publish an SPF record (v=spf1 …) that names your mail provider."],
  "spf-several": ["stop", "Leave one SPF record: with several of them receivers heed none."],
  "spf-invalid": ["stop", "Correct the SPF record, or one that it includes: it cannot be read."],
  "spf-too-many-lookups": [
    "stop",
    "Shorten the SPF record: it needs more than 10 look-ups, and receivers stop there.",
  ],
  "spf-open": ["stop", "End the SPF record in -all or ~all: now anybody may send in your name."],
  "spf-neutral": ["warn", "End the SPF record in -all or ~all: it says nothing of strangers."],
  "dmarc-missing": ["warn", "Publish a DMARC record (_dmarc, v=DMARC1; p=…)."],
  "dmarc-missing-bulk": [
    "stop",
    "Publish a DMARC record (_dmarc, v=DMARC1; p=…): large providers refuse bulk mail without.",
  ],
  "dmarc-invalid": ["stop", "Correct the DMARC record: receivers cannot read it."],
  "dmarc-none": ["warn", "The DMARC policy is p=none: thieves can write in your name as well."],
  "not-aligned": [
    "stop",
    "Neither the envelope's domain nor a signing domain belongs to the author's: DMARC fails.",
  ],
  "spf-not-aligned": [
    "warn",
    "The envelope's domain is not the author's: DMARC rests on the DKIM signature alone.",
  ],
  "dkim-unknown": ["warn", "Set DKIM_SELECTORS to what your relay signs with, to have it checked."],
  "dkim-missing": ["stop", "Publish the key of this selector, or take it out of DKIM_SELECTORS."],
  "dkim-revoked": ["stop", "The key of this selector is revoked (p= is empty). Publish one."],
  "dkim-invalid": ["stop", "The key of this selector cannot be read. Publish it again."],
  "dkim-weak": ["stop", "Use an RSA key of at least 1024 bits: receivers ignore a shorter one."],
  "provider-unreachable": ["stop", "The mail relay does not answer. Look at SMTP_URL and TLS."],
  "provider-refuses": ["stop", "The mail relay refuses our log-in. Look at SMTP_URL."],
  "sms-unreachable": ["stop", "The SMS provider does not answer. Look at TWILIO_BASE_URL."],
  "sms-refuses": ["stop", "The SMS provider refuses our account, or it is not active."],
  "sms-missing": ["stop", "The plan has SMS and no provider is set up. Set TWILIO_… and restart."],
  "sms-text-missing": ["stop", "This language has no text for an SMS. Write one and submit again."],
  "language-unrenderable": ["stop", "The notice cannot be rendered. Edit it and submit it again."],
  "layout-changed": ["stop", "The mail layout changed since the approval. Submit it again."],
  "text-must-fix": ["stop", "The text has a problem that must be fixed. Read the preview."],
  "link-host": ["stop", "It may link to a host that LINK_HOSTS and PUBLIC_URL no longer name."],
  "too-slow": ["stop", "At the rate known it ends after the deadline. Raise the rate, or extend."],
  "too-late": ["stop", "The deadline is over before sending may begin."],
  "rate-unknown": ["warn", "No rate is known: nothing was sent lately, and no *_RATE_MAX is set."],
} as const satisfies Record<string, readonly [Finding["severity"], string]>;

export type FindingCode = keyof typeof CATALOGUE;
export const FINDING_CODES = z.enum(Object.keys(CATALOGUE).filter(isCode));

function isCode(name: string): name is FindingCode {
  return name in CATALOGUE;
}

/** One finding, about one setting, record or language. */
export function finding(code: FindingCode, field: string): Finding {
  const [severity, message] = CATALOGUE[code];
  return { code, severity, field, message };
}

/** What still stops a wave once somebody has accepted these codes. */
export function notAccepted(
  findings: readonly Finding[],
  accepted: readonly string[],
): readonly Finding[] {
  return findings.filter(({ severity, code }) => severity === "stop" && !accepted.includes(code));
}
