import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command } from "commander";
import { afterAll, afterEach, beforeAll, vi } from "vitest";

import type { Actor } from "../../src/domain/staff.ts";
import { serve } from "./http.ts";
import type { Served } from "./http.ts";
import { givenToken } from "./staff.ts";
import { world } from "./world.ts";
import type { World } from "./world.ts";

/** A console, and the commands that ask it. */
export interface Desk {
  readonly w: World;
  readonly console: Served;
  /** For files that commands write and read; gone with the tests. */
  readonly folder: string;
  /** `candor …` in this process, as this person; answers what it said. */
  candor(actor: Actor, ...args: string[]): Promise<string>;
}

/** One for all tests of a file, with these commands. What it holds is there once they begin. */
export function desk(...commands: readonly ((program: Command) => void)[]): Desk {
  const parts = { candor } as { -readonly [Part in keyof Desk]: Desk[Part] };
  beforeAll(async () => {
    parts.w = await world();
    parts.console = await serve(parts.w.ctx, { door: "console" });
    parts.folder = await mkdtemp(join(tmpdir(), "candor-cli-"));
  });
  afterAll(async () => {
    await parts.console.close();
    await parts.w.close();
    await rm(parts.folder, { recursive: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  async function candor(actor: Actor, ...args: string[]): Promise<string> {
    vi.stubEnv("CANDOR_URL", parts.console.url);
    vi.stubEnv("CANDOR_TOKEN", await givenToken(parts.w, actor));
    const said: string[] = [];
    const write = vi.spyOn(process.stdout, "write");
    write.mockImplementation((text) => said.push(String(text)) > 0);
    const program = new Command();
    for (const add of commands) add(program);
    await program.parseAsync(args, { from: "user" }).finally(() => write.mockRestore());
    return said.join("");
  }
  return parts;
}
