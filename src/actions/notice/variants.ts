import { z } from "zod";

import type { Context } from "../../context.ts";
import { Notice, NoticeVersion } from "../../domain/notice/notice.ts";
import { proposeVariants } from "../../domain/notice/proposal.ts";
import { Variants, partsOf } from "../../domain/notice/split.ts";
import { expectVersion } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as notices from "../../store/notice.ts";
import * as scopes from "../../store/scope.ts";
import { edit } from "./draft.ts";
import type { NoticePath } from "./draft.ts";
import { owedToPeople } from "./gate.ts";
import { withStatements } from "./shipped.ts";

/** A notice with the variants it needs, and why it needs them. */
export const Divided = z.object({
  notice: Notice,
  number: NoticeVersion.shape.number,
  variants: Variants,
  /** The variants that were drafted now; none where the texts are enough. */
  added: z.array(z.string()),
  reasons: z.array(z.object({ places: z.array(z.string()), because: z.string() })),
});
export type Divided = z.output<typeof Divided>;

/**
 * Draft the variants that a notice lacks: one for each group of places whose laws the text for
 * everybody else cannot meet, in its languages, without what those laws forbid and with the
 * statements that they want and that need nobody's knowledge. A next version is made only where something was added. Refuses `stale-version` and `wrong-state`.
 */
export async function divide(
  ctx: Context,
  actor: Actor,
  path: NoticePath,
  version: number,
): Promise<Divided> {
  const notice = await notices.find(ctx.sql, path.incidentId, path.noticeId);
  expectVersion(notice.version, version);
  const old = await notices.version(ctx.sql, notice.id, notice.number);
  const owed = await owedToPeople(ctx, ctx.sql, path.incidentId);
  const { added, reasons, languages, variants } = proposeVariants(old, owed);
  const told = { variants, added: [...added], reasons: reasons.map(readable) };
  if (added.length === 0) return { notice, number: notice.number, ...told };
  const scope = await scopes.current(ctx.sql, path.incidentId);
  const whole = withStatements({ languages, variants }, { kind: notice.kind, owed, ...scope });
  const texts = Object.entries(languages).map(([key, source]) => {
    const isNew = added.includes(partsOf(key).variant ?? "");
    return [key, isNew ? (whole[key] ?? source) : source] as const;
  });
  // Compare-and-set: an edit in between is refused there.
  const given = { version, languages: Object.fromEntries(texts), variants };
  const next = await edit(ctx, actor, path, given);
  return { notice: next.notice, number: next.version.number, ...told };
}

function readable({ places, because }: { places: readonly string[]; because: string }) {
  return { places: [...new Set(places)], because };
}
