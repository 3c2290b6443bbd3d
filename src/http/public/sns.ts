import { X509Certificate, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { z } from "zod";

/** What is used of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface SnsParts {
  /** ARNs of the topics that we listen to. */
  readonly topics: readonly string[];
  readonly fetchFrom: Fetch;
  readonly now: () => Date;
}

export interface Sns {
  /** What a body says: a message, what became of our subscription, or nothing we believe. */
  read(body: Buffer): Promise<SnsMessage | "confirmed" | "unsubscribed" | "later" | "refused">;
}

export interface SnsMessage {
  readonly id: string;
  /** The JSON inside. */
  readonly content: unknown;
}

/**
 * Amazon SNS over HTTP
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html). A message counts
 * if it is of a topic of ours, at most a day old, and signed (version 1 or 2) by a certificate
 * that Amazon's own host in the topic's region serves. No other address is ever called: that of the
 * certificate must have Amazon's one form, and that which confirms a subscription is made here.
 */
export function createSns({ topics, fetchFrom, now }: SnsParts): Sns {
  const certificates = new Map<string, Promise<X509Certificate | undefined>>();
  let fetches: number[] = [];

  /** Kept by its address; a forger who names new ones makes us ask Amazon no more than this. */
  function certificateAt(url: string): Promise<X509Certificate | undefined> {
    const known = certificates.get(url);
    if (known) return known;
    const at = now().getTime();
    fetches = fetches.filter((each) => at - each < MINUTE_MS);
    if (fetches.length >= FETCHES_A_MINUTE) return Promise.resolve(undefined);
    fetches.push(at);
    if (certificates.size >= CERTIFICATES_MAX) certificates.clear();
    const asked = readCertificate(fetchFrom, url);
    certificates.set(url, asked);
    void asked.then((found) => found ?? certificates.delete(url));
    return asked;
  }

  async function isSigned(envelope: Envelope): Promise<boolean | "later"> {
    const certificate = await certificateAt(envelope.SigningCertURL);
    if (!certificate) return "later";
    const at = now();
    if (at < new Date(certificate.validFrom) || at > new Date(certificate.validTo)) return false;
    const hash = envelope.SignatureVersion === "2" ? "sha256" : "sha1";
    return verify(hash, signedText(envelope), rsaOf(certificate), signatureOf(envelope));
  }

  return {
    async read(body) {
      const envelope = parse(body);
      if (!envelope || !topics.includes(envelope.TopicArn)) return "refused";
      const age = Math.abs(now().getTime() - Date.parse(envelope.Timestamp));
      if (!(age <= AGE_MS_MAX) || !isAmazons(envelope)) return "refused";
      const signed = await isSigned(envelope).catch(() => false);
      if (signed === "later") return "later";
      if (!signed) return "refused";
      if (envelope.Type === "Notification")
        return { id: envelope.MessageId, content: jsonOf(envelope.Message) };
      if (envelope.Type === "UnsubscribeConfirmation") return "unsubscribed";
      return (await confirm(fetchFrom, envelope)) ? "confirmed" : "later";
    },
  };
}

/** Whether the certificate's address is one that Amazon gives out, in the region of the topic. */
function isAmazons({ SigningCertURL, TopicArn }: Envelope): boolean {
  const region = TopicArn.split(":")[3] ?? "";
  const found = CERTIFICATE_URL.exec(SigningCertURL);
  return found !== null && found[1] === region && hostOf(TopicArn) === `sns.${region}${found[2]}`;
}

function hostOf(topicArn: string): string {
  const [, partition, , region] = topicArn.split(":");
  return `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}

async function readCertificate(fetchFrom: Fetch, url: string) {
  const text = await getText(fetchFrom, url);
  try {
    return text === undefined ? undefined : new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** The address is made of what was signed: a topic of ours, and its token. */
async function confirm(fetchFrom: Fetch, { TopicArn, Token = "" }: Envelope): Promise<boolean> {
  const query = new URLSearchParams({ Action: "ConfirmSubscription", TopicArn, Token });
  const answer = await getText(fetchFrom, `https://${hostOf(TopicArn)}/?${query.toString()}`);
  return answer !== undefined;
}

/** A small answer to a GET; nothing where there is none. */
async function getText(fetchFrom: Fetch, url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetchFrom(url, { redirect: "error", signal });
    const text = response.ok ? await response.text() : "";
    return text === "" || text.length > ANSWER_MAX ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The fields that are signed, in Amazon's order, each as a line with its name before it. */
function signedText(envelope: Envelope): Buffer {
  const names = envelope.Type === "Notification" ? OF_NOTIFICATION : OF_CONFIRMATION;
  const lines = names.flatMap((name) => {
    const value = envelope[name];
    return value === undefined ? [] : [`${name}\n${value}\n`];
  });
  return Buffer.from(lines.join(""));
}

function signatureOf({ Signature }: Envelope): Buffer {
  return Buffer.from(Signature, "base64");
}

function rsaOf(certificate: X509Certificate): KeyObject {
  const key = certificate.publicKey;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== "rsa" || bits < RSA_BITS_MIN) throw new TypeError("No RSA key.");
  return key;
}

function parse(body: Buffer): Envelope | undefined {
  const parsed = Envelope.safeParse(jsonOf(body.toString("utf8")));
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const Envelope = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().regex(/^[\w-]{1,100}$/),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.iso.datetime(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.base64().max(2_000),
  SigningCertURL: z.string().max(300),
  Subject: z.string().optional(),
  SubscribeURL: z.string().optional(),
  Token: z
    .string()
    .regex(/^[\w-]{1,2000}$/)
    .optional(),
});
type Envelope = z.output<typeof Envelope>;

const OF_NOTIFICATION = [
  "Message",
  "MessageId",
  "Subject",
  "Timestamp",
  "TopicArn",
  "Type",
] as const;
const OF_CONFIRMATION = [
  "Message",
  "MessageId",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
] as const;
const CERTIFICATE_URL =
  /^https:\/\/sns\.([a-z0-9-]{3,30})(\.amazonaws\.com(?:\.cn)?)\/SimpleNotificationService-[0-9a-f]{32}\.pem$/;
/** Amazon tries again for hours after an outage of ours. An older copy of the same is known by its id. */
const AGE_MS_MAX = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const PATIENCE_MS = 5_000;
const FETCHES_A_MINUTE = 10;
const CERTIFICATES_MAX = 20;
const ANSWER_MAX = 16_384;
const RSA_BITS_MIN = 2_048;
