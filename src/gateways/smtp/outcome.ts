import type { Outcome } from "../../domain/delivery.ts";

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
}

/** Nothing of the body had been written, so every answer is safe to act on. */
export function outcomeBefore(given: Fault): Outcome {
  const { code, command, reply, retryAfterMs, enhanced } = given;
  const said = String(reply ?? code);
  if (reply === undefined) {
    if (code === "EENVELOPE") return { kind: "rejected", fault: "recipient", code: said };
    const ours = code === "EAUTH" || code === "ETLS" || TLS_FAULT.test(code);
    return ours
      ? { kind: "rejected", fault: "configuration", code: said }
      : { kind: "transient", code: said };
  }
  if (reply < 500) {
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    return THROTTLED.has(reply)
      ? { kind: "throttled", code: said, ...asked, ...scopeOf(command, reply) }
      : { kind: "transient", code: said, ...asked };
  }
  if (NOT_LET_IN.has(reply)) return { kind: "rejected", fault: "configuration", code: said };
  const fault = FAULT_OF_COMMAND[command] ?? "configuration";
  // Whether nobody is there, or only this message is not wanted, stands in the enhanced code alone.
  const about = fault === "recipient" && enhanced !== undefined ? `${said} ${enhanced}` : said;
  return { kind: "rejected", fault, code: about };
}

/** The enhanced status code that a reply's text begins with, of a refusal for good. */
export function enhancedIn(text: string): string | undefined {
  return /^(?:5\d\d[ -])?(5\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
}

/** The body was begun: only the server's own reply to it is an answer. */
export function outcomeAfter({ code, command, reply, retryAfterMs }: Fault): Outcome {
  if (command !== "DATA" || reply === undefined) return { kind: "unknown", code };
  const said = String(reply);
  return reply >= 500
    ? { kind: "rejected", fault: "content", code: said }
    : { kind: "transient", code: said, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** Whether it is about all we send, as a 421 always is, or about one sender, or one recipient. */
function scopeOf(command: string, reply: number): { scope?: "provider" | "sender" } {
  if (reply === 421) return { scope: "provider" };
  if (command === "MAIL FROM") return { scope: "sender" };
  return command === "RCPT TO" || command === "DATA" ? {} : { scope: "provider" };
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
    retryAfterMs: typeof response === "string" ? retryAfterMs(response) : undefined,
    enhanced: typeof response === "string" ? enhancedIn(response) : undefined,
  };
}

const THROTTLED = new Set([421, 450, 451, 452]);
/** Authentication required, and authentication failed (RFC 4954). */
const NOT_LET_IN = new Set([530, 535]);
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
