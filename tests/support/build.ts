import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** One edit to the source: `from` must occur exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * A build of the product with some lines changed, in a folder of its own: for tests that must
 * fail when a safeguard is taken out. Shares `node_modules` with the checkout.
 */
export async function mutatedBuild(edits: readonly Edit[]) {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), "candor-build-"));
  const parts = ["src", "workers", "templates", "runbooks", "package.json", "tsconfig.json"];
  for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const { file, from, to } of edits) {
    const path = join(folder, file);
    const pieces = (await readFile(path, "utf8")).split(from);
    if (pieces.length !== 2)
      throw new Error(`${file} holds the text to change ${pieces.length - 1} times, not once.`);
    await writeFile(path, pieces.join(to));
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
