import type { Response } from "express";

import type { DoorContext } from "../../context.ts";
import { show } from "./page.ts";

/**
 * What somebody at the public door sees where there is no page to show: one in their language,
 * and never what went wrong inside. False for the API, and for a client that asks for JSON.
 */
export function problemPage(ctx: DoorContext): (res: Response, status: number) => boolean {
  return (res, status) => {
    const { req } = res;
    if (NO_PAGES.test(req.path) || req.accepts(KINDS)?.toString().endsWith("json")) return false;
    const kind = kindOf(status);
    const requestId = status === 500 ? res.locals["requestId"] : undefined;
    for (const name of ["ETag", "Last-Modified", "Vary"]) res.removeHeader(name);
    res.set("X-Robots-Tag", "noindex");
    const view = { heading: `${kind}Heading`, text: `${kind}Text`, requestId };
    show(ctx, res.status(status), "problem", view);
    return true;
  };
}

function kindOf(status: number): "missing" | "away" | "busy" | "wrong" | "broken" {
  if (status === 404) return "missing";
  if (status === 503) return "away";
  if (status === 429) return "busy";
  return status < 500 ? "wrong" : "broken";
}

/** The API is for programs, and so is what providers call. */
const NO_PAGES = /^\/(?:v1|docs|callbacks|healthz|openapi\.json)(?:\/|$)/;
const KINDS = ["html", "json", "application/problem+json"];
