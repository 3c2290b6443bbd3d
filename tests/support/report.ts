/** Reports as mail servers write them, about a message to an invented person. */
export interface Dsn {
  /** Of the message that comes back, with its angle brackets. */
  readonly messageId: string;
  readonly action: string;
  readonly status: string;
  /** What comes back: its headers unless said. */
  readonly returned?: "text/rfc822-headers" | "message/rfc822";
  readonly envelope?: string;
  readonly base64?: boolean;
}

/** A delivery status notification (RFC 3464). */
export function dsnOf(dsn: Dsn): string {
  const { messageId, action, status, returned = "text/rfc822-headers", envelope } = dsn;
  const fields = [
    "Reporting-MTA: dns; mx.example.net",
    ...(envelope === undefined ? [] : [`Original-Envelope-Id: ${envelope}`]),
    "",
    "Final-Recipient: rfc822; person@example.com",
    `Action: ${action}`,
    `Status: ${status}`,
    "Diagnostic-Code: smtp; 550 <person@example.com>:",
    " user unknown",
    "",
  ];
  return report("delivery-status", [
    ["message/delivery-status", fields.join("\r\n"), dsn.base64 ?? false],
    [returned, sent(messageId, returned === "message/rfc822"), false],
  ]);
}

/** A complaint in the Abuse Reporting Format (RFC 5965). */
export function arfOf({ messageId, type }: { messageId: string; type: string }): string {
  const fields = [`Feedback-Type: ${type}`, "User-Agent: Example/1.0", "Version: 1", ""];
  return report("feedback-report", [
    ["message/feedback-report", fields.join("\r\n"), false],
    ["message/rfc822", sent(messageId, true), false],
  ]);
}

function report(type: string, parts: readonly (readonly [string, string, boolean])[]): string {
  const all = [["text/plain", "Your mail\r\nAction: delivered\r\n", false] as const, ...parts];
  const lines = [
    "From: MAILER-DAEMON@mx.example.net",
    "To: bounces@example.org",
    "Subject: Undelivered Mail Returned to Sender",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=${type}; boundary="=_b"`,
    "",
    ...all.flatMap(([mime, text, base64]) => [
      "--=_b",
      `Content-Type: ${mime}`,
      ...(base64 ? ["Content-Transfer-Encoding: base64"] : []),
      "",
      base64 ? Buffer.from(text).toString("base64") : text,
    ]),
    "--=_b--",
    "",
  ];
  return lines.join("\r\n");
}

function sent(messageId: string, whole: boolean): string {
  const headers = [
    "From: Example Organisation <notices@example.org>",
    "To: person@example.com",
    "Subject: Notice",
    `Message-ID:\r\n ${messageId}`,
    "",
  ];
  return [...headers, ...(whole ? ["What happened."] : []), ""].join("\r\n");
}
