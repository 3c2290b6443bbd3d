import { randomUUID } from "node:crypto";
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import PostalMime from "postal-mime";

import type { BounceFolder } from "../context.ts";
import type { ReportParts } from "../domain/receipt/dsn.ts";

/**
 * A mailbox in the Maildir form (https://cr.yp.to/proto/maildir.html): what is in `new` is whole.
 * What we put aside goes to `.aside`, beside it.
 */
export function createBounceFolder(folder: string): BounceFolder {
  const fresh = (name: string) => join(folder, "new", name);
  const aside = join(folder, ".aside");
  return {
    async list(most) {
      const names = await readdir(join(folder, "new"));
      // They begin with the time of delivery.
      return names
        .filter((name) => !name.startsWith("."))
        .toSorted()
        .slice(0, most);
    },
    async read(name) {
      const content = await contentOf(fresh(name));
      return typeof content === "string" ? content : reportParts(content);
    },
    remove: (name) => rm(fresh(name), { force: true }),
    async setAside(name) {
      await mkdir(aside, { recursive: true, mode: 0o700 });
      await rename(fresh(name), join(aside, name)).catch(ignoreMissing);
    },
    async removeAside(before) {
      let removed = 0;
      for (const name of await readdir(aside).catch(nothing)) {
        const found = await lstat(join(aside, name)).catch(ignoreMissing);
        // Moving a file changes its ctime alone.
        if (!found || found.ctime >= before) continue;
        await rm(join(aside, name), { force: true, recursive: true });
        removed += 1;
      }
      return removed;
    },
  };
}

/** Keep a mail from a pipe that is nothing to us where those of the folder are kept. */
export async function putAside(folder: string, mail: Buffer): Promise<void> {
  const aside = join(folder, ".aside");
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await writeFile(join(aside, randomUUID()), mail, { mode: 0o600, flag: "wx" });
}

/** What a mail reports. Whatever its bytes are, this is an answer and no exception. */
export async function reportParts(mail: Buffer): Promise<ReportParts | "malformed"> {
  if (mail.length > MAIL_BYTES_MAX || isLong(mail)) return "malformed";
  try {
    const { attachments } = await new PostalMime({
      forceRfc822Attachments: true,
      maxNestingDepth: NESTING_MAX,
      maxHeadersSize: HEADERS_BYTES_MAX,
    }).parse(mail);
    const text = (types: readonly string[]) => {
      const found = attachments.find(({ mimeType }) => types.includes(mimeType.toLowerCase()));
      if (!found) return undefined;
      const { content } = found;
      return typeof content === "string" ? content : LATIN1.decode(content);
    };
    return {
      deliveryStatus: text(["message/delivery-status", "message/global-delivery-status"]),
      feedbackReport: text(["message/feedback-report"]),
      returned: text(RETURNED),
    };
  } catch {
    return "malformed";
  }
}

/** More lines than any report of ours has: a part or a header each would keep us for seconds. */
function isLong(mail: Buffer): boolean {
  let lines = 0;
  for (let at = mail.indexOf(LF); at >= 0; at = mail.indexOf(LF, at + 1))
    if ((lines += 1) > LINES_MAX) return true;
  return false;
}

/** One thing that is no mail, or not ours to read, must not keep us from those behind it. */
async function contentOf(path: string): Promise<Buffer | "gone" | "too-large" | "malformed"> {
  const found = await lstat(path).catch(ignoreMissing);
  if (!found) return "gone";
  if (!found.isFile()) return "malformed";
  const file = await open(path).catch(ignoreForbidden);
  if (file === "malformed") return file;
  if (!file) return "gone";
  try {
    return await readWhole(file);
  } finally {
    await file.close();
  }
}

async function readWhole(file: FileHandle): Promise<Buffer | "too-large"> {
  const { size } = await file.stat();
  return size > MAIL_BYTES_MAX ? "too-large" : file.readFile();
}

function ignoreForbidden(error: unknown): "malformed" | undefined {
  if (error instanceof Error && "code" in error && error.code === "EACCES") return "malformed";
  return ignoreMissing(error);
}

/** Another worker was first. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

function nothing(): string[] {
  return [];
}

/** Bytes as they are: what we look for is ASCII. */
const LATIN1 = new TextDecoder("latin1");
/** Our largest message comes back whole in some reports. */
export const MAIL_BYTES_MAX = 1_048_576;
const NESTING_MAX = 10;
/** Our largest message, in lines of base64, is half of that. */
const LINES_MAX = 30_000;
const HEADERS_BYTES_MAX = 65_536;
const LF = 10;
const RETURNED = [
  "text/rfc822-headers",
  "message/rfc822",
  "message/rfc822-headers",
  "message/global",
  "message/global-headers",
];
