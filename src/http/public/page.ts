import express from "express";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

import type { DoorContext } from "../../context.ts";
import { PAGE_LANGUAGES, PageLanguage, pageLanguageOf } from "../../domain/language.ts";

/**
 * What all public pages share. They have no script and load nothing but our style sheet; what
 * people type travels in the body of a POST and never in an address; a GET changes nothing.
 */
export type View = Readonly<Record<string, unknown>>;

/** Answer a page in the reader's language, with the status that was set: `show(ctx, res.status(404), …)`. */
export function show(ctx: DoorContext, res: Response, name: string, view: View = {}): void {
  const language = languageOf(res.req);
  const { ORGANISATION: organisation } = ctx.config;
  const languageLinks = linksTo(language);
  const html = ctx.templates.page(name, language, {
    organisation,
    languageLinks,
    root: "",
    ...view,
  });
  res
    .set("Content-Security-Policy", POLICY)
    .set("Cache-Control", "no-store")
    .type("html")
    .send(html);
}

/** The language that was chosen in the address, or the first of the browser's that we have. */
export function languageOf(req: Request): PageLanguage {
  const chosen = PageLanguage.safeParse(req.query["language"]);
  if (chosen.success) return chosen.data;
  const accepted = req.acceptsLanguages().map((tag) => tag.toLowerCase());
  const known = accepted.find((tag) => pageLanguageOf(tag) !== "en" || tag.startsWith("en"));
  return pageLanguageOf(known ?? "en");
}

/** Name the route for the log: a pattern, never what stands in the address. */
export function named(pattern: string): RequestHandler {
  return (req, res, next) => {
    res.locals["route"] = `${req.method} ${pattern}`;
    next();
  };
}

/** A form of a few short fields, each read with `fieldOf`. */
export const SMALL_FORM = express.urlencoded({ extended: false, limit: "1kb", parameterLimit: 5 });

/** A form that people write sentences into. */
export const FORM = express.urlencoded({ extended: false, limit: "32kb", parameterLimit: 60 });

/** One field of a form, as text; empty where it is missing or was sent twice. */
export function fieldOf(req: Request, name: string): string {
  const body: unknown = req.body;
  const value = isRecord(body) && Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === "string" ? value : "";
}

/** A body that is not a small form: the reader sees the page `answer` shows, not an error. */
export function unreadable(answer: (res: Response, status: number) => void): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const status: unknown = isRecord(error) ? error["status"] : undefined;
    if (typeof status !== "number" || status >= 500 || res.headersSent) return next(error);
    answer(res, status);
  };
}

/**
 * Let at most `points` requests of one network through in `seconds`; the others hear
 * `Retry-After` and see what `busy` shows. Kept in memory, so no address is ever stored.
 */
export function perNetwork(
  { points, seconds }: { readonly points: number; readonly seconds: number },
  busy: (res: Response) => void,
): RequestHandler {
  const limiter = new RateLimiterMemory({ points, duration: seconds });
  return async (req, res, next) => {
    const waitSeconds = await secondsToWait(limiter, networkOf(req.ip));
    if (waitSeconds === 0) return next();
    res.set("Retry-After", String(waitSeconds));
    busy(res);
  };
}

/** IPv4 by /24 and IPv6 by /48: a network, so that nobody counts as a million. */
function networkOf(ip = "unknown"): string {
  const v4 = ip.replace(/^::ffff:/, "");
  const parts = v4.includes(":") ? v4.split(":").slice(0, 3) : v4.split(".").slice(0, 3);
  return parts.join("/");
}

async function secondsToWait(limiter: RateLimiterMemory, network: string): Promise<number> {
  try {
    await limiter.consume(network);
    return 0;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return Math.ceil(error.msBeforeNext / 1_000);
  }
}

/** The same page in each language. Addresses hold no secret where these are shown. */
function linksTo(language: PageLanguage) {
  return PageLanguage.options.map((code) => ({
    ...PAGE_LANGUAGES[code],
    href: `?language=${code}`,
    current: code === language,
  }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What a public page may do: show itself in our style, and send a form back to us. */
export const POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
