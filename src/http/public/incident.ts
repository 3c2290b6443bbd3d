import { createHash } from "node:crypto";

import express from "express";
import type { NextFunction, Request, Response, Router } from "express";

import { renderFeed } from "../../actions/publication/feed.ts";
import { loadPage, loadPages, renderHome, renderPage } from "../../actions/publication/page.ts";
import { doorPlace, feedFile, homeFile, pageFile } from "../../actions/publication/place.ts";
import type { FeedKind } from "../../actions/publication/place.ts";
import type { DoorContext } from "../../context.ts";
import { PageLanguage } from "../../domain/language.ts";
import { Slug } from "../../domain/publication.ts";
import { createCopies } from "./copies.ts";
import { POLICY, languageOf, named } from "./page.ts";

/** A page that was made, as text; with a line that says so where it is a copy of before. */
type Made = (staleSince?: Date) => Sent;

interface Sent {
  readonly type: string;
  readonly text: string;
  readonly etag: string;
}

/**
 * What is known, for everyone: `/`, the page of each incident, and its feeds. They are the pages
 * that the world reads in the first hour, so they are made once a second whoever asks, and shown
 * as they last were while the database is away; a door that started meanwhile shows the copies
 * in PUBLIC_FOLDER.
 */
export function incidentPages(ctx: DoorContext): Router {
  const router = express.Router();
  const copies = createCopies<Made>(ctx.now);
  const serve = (
    of: (req: Request) => { key: string; file: string; make: () => Promise<Made | undefined> },
  ) =>
    async function answer(req: Request, res: Response, next: NextFunction) {
      const { key, file, make } = of(req);
      try {
        const found = await copies(key, make);
        if (!found) return await missing(req, res);
        send(res, found.value(found.staleSince));
      } catch (error) {
        sendFile(ctx, res, file, () => next(error));
      }
    };

  async function missing(req: Request, res: Response): Promise<void> {
    const language = languageOf(req);
    const found = await copies(`404 ${language}`, homeOf(ctx, language, true).make);
    const { type, text } = found?.value(found.staleSince) ?? NOTHING;
    res.status(404).set("Content-Security-Policy", POLICY).type(type).send(text);
  }

  router.get(
    "/",
    named("/"),
    serve((req) => homeOf(ctx, languageOf(req))),
  );
  router.get(
    "/incidents/:slug",
    named("/incidents/:slug"),
    serve((req) => pageOf(ctx, slugOf(req), languageOf(req))),
  );
  for (const kind of ["atom", "json"] as const)
    router.get(
      `/incidents/:slug/feed.${kind}`,
      named(`/incidents/:slug/feed.${kind}`),
      serve((req) => feedOf(ctx, slugOf(req), { kind, language: chosen(req) })),
    );
  // The links between standing copies, for when this door shows one of those.
  router.get(STANDING, named("standing copy"), (req, res) => {
    const [slug, what, code, end] = [0, 1, 2, 3].map((i) => req.params[i]);
    const language = PageLanguage.catch("en").parse(code);
    const place = doorPlace();
    if (slug === undefined) return res.redirect(place.home(language));
    if (what === "index") return res.redirect(place.page(slug, language));
    return res.redirect(place.feed(slug, end === "atom" ? "atom" : "json", language));
  });
  return router;
}

function homeOf(ctx: DoorContext, language: PageLanguage, missing = false) {
  const place = doorPlace();
  const make = async () => {
    const all = await loadPages(ctx);
    return made("html", (staleSince) =>
      renderHome(ctx, all, { language, place, staleSince, missing }),
    );
  };
  return { key: `/ ${language}`, file: homeFile(language), make };
}

function pageOf(ctx: DoorContext, slug: string, language: PageLanguage) {
  const place = doorPlace();
  const make = async () => {
    const matter = await loadPage(ctx, slug);
    if (!matter) return undefined;
    return made("html", (staleSince) => renderPage(ctx, matter, { language, place, staleSince }));
  };
  return { key: `${slug} ${language}`, file: pageFile(slug, language), make };
}

function feedOf(
  ctx: DoorContext,
  slug: string,
  showing: { readonly kind: FeedKind; readonly language: PageLanguage },
) {
  const { kind, language } = showing;
  const type = kind === "atom" ? "application/atom+xml" : "application/feed+json";
  const make = async () => {
    const matter = await loadPage(ctx, slug);
    return matter && made(type, () => renderFeed(ctx, matter, showing));
  };
  return { key: `${slug} ${language} ${kind}`, file: feedFile(slug, kind, language), make };
}

/** The page as it is now is made at once; the one that says it is old, when it is first wanted. */
function made(type: string, render: (staleSince?: Date) => string): Made {
  const current = sent(type, render());
  let old: Sent | undefined;
  return (staleSince) =>
    staleSince === undefined ? current : (old ??= sent(type, render(staleSince)));
}

function sent(type: string, text: string): Sent {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  return { type, text, etag };
}

function send(res: Response, { type, text, etag }: Sent): void {
  open(res).set("ETag", etag).type(type).send(text);
}

/** The copy that a worker wrote, where there is one. */
function sendFile(ctx: DoorContext, res: Response, file: string, otherwise: () => void): void {
  const { PUBLIC_FOLDER: root } = ctx.config;
  if (root === undefined) return otherwise();
  const type = file.endsWith(".atom") ? "application/atom+xml" : undefined;
  open(res);
  if (type !== undefined) res.type(type);
  res.sendFile(file, { root, cacheControl: false }, (error?: Error) => {
    if (error && !res.headersSent) otherwise();
  });
}

/** Anybody may read, keep and index these for a moment. */
function open(res: Response): Response {
  res.removeHeader("X-Robots-Tag");
  return res
    .set("Content-Security-Policy", POLICY)
    .set("Cache-Control", "public, max-age=15, stale-if-error=86400")
    .set("Vary", "Accept-Language");
}

/** What stands in the address, if it can be a page's; otherwise what no page has. */
export function slugOf(req: Request): string {
  return Slug.catch("-").parse(req.params["slug"]);
}

/** Feed readers keep one address: its language does not hang on what else they send. */
function chosen(req: Request): PageLanguage {
  return PageLanguage.catch("en").parse(req.query["language"]);
}

/** `/index.zh.html`, `/incidents/<slug>/index.html`, `/incidents/<slug>/feed.ru.atom`. */
const STANDING =
  /^\/(?:incidents\/([a-z0-9-]{3,60})\/)?(index|feed)(?:\.(zh|ru))?\.(html|atom|json)$/;
const NOTHING: Sent = { type: "html", text: "", etag: "" };
