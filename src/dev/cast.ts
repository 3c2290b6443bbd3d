import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { generateSync } from "otplib";
import { z } from "zod";

import { createClient } from "../cli/client.ts";
import type { Client } from "../cli/client.ts";
import { Joined } from "../cli/operator.ts";
import { SMALL } from "./candor.ts";

/** An invented member of staff, signed in, with an authenticator in the pocket. */
export interface Member {
  readonly name: string;
  readonly client: Client;
  readonly token: string;
  /** The next unspent code of the authenticator. */
  code(): Promise<string>;
}

/**
 * Add a person as an operator would, with `candor staff add` at the machine, then let them take
 * up the invitation and confirm a second factor over HTTP as they would themselves. `root` is the
 * checkout whose command line is used; this one by default.
 */
export async function join(
  env: Readonly<Record<string, string>>,
  person: { readonly name: string; readonly email: string; readonly roles: readonly string[] },
  root = HERE,
): Promise<Member> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, "staff", "add", "--json", "--name", person.name, "--email", person.email].concat([
      "--roles",
      ...person.roles,
    ]),
    { cwd: root, env: { PATH: process.env["PATH"] ?? "", ...SMALL, ...env } },
  );
  const { invitation } = Added.parse(JSON.parse(stdout));
  const consoleUrl = env["CONSOLE_URL"] ?? "";
  const accepted = await createClient(consoleUrl).post(
    "/v1/invitations/accept",
    { invitation, label: "demo" },
    Joined,
    { once: true },
  );
  const code = authenticator(accepted.secondFactor.secret);
  const client = createClient(consoleUrl, accepted.token);
  await client.post("/v1/me/second-factor", { code: await code() }, z.unknown());
  return { name: person.name, client, token: accepted.token, code };
}

/** Each step's code is spent once. One step ahead of now is still taken; beyond that it waits. */
function authenticator(secret: string): () => Promise<string> {
  const now = () => Math.floor(Date.now() / STEP_MS);
  let next = 0;
  return async () => {
    const step = Math.max(next, now());
    next = step + 1;
    while (step > now() + 1) await sleep(500);
    return generateSync({ secret, epoch: (step * STEP_MS) / 1_000 });
  };
}

const Added = z.object({ invitation: z.string() });
const STEP_MS = 30_000;
const CLI = "src/cli.ts";
const HERE = fileURLToPath(new URL("../../", import.meta.url));
