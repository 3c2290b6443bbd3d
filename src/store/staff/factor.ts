import { SecondFactor } from "../../domain/staff.ts";
import { one } from "../db.ts";
import type { Sql } from "../db.ts";

/** Lock a person's authenticator, so that guesses are counted one at a time. */
export function lock(tx: Sql, staffId: string): Promise<SecondFactor> {
  return one(
    SecondFactor,
    tx`
      select totp_sealed as sealed, totp_confirmed_at as confirmed_at, totp_last_step as last_step,
             totp_failures as failures, totp_locked_until as locked_until
        from staff where id = ${staffId} for update`,
  );
}

/**
 * Spend a step, and confirm the authenticator on its first good code. The step only ever
 * moves forward: false means another request spent this one first.
 */
export async function spend(
  tx: Sql,
  staffId: string,
  step: number,
  confirmedAt: Date | null,
): Promise<boolean> {
  const rows = await tx`
    update staff
       set totp_last_step = ${step}, totp_failures = 0, totp_locked_until = null,
           totp_confirmed_at = ${confirmedAt}
     where id = ${staffId} and totp_last_step < ${step}
    returning id`;
  return rows.length === 1;
}

/** Count a wrong code, and lock the authenticator where that was one too many. */
export async function miss(tx: Sql, staffId: string, factor: SecondFactor): Promise<void> {
  await tx`
    update staff
       set totp_failures = ${factor.failures}, totp_locked_until = ${factor.lockedUntil}
     where id = ${staffId}`;
}

/** Start again with a new secret that its owner has yet to confirm. */
export async function enrol(tx: Sql, staffId: string, sealed: Buffer): Promise<void> {
  await tx`
    update staff
       set totp_sealed = ${sealed}, totp_confirmed_at = null, totp_last_step = 0,
           totp_failures = 0, totp_locked_until = null
     where id = ${staffId}`;
}
