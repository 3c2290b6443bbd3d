import { Feed } from "feed";

import type { DoorContext } from "../../context.ts";
import { PAGE_LANGUAGES } from "../../domain/language.ts";
import type { PageLanguage } from "../../domain/language.ts";
import { escapeHtml } from "../../domain/notice/html.ts";
import type { PageMatter, ShownUpdate } from "../../domain/publication/page.ts";
import { viewOf } from "./page.ts";
import { doorPlace } from "./place.ts";
import type { FeedKind } from "./place.ts";

/** The updates of a page as a feed: Atom (RFC 4287) or JSON Feed 1.1. Every address is whole. */
export function renderFeed(
  ctx: DoorContext,
  matter: PageMatter,
  { kind, language }: { readonly kind: FeedKind; readonly language: PageLanguage },
): string {
  const place = doorPlace(new URL(ctx.config.PUBLIC_URL).origin);
  const view = viewOf(ctx, matter, { language, place });
  const link = place.page(matter.slug, language);
  const title = `${ctx.config.ORGANISATION}: ${view.heading.text}`;
  const feed = new Feed({
    id: link,
    title,
    link,
    updated: new Date(view.updatedAt.iso),
    generator: false,
    author: { name: ctx.config.ORGANISATION },
    feedLinks: { [kind]: place.feed(matter.slug, kind, language) },
  });
  for (const update of [view.latest, ...view.earlier])
    feed.addItem(itemOf(update, link, kind === "atom"));
  return kind === "atom" ? feed.atom1() : asVersion11(feed.json1(), language);
}

/** Atom titles are HTML in this library, so they are escaped; JSON Feed's are plain text. */
function itemOf({ id, number, title, html, at }: ShownUpdate, link: string, escaped: boolean) {
  return {
    id: `urn:uuid:${id}`,
    title: escaped ? escapeHtml(title.text) : title.text,
    link: `${link}#update-${number}`,
    content: html,
    date: new Date(at.iso),
    published: new Date(at.iso),
  };
}

/** The library writes version 1, which has one author and no language. */
function asVersion11(json: string, language: PageLanguage): string {
  const { author, ...rest }: Record<string, unknown> = JSON.parse(json);
  const version = "https://jsonfeed.org/version/1.1";
  const { tag } = PAGE_LANGUAGES[language];
  return JSON.stringify({ ...rest, version, language: tag, authors: [author] }, null, 2);
}
