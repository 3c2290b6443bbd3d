/**
 * A refusal is the system saying "no" on purpose.
 *
 * It carries a stable `code` for machines, a sentence that is safe to show to
 * the person who asked, and one entry per field that needs attention. Anything
 * else that is thrown is a bug or an outage, and is never shown to anyone.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly fields: readonly FieldProblem[];

  constructor(code: RefusalCode, sentence: string, fields: readonly FieldProblem[] = []) {
    super(sentence);
    this.code = code;
    this.fields = fields;
  }
}

/** What is wrong with one field and what to do about it. Never quotes the value. */
export interface FieldProblem {
  /** Path of the field as the caller wrote it, such as `dataElements.0.state`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  /** One-based line of an uploaded file or a template, where there is one. */
  readonly line?: number;
}

/** Every refusal there is. `src/http/problem.ts` gives each its HTTP status. */
export type RefusalCode =
  | "invalid-input"
  | "malformed-body"
  | "body-too-large"
  | "unsupported-media-type"
  | "not-signed-in"
  | "second-factor-needed"
  | "second-factor-wrong"
  | "not-allowed"
  | "four-eyes"
  | "not-found"
  | "wrong-state"
  | "stale-version"
  | "conflict"
  | "idempotency-key-reused"
  | "still-running"
  | "too-many-requests"
  | "audience-empty"
  | "audience-frozen"
  | "file-unreadable"
  | "template-refused"
  | "approval-missing"
  | "facts-changed"
  | "preflight-failed"
  | "unavailable";

/** Say no. `fields` names what the caller should change. */
export function refuse(
  code: RefusalCode,
  sentence: string,
  fields?: readonly FieldProblem[],
): never {
  throw new Refusal(code, sentence, fields);
}

/**
 * Refuse `stale-version`, naming the current one, where the caller looked at an older version of
 * a thing: compare-and-set, so that two people never overwrite each other unseen.
 */
export function expectVersion(current: number, given: number, field = "version"): void {
  if (given === current) return;
  const message = `The current version is ${current}.`;
  refuse("stale-version", `Somebody changed this first. ${message} Look again, then retry.`, [
    { field, code: "stale", message },
  ]);
}
