import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Context, ProviderCheck } from "../../context.ts";
import type { Submission } from "../../domain/approval.ts";
import { domainOfAddress, knownRate, paceFindings } from "../../domain/wave/preflight.ts";
import { Finding, finding, notAccepted } from "../../domain/wave/finding.ts";
import type { FindingCode } from "../../domain/wave/finding.ts";
import { refuse } from "../../domain/refusal.ts";
import * as approvals from "../../store/approval.ts";
import * as notices from "../../store/notice.ts";
import { measuredRate } from "../../store/wave/rate.ts";
import { senderFindings } from "./sender.ts";
import type { SenderSeen } from "./sender.ts";
import { wordingFindings } from "./wording.ts";

/** What would keep a wave from going out well, as things are now. No personal data. */
export const Preflight = z.object({
  findings: z.array(Finding),
  /** What the sender's domain asks of receivers (DMARC); null where it asks nothing readable. */
  dmarcPolicy: z.enum(["none", "quarantine", "reject"]).nullable(),
  /** DNS look-ups that the SPF record costs a receiver, of 10 that it makes. */
  spfLookups: z.int().nullable(),
  /** Messages a second by channel, as measured lately or as set; null where none is known. */
  ratePerSecond: z.object({ email: z.number().nullable(), sms: z.number().nullable() }),
});
export type Preflight = z.output<typeof Preflight>;

export interface PreflightOf {
  readonly incidentId: string;
  readonly submissionId: string;
}

/** What somebody knows to be wrong and starts all the same, and why. */
export interface Acceptance {
  readonly acceptFindings?: readonly FindingCode[] | undefined;
  readonly reason?: string | undefined;
}

/**
 * Look at everything that a wave will need, before it is started: the sender's domain in DNS, the
 * providers' doors, each language on each channel, the hosts of links, the time. Asks each of them
 * now, and takes at most ten seconds. Refuses `not-found`.
 */
export async function preflight(ctx: Context, given: PreflightOf): Promise<Preflight> {
  const submission = await approvals.find(ctx.sql, given.incidentId, given.submissionId);
  const { plan, audienceId, noticeId, noticeVersionId } = submission;
  const notice = await notices.find(ctx.sql, given.incidentId, noticeId);
  const { submissionId } = given;
  const query = { audienceId, ...plan, noticeClass: notice.class, submissionId };
  const messages = approvals.reach(ctx.sql, query).then(messagesOf);
  const { channels } = plan;
  const [sender, providers, wording, paces] = await Promise.all([
    channels.includes("email") ? seeSender(ctx, noticeVersionId, messages) : NO_MAIL,
    providerFindings(ctx, channels),
    wordingFindings(ctx, {
      incidentId: given.incidentId,
      noticeVersionId,
      kind: notice.kind,
      channels,
    }),
    seePaces(ctx, submission, messages),
    messages,
  ]);
  return {
    findings: [...sender.findings, ...providers, ...wording, ...paces.findings],
    dmarcPolicy: sender.policy,
    spfLookups: sender.spfLookups,
    ratePerSecond: paces.ratePerSecond,
  };
}

/**
 * Refuse `preflight-failed` where something would keep a wave from going out well, unless the
 * caller accepts that by its code. Answers the accepted codes that were indeed found.
 */
export async function requireReady(
  ctx: Context,
  given: PreflightOf & Acceptance,
): Promise<string[]> {
  const { acceptFindings: accepted = [] } = given;
  const { findings } = await preflight(ctx, given);
  const left = notAccepted(findings, accepted);
  if (left.length > 0)
    refuse(
      "preflight-failed",
      "Something would keep these messages from arriving. Put it right, or accept it by its code.",
      left.map(({ code, field, message }) => ({ code, field, message })),
    );
  const stops = findings.filter(({ severity }) => severity === "stop").map(({ code }) => code);
  return [...new Set(stops)];
}

/** How many people are written to by each channel at first. */
interface Messages {
  readonly email: number;
  readonly sms: number;
}

function messagesOf(reach: readonly approvals.Reach[]): Messages {
  return {
    email: reach.reduce((sum, { email }) => sum + email, 0),
    sms: reach.reduce((sum, { sms }) => sum + sms, 0),
  };
}

async function seeSender(
  ctx: Context,
  noticeVersionId: string,
  counted: Promise<Messages>,
): Promise<SenderSeen> {
  const { from } = (await notices.versionById(ctx.sql, noticeVersionId)).sender;
  const selectors = ctx.config.DKIM_SELECTORS;
  const { email: messages } = await counted;
  const seen = senderFindings(ctx.dns, { from, envelope: from, selectors, messages });
  const late = { ...NO_MAIL, findings: [finding("dns-unreachable", domainOfAddress(from))] };
  return inTime(seen, late);
}

async function providerFindings(
  { email, sms }: Context,
  channels: Submission["plan"]["channels"],
): Promise<Finding[]> {
  const bySms = channels.includes("sms");
  const [relays, account] = await Promise.all([
    channels.includes("email") && email.check ? inTime(email.check(), NO_RELAY) : [],
    bySms && sms?.check ? inTime(sms.check(), NO_ACCOUNT) : undefined,
  ]);
  // One relay that works is enough: the others' messages go to it.
  const usable = relays.some(({ answer }) => answer === "lets-in");
  return [
    ...relays.flatMap(({ name, answer }) =>
      answer === "lets-in" ? [] : [{ ...finding(`provider-${answer}`, name), ...(usable && WARN) }],
    ),
    ...(bySms && !sms ? [finding("sms-missing", "TWILIO_ACCOUNT_SID")] : []),
    ...(account && account.answer !== "lets-in"
      ? [finding(`sms-${account.answer}`, account.name)]
      : []),
  ];
}

async function seePaces(
  { sql, config, now }: Context,
  { sendWindow, deadline }: Submission,
  counted: Promise<Messages>,
): Promise<Pick<Preflight, "findings" | "ratePerSecond">> {
  const [email, sms] = await Promise.all([measuredRate(sql, "email"), measuredRate(sql, "sms")]);
  const messages = await counted;
  const ratePerSecond = {
    email: knownRate(email, config.EMAIL_RATE_MAX),
    sms: knownRate(sms, config.SMS_RATE_MAX),
  };
  const from = new Date(Math.max(now().getTime(), sendWindow?.notBefore?.getTime() ?? 0));
  const ends = [sendWindow?.notAfter, deadline].filter((each) => each instanceof Date);
  const until = ends.length === 0 ? null : new Date(Math.min(...ends.map(Number)));
  const findings = (["email", "sms"] as const).flatMap((channel) =>
    paceFindings({
      channel,
      messages: messages[channel],
      perSecond: ratePerSecond[channel],
      from,
      until,
    }),
  );
  return { findings, ratePerSecond };
}

/** What a check says, or `late` where it takes too long to. */
async function inTime<T>(check: Promise<T>, late: T): Promise<T> {
  const timer = new AbortController();
  try {
    const { signal } = timer;
    return await Promise.race([check, sleep(PATIENCE_MS, late, { signal, ref: false })]);
  } finally {
    timer.abort();
  }
}

const NO_MAIL: SenderSeen = { findings: [], policy: null, spfLookups: null };
const NO_RELAY: ProviderCheck[] = [{ name: "SMTP_URL", answer: "unreachable" }];
const NO_ACCOUNT: ProviderCheck = { name: "TWILIO_ACCOUNT_SID", answer: "unreachable" };
const WARN = { severity: "warn" } as const;
const PATIENCE_MS = 9_000;
