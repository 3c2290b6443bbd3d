import { randomBytes } from "node:crypto";

/**
 * A secret of 32 random bytes in base64url behind a prefix that says what it is, so that
 * scanners find one that leaked: `cni_` an invitation, `cnt_` a token, `cnc_` the
 * address of a calendar.
 */
export function newSecret(prefix: "cni" | "cnt" | "cnc"): string {
  return `${prefix}_${randomBytes(32).toString("base64url")}`;
}
