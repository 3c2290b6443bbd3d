import type { DoorContext } from "../../context.ts";
import { PAGE_LANGUAGES, PageLanguage } from "../../domain/language.ts";
import { pageView } from "../../domain/publication/page.ts";
import type { PageMatter, PageView } from "../../domain/publication/page.ts";
import { shownTime } from "../../domain/publication/time.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Sql } from "../../store/db.ts";
import * as publications from "../../store/publication.ts";
import * as pages from "../../store/publication/page.ts";
import type { Page } from "../../store/publication/page.ts";
import type { Place } from "./place.ts";

/** What the page at an address is made of; nothing where there is no such page. */
export async function loadPage(ctx: DoorContext, slug: string): Promise<PageMatter | undefined> {
  const page = await pages.pageAt(ctx.sql, slug);
  return page && matterOf(ctx.sql, page);
}

/** What every page is made of, the newest incident first. */
export async function loadPages(ctx: DoorContext): Promise<PageMatter[]> {
  const all: PageMatter[] = [];
  for (const page of await pages.allPages(ctx.sql)) all.push(await matterOf(ctx.sql, page));
  return all;
}

/** In which language and where a page is shown, and since when its copy is old, if it is. */
export interface Showing {
  readonly language: PageLanguage;
  readonly place: Place;
  readonly staleSince?: Date | undefined;
}

/** The page of an incident as HTML. */
export function renderPage(ctx: DoorContext, matter: PageMatter, showing: Showing): string {
  const { language, place, staleSince } = showing;
  const { slug, zone } = matter;
  const view = viewOf(ctx, matter, showing);
  const types = { atom: "application/atom+xml", json: "application/feed+json" } as const;
  const labels = { atom: "Atom", json: "JSON Feed" } as const;
  const feeds = (["atom", "json"] as const).map((kind) => ({
    type: types[kind],
    label: labels[kind],
    title: `${view.heading.text} (${labels[kind]})`,
    href: place.feed(slug, kind, language),
  }));
  return ctx.templates.page("incident", language, {
    ...frame(ctx, showing, (each) => place.page(slug, each)),
    ...view,
    title: view.heading.text,
    feeds,
    subscribeAt: place.standing ? `${place.door(`/incidents/${slug}`, language)}#subscribe` : null,
    staleSince: staleSince && shownTime(staleSince, zone, language),
  });
}

/** The page of all incidents as HTML; `missing` where somebody asked for one that is not there. */
export function renderHome(
  ctx: DoorContext,
  all: readonly PageMatter[],
  showing: Showing & { readonly missing?: boolean },
): string {
  const { language, place, staleSince, missing = false } = showing;
  const lines = all.map((matter) => {
    const { heading, updatedAt, closed } = viewOf(ctx, matter, showing);
    return { href: place.page(matter.slug, language), heading, updatedAt, closed };
  });
  return ctx.templates.page("home", language, {
    ...frame(ctx, showing, place.home),
    pages: lines,
    missing,
    indexed: !missing,
    staleSince: staleSince && shownTime(staleSince, "UTC", language),
  });
}

/** What a page says, for those who show it in another form. */
export function viewOf(
  ctx: DoorContext,
  matter: PageMatter,
  { language, place }: Showing,
): PageView {
  const view = pageView(matter, { language, now: ctx.now(), standing: place.standing });
  return view ?? refuse("not-found", "Nothing is published here yet.");
}

function frame(
  ctx: DoorContext,
  { language, place }: Showing,
  same: (language: PageLanguage) => string,
) {
  return {
    organisation: ctx.config.ORGANISATION,
    root: place.root,
    indexed: true,
    languageLinks: PageLanguage.options.map((code) => ({
      ...PAGE_LANGUAGES[code],
      href: same(code),
      current: code === language,
    })),
    links: {
      home: place.home(language),
      check: place.door("/check", language),
      my: place.door("/my", language),
      lookup: place.door("/lookup", language),
    },
  };
}

async function matterOf(sql: Sql, page: Page): Promise<PageMatter> {
  const { slug, zone, closed, dueAt, dueZone, incidentId } = page;
  const updates = await publications.published(sql, incidentId);
  const next = dueAt && dueZone ? { dueAt, zone: dueZone } : null;
  return { slug, zone, closed, updates, next };
}
