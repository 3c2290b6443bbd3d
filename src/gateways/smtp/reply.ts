/** One whole reply of a server: its three digits, and its text for what a time may be read from. */
export interface Reply {
  readonly code: number;
  readonly text: string;
}

export interface Read {
  readonly replies: readonly Reply[];
  /** What came after these is no SMTP: nothing that follows on this connection can be trusted. */
  readonly garbage: boolean;
}

export interface Replies {
  read(chunk: Buffer): Read;
  /** Whether the beginning of another reply has been read. */
  pending(): boolean;
}

/**
 * Puts together replies that come in any pieces (RFC 5321 4.2): lines of three digits, the same
 * in every line of one reply, with a hyphen in all but the last. Anything else is garbage, and
 * so is a line or a reply that does not end. A line may end without its CR, as some do.
 */
export function createReplies(): Replies {
  let rest = "";
  let begun: { readonly code: number; text: string } | undefined;

  /** One line; answers the reply that it ends, or whether it was garbage. */
  function add(line: string): Reply | "more" | "garbage" {
    const [, digits, mark = "", text = ""] = LINE.exec(line) ?? [];
    const code = Number(digits);
    if (digits === undefined || (begun && begun.code !== code)) return "garbage";
    const reply = { code, text: begun ? `${begun.text} ${text}` : text };
    if (reply.text.length > REPLY_MAX) return "garbage";
    begun = mark === "-" ? reply : undefined;
    return begun ? "more" : reply;
  }

  return {
    read(chunk) {
      const replies: Reply[] = [];
      const input = rest + chunk.toString("latin1");
      let from = 0;
      for (let end = input.indexOf("\n"); end >= 0; end = input.indexOf("\n", from)) {
        const line = input.slice(from, input[end - 1] === "\r" && end > from ? end - 1 : end);
        from = end + 1;
        const added = line.length > LINE_MAX ? "garbage" : add(line);
        if (added === "garbage") return { replies, garbage: true };
        if (added !== "more") replies.push(added);
      }
      rest = input.slice(from);
      return { replies, garbage: rest.length > LINE_MAX };
    },
    pending: () => begun !== undefined || rest !== "",
  };
}

/** Replies begin with 2 to 5 (RFC 5321 4.2.1); 1 was never used in SMTP. */
const LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/;
/** RFC 5321 4.5.3.1.5 allows 512; some servers say more. */
const LINE_MAX = 2_048;
const REPLY_MAX = 16_384;
