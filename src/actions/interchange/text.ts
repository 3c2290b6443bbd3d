import type { Readable } from "node:stream";

import { refuse } from "../../domain/refusal.ts";

/** A small CSV file as it arrives. */
export interface CsvFile {
  /** Media type of the body. */
  readonly contentType: string;
  readonly stream: Readable;
}

/**
 * The text of a CSV file, whole. Refuses what is not `text/csv`, not UTF-8, or larger than so many
 * MiB; what is left of it is read and thrown away, so that the sender hears why.
 */
export async function csvText(
  { contentType, stream }: CsvFile,
  mebibytes: number,
): Promise<string> {
  if (contentType !== "text/csv") {
    stream.resume();
    refuse("unsupported-media-type", "Send text/csv.");
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  // Not destroyed on refusal: with the stream would go the socket, and with it our answer.
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    bytes += piece.length;
    if (bytes > mebibytes * 1_048_576) {
      stream.resume();
      refuse("body-too-large", `This file may have at most ${mebibytes} MiB.`);
    }
    pieces.push(piece);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    const message = "The file is not UTF-8. Save it as UTF-8.";
    return refuse("file-unreadable", message, [
      { field: "file", code: "not-utf8", message, line: 1 },
    ]);
  }
}
