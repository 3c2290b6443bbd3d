import { createHash } from "node:crypto";

import type { RequestHandler, Response } from "express";

/**
 * Headers of every answer. Nothing is cached, framed or sniffed; no address leaks to where a
 * link leads; and a page may load nothing at all unless its own route allows it.
 */
export function headers(https: boolean): RequestHandler {
  return (_req, res, next) => {
    res.set({
      "Content-Security-Policy": NOTHING,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
      "X-Robots-Tag": "noindex",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
      "Cache-Control": "no-store",
      ...(https && { "Strict-Transport-Security": "max-age=63072000; includeSubDomains" }),
    });
    next();
  };
}

/**
 * Answer an HTML page that has no script and exactly one static `<style>`, which the content
 * security policy names by its SHA-256. A page with a form says so.
 */
export function sendPage(
  res: Response,
  html: string,
  { status = 200, form = false }: { status?: number; form?: boolean } = {},
): void {
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `${NOTHING.replace("form-action 'none'", form ? "form-action 'self'" : "$&")}; style-src 'sha256-${hash}'`;
  res.status(status).set("Content-Security-Policy", policy).type("html").send(html);
}

const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
