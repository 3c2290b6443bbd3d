import { quotedReference } from "../delivery/reference.ts";
import { eventIdOf, mailReceipt } from "../receipt.ts";
import type { Receipt, ReceiptStatus } from "../receipt.ts";
import { enhancedCode, failureOf } from "./bounce.ts";

/** The parts of a mail that matter in a report, decoded; nothing of its own text. */
export interface ReportParts {
  /** Of a delivery status notification (RFC 3464). */
  readonly deliveryStatus: string | undefined;
  /** Of a complaint (RFC 5965). */
  readonly feedbackReport: string | undefined;
  /** The message it is about, or its headers. */
  readonly returned: string | undefined;
}

/** Why a mail says nothing that we can use. */
export type Unreadable = "not-a-report" | "no-reference" | "no-action" | "not-abuse";

/**
 * A mail server's report as a receipt, or why it is none. It proves nothing of where it comes
 * from: anybody can write one. What counts is whether the reference that it quotes is one that we
 * made, which only a reader of our message knows; whoever applies it checks that.
 */
export function dsnReceipt(parts: ReportParts): Receipt | Unreadable {
  const { deliveryStatus, feedbackReport, returned } = parts;
  if (deliveryStatus === undefined && feedbackReport === undefined) return "not-a-report";
  const messageRef = referenceIn(returned, deliveryStatus);
  if (messageRef === undefined) return "no-reference";
  const said =
    deliveryStatus === undefined ? complaintOf(feedbackReport) : statusOf(deliveryStatus);
  if (typeof said === "string") return said;
  const eventId = eventIdOf(messageRef, said.status, said.code);
  return mailReceipt({ provider: "dsn", eventId, messageRef, reference: null, ...said });
}

/** One message goes to one person, so the first recipient that has an action is theirs. */
function statusOf(report: string): Pick<Receipt, "status" | "code"> | Unreadable {
  for (const block of blocksOf(report)) {
    const action = block.get("action")?.toLowerCase() ?? "";
    if (action === "") continue;
    const code = enhancedCode(block.get("status"));
    if (action === "failed") return { status: failureOf(code), code };
    const status = ACTIONS.get(action);
    return status ? { status, code } : "no-action";
  }
  return "no-action";
}

function complaintOf(report = ""): Pick<Receipt, "status" | "code"> | Unreadable {
  const [block] = blocksOf(report);
  const kind = block?.get("feedback-type")?.toLowerCase() ?? "";
  return COMPLAINTS.has(kind) ? { status: "complained", code: null } : "not-abuse";
}

/** The Message-ID of what came back, or the envelope's own name where it carried ours. */
function referenceIn(returned = "", deliveryStatus = ""): string | undefined {
  const [headers] = blocksOf(returned);
  const [perMessage] = blocksOf(deliveryStatus);
  const envelope = perMessage?.get("original-envelope-id") ?? "";
  return (
    quotedReference(headers?.get("message-id") ?? "") ??
    quotedReference(perMessage?.get("original-message-id") ?? "") ??
    (/^[0-9a-f]{32}$/.test(envelope) ? envelope : undefined)
  );
}

/** Groups of header fields with an empty line between them; the first of a name counts. */
function blocksOf(text: string): Map<string, string>[] {
  const blocks: Map<string, string>[] = [];
  const unfolded = text
    .slice(0, TEXT_MAX)
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/\n[ \t]+/g, " ");
  for (const lines of unfolded.trim().split(/\n\n+/, BLOCKS_MAX)) {
    const fields = new Map<string, string>();
    for (const line of lines.split("\n")) {
      const at = line.indexOf(":");
      const name = line.slice(0, at).trim().toLowerCase();
      if (at > 0 && !fields.has(name)) fields.set(name, line.slice(at + 1).trim());
    }
    blocks.push(fields);
  }
  return blocks;
}

const ACTIONS = new Map<string, ReceiptStatus>([
  ["delivered", "delivered"],
  ["relayed", "sent"],
  ["expanded", "sent"],
  ["delayed", "queued"],
]);
const COMPLAINTS: ReadonlySet<string> = new Set(["abuse", "fraud"]);
const TEXT_MAX = 65_536;
const BLOCKS_MAX = 20;
