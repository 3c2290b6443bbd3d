import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import type { Sql } from "../../store/db.ts";
import * as members from "../../store/staff/member.ts";

/** The address of a person on staff; nothing where there is no such person, or they have left. */
export async function addressOf(
  ctx: Context,
  sql: Sql,
  staffId: string,
): Promise<string | undefined> {
  const sealed = await members.sealedEmail(sql, staffId);
  if (!sealed) return undefined;
  const keys = await ctx.vault.keys(ORGANISATION);
  return Sealed.parse(keys.open("staff", staffId, sealed)).email;
}

const Sealed = z.object({ email: z.email() });
