import type { Context } from "../../context.ts";
import type { Plan } from "../../domain/approval.ts";
import { UNKNOWN_PLACE, limitsFor } from "../../domain/audience/permitted.ts";
import type { ChannelLimit } from "../../domain/audience/permitted.ts";
import type { PlaceCount } from "../../domain/audience/residents.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import type { Sql } from "../../store/db.ts";
import { owedToAudience } from "../notice/gate.ts";

/**
 * What the laws of people's places take from a plan, as they are assessed now, the scope's places
 * and the audience's: only what the plan would do and they forbid. Laws say how a first notice may go out; what follows it is free.
 */
export async function limitsOf(
  ctx: Context,
  sql: Sql,
  { incidentId, kind }: Pick<Notice, "incidentId" | "kind">,
  { places, plan }: { readonly places: readonly PlaceCount[]; readonly plan: Plan },
): Promise<ChannelLimit[]> {
  if (kind !== "initial" && kind !== "correction") return [];
  const { owed } = await owedToAudience(ctx, sql, incidentId, places);
  if (owed.length === 0) return [];
  const limits = limitsFor(
    places.map(({ place }) => place ?? UNKNOWN_PLACE),
    owed,
  );
  return limits.filter((limit) => narrows(limit, plan));
}

function narrows({ email, sms }: ChannelLimit, { channels, consent }: Plan): boolean {
  const lessMail = email === "never" || (email === "agreed" && consent !== "agreed");
  return (lessMail && channels.includes("email")) || (!sms && channels.includes("sms"));
}
