import type { Context } from "../../context.ts";
import { render } from "../../domain/notice/render.ts";
import type { Rendered } from "../../domain/notice/render.ts";
import * as notices from "../../store/notice.ts";
import { compiledVersion, held } from "./compiled.ts";
import type { NoticePath } from "./draft.ts";
import { INVENTED } from "./invented.ts";
import type { InventedPerson } from "./invented.ts";

export interface Preview extends Rendered {
  /** For whose places; null is for everybody else. */
  readonly variant: string | null;
  readonly person: InventedPerson["id"];
}

/** A version as each invented person would get it, in each of its variants and languages. */
export async function preview(
  ctx: Context,
  { incidentId, noticeId }: NoticePath,
  number?: number,
): Promise<Preview[]> {
  const notice = await notices.find(ctx.sql, incidentId, noticeId);
  const { id } = await notices.version(ctx.sql, noticeId, number ?? notice.number);
  const { texts } = await compiledVersion(ctx, id);
  return texts.variants.flatMap((notice) =>
    [...notice.languages.keys()].flatMap((language) =>
      INVENTED.map((person) => ({
        variant: notice.variant,
        person: person.id,
        ...held(() => render(notice, language, person)),
      })),
    ),
  );
}
