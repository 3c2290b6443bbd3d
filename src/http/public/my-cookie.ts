import type { Request, RequestHandler, Response } from "express";

import { SECRET_BYTES } from "../../actions/inquiry/door.ts";
import type { VisitSecret } from "../../actions/inquiry/door.ts";
import type { DoorContext } from "../../context.ts";
import { show } from "./page.ts";
import type { View } from "./page.ts";

/** Give the visitor their secret: for this host alone, out of reach of scripts and other sites. */
export function giveVisit(ctx: DoorContext, res: Response, secret: VisitSecret): void {
  res.cookie(nameFor(ctx), secret.toString("base64url"), settings(ctx));
}

/** Take it back. */
export function takeVisit(ctx: DoorContext, res: Response): void {
  res.clearCookie(nameFor(ctx), settings(ctx));
}

/** The visitor's secret, where the request brings one that can be one. */
export function visitOf(ctx: DoorContext, req: Request): VisitSecret | undefined {
  const name = `${nameFor(ctx)}=`;
  const values = (req.headers.cookie ?? "")
    .split(";")
    .map((each) => each.trim())
    .filter((each) => each.startsWith(name))
    .map((each) => Buffer.from(each.slice(name.length), "base64url"));
  // Two cookies of one name: somebody put one there (cookie tossing).
  return values.length === 1 && values[0]?.length === SECRET_BYTES ? values[0] : undefined;
}

/**
 * A form of another site must not act for our visitor, nor have their browser write to somebody.
 * It gets a page that only shows itself.
 */
export function notForeign(ctx: DoorContext, page: string, view: View = {}): RequestHandler {
  return (req, res, next) => {
    if (isForeign(ctx, req)) show(ctx, res.status(403), page, view);
    else next();
  };
}

function isForeign(ctx: DoorContext, req: Request): boolean {
  const site = req.headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  // An older browser; it says `null` for our own forms too, because we ask for no referrer.
  const { origin } = req.headers;
  const own = new URL(ctx.config.PUBLIC_URL).origin;
  return origin !== undefined && origin !== "null" && origin !== own;
}

function nameFor(ctx: DoorContext): string {
  return isSecure(ctx) ? "__Host-candor-visit" : "candor-visit";
}

function settings(ctx: DoorContext) {
  return { httpOnly: true, sameSite: "strict", secure: isSecure(ctx), path: "/" } as const;
}

function isSecure({ config }: DoorContext): boolean {
  return config.PUBLIC_URL.startsWith("https:");
}
