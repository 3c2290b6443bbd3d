import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Response } from "express";

import type { Download } from "./route.ts";

/** Whether a handler answered a file. */
export function isDownload(value: unknown): value is Download {
  return typeof value === "object" && value !== null && "filename" in value && "content" in value;
}

/**
 * Stream a file to the client as an attachment, never to be shown in place. The first piece
 * is made before any header is sent, so that a refusal can still be answered as one.
 */
export async function sendDownload(
  res: Response,
  { filename, contentType, content }: Download,
  status: number,
): Promise<void> {
  const pieces = piecesOf(content);
  const first = await pieces.next();
  res.status(status).attachment(filename).type(contentType);
  if (first.done) return void res.end();
  await pipeline(Readable.from(withFirst(first.value, pieces)), res);
}

async function* piecesOf(content: Download["content"]): AsyncGenerator<string | Buffer> {
  yield* content;
}

async function* withFirst(first: string | Buffer, rest: AsyncGenerator<string | Buffer>) {
  yield first;
  yield* rest;
}
