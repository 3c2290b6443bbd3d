import type { Context } from "../../context.ts";
import type { PageLanguage } from "../../domain/language.ts";
import { publicFacts } from "../../domain/publication.ts";
import { refuse } from "../../domain/refusal.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/publication.ts";
import * as scopes from "../../store/scope.ts";
import { renderPage } from "./page.ts";
import { doorPlace } from "./place.ts";

/**
 * The page as it would be if a draft were published now, on the facts as they are now; without a
 * draft, as it is. The style sheet stands inside: the console has no other page that needs it.
 * Refuses `not-found` where there is neither an address nor anything to show.
 */
export async function preview(
  ctx: Context,
  incidentId: string,
  { updateId, language }: { updateId?: string | undefined; language: PageLanguage },
): Promise<string> {
  const incident = await incidents.find(ctx.sql, incidentId);
  const page = await store.find(ctx.sql, incidentId);
  const published = await store.published(ctx.sql, incidentId);
  const draft =
    updateId === undefined ? undefined : await store.findUpdate(ctx.sql, incidentId, updateId);
  const facts = publicFacts((await scopes.current(ctx.sql, incidentId)).facts);
  const asIf = draft &&
    draft.state !== "published" && {
      ...draft,
      facts,
      number: (published[0]?.number ?? 0) + 1,
      publishedAt: ctx.now(),
    };
  const updates = asIf ? [asIf, ...published] : published;
  if (!page || updates.length === 0) return refuse("not-found", "There is nothing to show yet.");
  const matter = {
    slug: page.slug,
    zone: incident.awareZone,
    closed: incident.state === "closed",
    updates,
    next: null,
  };
  const html = renderPage(ctx, matter, { language, place: doorPlace() });
  const style = `<style>${ctx.templates.stylesheet}</style>`;
  return html.replace(/<link rel="stylesheet"[^>]*>/, () => style);
}
