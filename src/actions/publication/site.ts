import type { Context, Site } from "../../context.ts";
import { PageLanguage } from "../../domain/language.ts";
import { renderFeed } from "./feed.ts";
import { loadPages, renderHome, renderPage } from "./page.ts";
import { feedFile, homeFile, pageFile, standingPlace } from "./place.ts";

/**
 * Write every public page as a plain file, in every language, with its feeds and the style sheet.
 * The copy says the hours of a line and not whether it is open now, so it changes only when what
 * it tells does. Answers how many files changed.
 */
export async function writeSite(ctx: Context, site: Site | undefined = ctx.site): Promise<number> {
  if (!site) return 0;
  const all = await loadPages(ctx);
  const files: [path: string, content: string][] = [["candor.css", ctx.templates.stylesheet]];
  for (const language of PageLanguage.options) {
    const top = { language, place: standingPlace(ctx.config.PUBLIC_URL, 0) };
    const below = { language, place: standingPlace(ctx.config.PUBLIC_URL, 2) };
    for (const matter of all) {
      files.push([pageFile(matter.slug, language), renderPage(ctx, matter, below)]);
      for (const kind of ["atom", "json"] as const)
        files.push([
          feedFile(matter.slug, kind, language),
          renderFeed(ctx, matter, { kind, language }),
        ]);
    }
    files.push([homeFile(language), renderHome(ctx, all, top)]);
  }
  let changed = 0;
  for (const [path, content] of files) if (await site.write(path, content)) changed += 1;
  return changed;
}
