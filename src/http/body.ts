import type { Request } from "express";

import { refuse } from "../domain/refusal.ts";

/**
 * The JSON body of a request, or `{}` where there is none. Refuses `unsupported-media-type`
 * for anything but plain `application/json` in UTF-8, `body-too-large` above 100 KiB, and
 * `malformed-body` for what is not JSON or is nested deeper than 32 levels.
 */
export async function readJson(req: Request): Promise<unknown> {
  const chunked = req.headers["transfer-encoding"] !== undefined;
  if (!chunked && Number(req.headers["content-length"] ?? 0) === 0) return {};
  if (!isPlainJson(req)) refuse("unsupported-media-type", "Send application/json in UTF-8.");
  const bytes = await readBytes(req);
  return bytes.length === 0 ? {} : parse(bytes);
}

/** Media type of a request's body: lower case, without parameters, empty where there is none. */
export function contentType(req: Request): string {
  return (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function isPlainJson(req: Request): boolean {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(req.headers["content-type"] ?? "")?.[1];
  return (
    contentType(req) === "application/json" &&
    (charset === undefined || /^utf-?8$/i.test(charset)) &&
    (req.headers["content-encoding"] ?? "identity") === "identity"
  );
}

/** Reads to the end even above the limit, without keeping it: the client hears why. */
async function readBytes(req: Request): Promise<Buffer> {
  const slow = setTimeout(() => req.destroy(), BODY_MS_MAX);
  try {
    const kept: Buffer[] = [];
    let size = 0;
    for await (const chunk of req) {
      size += chunk.length;
      if (size <= BODY_BYTES_MAX) kept.push(chunk);
      else kept.length = 0;
    }
    if (size > BODY_BYTES_MAX) refuse("body-too-large", "A body may have at most 100 KiB.");
    return Buffer.concat(kept);
  } finally {
    clearTimeout(slow);
  }
}

function parse(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (depthOf(text) <= DEPTH_MAX) return JSON.parse(text, refuseProto);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return refuse("malformed-body", "The body is not JSON, or nested too deep.");
}

/** A `__proto__` field is never meant well, and schemas may overlook it. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new SyntaxError("A field may not be called __proto__.");
  return value;
}

/** How deep brackets nest, strings left out. Counted before parsing, so depth costs no stack. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted && char === "\\") i += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "{" || char === "[")) deepest = Math.max(deepest, (depth += 1));
    else if (!quoted && (char === "}" || char === "]")) depth -= 1;
  }
  return deepest;
}

const BODY_BYTES_MAX = 100 * 1_024;
/** A body this small that takes longer is held open on purpose. */
const BODY_MS_MAX = 30_000;
const DEPTH_MAX = 32;
