import type { ErrorRequestHandler, Response } from "express";

import type { Context } from "../context.ts";
import { Refusal } from "../domain/refusal.ts";
import type { FieldProblem, RefusalCode } from "../domain/refusal.ts";

/** A problem as RFC 9457 writes it, with our stable `code` and the fields that need attention. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors: readonly FieldProblem[];
  readonly requestId: string;
}

/**
 * A refusal is answered with its code and sentence. Trouble reaching PostgreSQL is a 503 to
 * try again; everything else is logged and kept to ourselves, because messages quote values.
 * `page` may answer a person in its place.
 */
export function problems(log: Context["log"], page: Page = () => false): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    const requestId = String(res.locals["requestId"]);
    const refusal = refusalFrom(error);
    if (refusal === undefined) log.error({ err: error, requestId }, "a request failed");
    else if (refusal !== error) log.warn({ err: error, requestId }, "a request was turned away");
    // Part of a file is on its way: the client must see that it broke off.
    if (res.headersSent) return void res.destroy();
    // What was being answered may have been for everyone to keep; this is not.
    res.set("Cache-Control", "no-store");
    const [status, title] = refusal ? ANSWERS[refusal.code] : [INTERNAL.status, INTERNAL.title];
    if (refusal) challenge(res, refusal.code);
    if (page(res, status)) return;
    if (refusal === undefined) return answer(res, INTERNAL);
    const { code, message: detail, fields: errors } = refusal;
    return answer(res, { status, title, code, detail, errors });
  };
}

/** Shows a page for a status; false where the client should read the problem itself. */
type Page = (res: Response, status: number) => boolean;

/** HTTP status and title of each refusal. The compiler insists on every code. */
export const ANSWERS = {
  "invalid-input": [422, "Some fields need attention"],
  "malformed-body": [400, "The body is not readable"],
  "body-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body has the wrong media type"],
  "not-signed-in": [401, "A valid token is needed"],
  "second-factor-needed": [401, "A code from your authenticator is needed"],
  "second-factor-wrong": [401, "The code was not accepted"],
  "not-allowed": [403, "Your role does not allow this"],
  "four-eyes": [403, "A second person must do this"],
  "not-found": [404, "There is no such thing"],
  "wrong-state": [409, "This is not possible in the current state"],
  "stale-version": [409, "Someone changed this in the meantime"],
  conflict: [409, "This conflicts with what is there"],
  "idempotency-key-reused": [422, "The Idempotency-Key belongs to another request"],
  "still-running": [409, "The first request has no answer yet"],
  "too-many-requests": [429, "Too many tries"],
  "audience-empty": [409, "The audience has no people"],
  "audience-frozen": [409, "The audience is frozen"],
  "file-unreadable": [422, "The file is not readable"],
  "template-refused": [422, "The text has parts that are not allowed"],
  "approval-missing": [409, "An approval is missing"],
  "facts-changed": [409, "The facts changed since this was approved"],
  "preflight-failed": [409, "A check before sending failed"],
  unavailable: [503, "Candor cannot answer right now"],
} as const satisfies Record<RefusalCode, readonly [number, string]>;

function answer(res: Response, problem: Omit<Problem, "type" | "requestId">): void {
  const requestId = String(res.locals["requestId"]);
  const { status, title, detail, code, errors } = problem;
  const type = `urn:candor:problem:${code}`;
  const body: Problem = { type, title, status, detail, code, errors, requestId };
  res.status(status).type("application/problem+json").send(JSON.stringify(body));
}

/** What a client should do next, in headers. */
function challenge(res: Response, code: RefusalCode): void {
  if (code === "not-signed-in") res.set("WWW-Authenticate", 'Bearer realm="candor"');
  if (code === "second-factor-needed" || code === "second-factor-wrong")
    res.set("WWW-Authenticate", 'Bearer error="insufficient_user_authentication"');
  if (code === "unavailable" || code === "still-running") res.set("Retry-After", "5");
  if (code === "too-many-requests" && !res.hasHeader("Retry-After")) res.set("Retry-After", "60");
}

function refusalFrom(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error)) return undefined;
  if (error instanceof URIError) return new Refusal("not-found", "There is no such page.");
  const code = "code" in error ? String(error.code) : "";
  if (UNREACHABLE.test(code))
    return new Refusal("unavailable", "Part of Candor does not answer. Try again in a moment.");
  return undefined;
}

const INTERNAL = {
  status: 500,
  title: "Something went wrong here",
  detail: "This is our mistake, not yours. The request id helps to find it.",
  code: "internal",
  errors: [],
} as const;

/**
 * The database is away, restarting, full, or asks to try again: postgres.js and socket codes,
 * SQLSTATE classes 08 and 53, 57P01–57P03, 40001, 40P01, and 55P03 for a lock that others hold.
 */
const UNREACHABLE =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|ECONN(REFUSED|RESET)|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|08\w{3}|53\w{3}|57P0[123]|40001|40P01|55P03)$/;
