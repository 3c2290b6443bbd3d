import type { Outcome } from "../../domain/delivery.ts";
import type { Reply } from "./reply.ts";

/** Why a message or a connection failed, without any text of the server. */
export interface Fault {
  /** Ours or the system's, such as ECONNREFUSED. */
  readonly code: string;
  /** The command that a reply answered. */
  readonly command: string;
  readonly reply?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The enhanced status code of a refusal (RFC 2034), such as 5.1.1. */
  readonly enhanced?: string | undefined;
  /** Whether the text speaks of relaying, or of us as client or sender, not of a recipient. */
  readonly ofUs?: boolean;
}

/** Nothing of the body had been written, so every answer is safe to act on. */
export function outcomeBefore(given: Fault): Outcome {
  const { code, command, reply, enhanced } = given;
  const said = String(reply ?? code);
  if (reply === undefined) {
    if (code === "EENVELOPE") return { kind: "rejected", fault: "recipient", code: said };
    const ours = code === "EAUTH" || code === "ETLS" || TLS_FAULT.test(code);
    return ours
      ? { kind: "rejected", fault: "configuration", code: said }
      : { kind: "transient", code: said };
  }
  if (reply < 500) return putOff(given, reply);
  if (isAboutUs(given, reply)) return { kind: "rejected", fault: "configuration", code: said };
  const fault = FAULT_OF_COMMAND[command] ?? "configuration";
  // Whether nobody is there, or only this message is not wanted, stands in the enhanced code alone.
  const about = fault === "recipient" && enhanced !== undefined ? `${said} ${enhanced}` : said;
  return { kind: "rejected", fault, code: about };
}

/** The enhanced status code that a reply's text begins with, of a refusal for good. */
function enhancedIn(text: string): string | undefined {
  return /^(?:5\d\d[ -])?(5\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
}

/** The body was begun: only the server's own reply to it is an answer. */
export function outcomeAfter(given: Fault): Outcome {
  const { code, command, reply } = given;
  if (command !== "DATA" || reply === undefined) return { kind: "unknown", code };
  if (reply >= 500) return { kind: "rejected", fault: "content", code: String(reply) };
  return OUR_PACE.has(reply)
    ? putOff(given, reply)
    : { kind: "transient", ...askedBy(given, reply) };
}

/** A refusal for now, and whether it is about all we send, one sender, or one recipient. */
function putOff(given: Fault, reply: number): Outcome {
  const asked = askedBy(given, reply);
  const { command } = given;
  // The others answer a sign-in or STARTTLS as well (RFC 4954, RFC 3207): no word of our pace.
  const ofPace = reply === 421 || !/^(AUTH|STARTTLS)/.test(command);
  if (ofPace && OUR_PACE.has(reply)) return { kind: "throttled", ...asked, scope: "provider" };
  if (!BUSY.has(reply)) return { kind: "transient", ...asked };
  if (command === "MAIL FROM") return { kind: "throttled", ...asked, scope: "sender" };
  const personal = command === "RCPT TO" || command === "DATA";
  return { kind: "throttled", ...asked, ...(!personal && { scope: "provider" }) };
}

function askedBy({ retryAfterMs }: Fault, reply: number) {
  return { code: String(reply), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * Whether a refusal for good would meet every message of ours. A 5.7.1 at RCPT may be one person's
 * own rule; only where its text says so it is about us. Postfix tells us there, too, what it has
 * against a client or a sender.
 */
function isAboutUs({ command, enhanced, ofUs = false }: Fault, reply: number): boolean {
  if (NOT_LET_IN.has(reply) || OURS.has(enhanced ?? "")) return true;
  if (command !== "RCPT TO") return false;
  if (OUT_OF_STEP.has(reply)) return true;
  const open = enhanced === undefined || enhanced.startsWith("5.7.");
  return open && (ofUs || (enhanced === undefined && reply === 504));
}

/**
 * The pause a server asks for in words, "try again in 5 minutes", in milliseconds; at most six
 * hours. Where there are several times the one after "in", "after", "for" or "wait" is meant.
 */
export function retryAfterMs(text: string): number | undefined {
  const [, count, unit = ""] = ASKED.exec(text) ?? NAMED.exec(text) ?? [];
  if (count === undefined) return undefined;
  const seconds = Number(count) * (UNIT_SECONDS[unit.slice(0, 1).toLowerCase()] ?? 1);
  return seconds === 0 ? undefined : Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS);
}

/** What a nodemailer error says. */
export function faultOf(error: unknown): Fault {
  const found: Record<string, unknown> =
    typeof error === "object" && error !== null ? { ...error } : {};
  const cause = found["originalCode"] ?? found["code"];
  const { responseCode: reply, command, response } = found;
  return {
    code: typeof cause === "string" ? cause : "error",
    command: typeof command === "string" ? command : "",
    reply: typeof reply === "number" ? reply : undefined,
    ...(typeof response === "string" && readText(response)),
  };
}

/** What a reply to a command says. */
export function faultOfReply({ code, text }: Reply, command: string): Fault {
  return { code: String(code), command, reply: code, ...readText(text) };
}

/** What a reply's text tells; none of it is kept. */
function readText(text: string): Pick<Fault, "retryAfterMs" | "enhanced" | "ofUs"> {
  return {
    retryAfterMs: retryAfterMs(text),
    enhanced: enhancedIn(text),
    ofUs: OF_US.test(text),
  };
}

/**
 * About all we send: the server is about to close, too many connections (Exchange), too many
 * messages a second (Amazon SES).
 */
const OUR_PACE = new Set([421, 432, 454]);
/** About one sender or one recipient, by the command that it answers. */
const BUSY = new Set([450, 451, 452]);
/** Authentication required, and authentication failed (RFC 4954). */
const NOT_LET_IN = new Set([530, 535]);
/** A command that was not understood, or not at its turn. */
const OUT_OF_STEP = new Set([500, 502, 503]);
/** Our day's share is used up (Gmail); who we are may not send here (Exchange). */
const OURS = new Set(["5.4.5", "5.7.57", "5.7.60", "5.7.61", "5.7.62", "5.7.63", "5.7.64"]);
/** Not as part of an address or of a host's name. */
const OF_US =
  /(?<![\w.@-])(?:relay|relaying|relayed|rcpthosts|client host|sender address rejected)(?![\w@-]|\.\w)/i;
const TLS_FAULT = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|INVALID_CA)/;
/** Whose fault a 5xx is, by the command it answers; anything earlier is ours. */
const FAULT_OF_COMMAND: Record<string, "recipient" | "content"> = {
  "RCPT TO": "recipient",
  DATA: "content",
};
const UNITS = String.raw`(\d{1,6}) ?(s|secs?|seconds?|mins?|minutes?|hours?)\b`;
const NAMED = new RegExp(String.raw`\b${UNITS}`, "i");
const ASKED = new RegExp(String.raw`\b(?:in|after|for|wait) (?:about |at least )?${UNITS}`, "i");
const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600 };
const RETRY_AFTER_MAX_MS = 6 * 3_600_000;
