import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Site } from "../context.ts";

/**
 * A folder that any web server can serve. A file appears whole or not at all: it is written beside
 * and renamed. One that says the same already is left alone, so that its time of change is true.
 */
export function createSite(folder: string): Site {
  return {
    async write(path, content) {
      const target = join(folder, path);
      const before = await readFile(target, "utf8").catch(() => undefined);
      if (before === content) return false;
      await mkdir(dirname(target), { recursive: true });
      const beside = `${target}.${randomUUID()}.new`;
      try {
        await writeFile(beside, content, { mode: 0o644 });
        await rename(beside, target);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
      return true;
    },
  };
}
