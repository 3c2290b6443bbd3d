import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

import { startStack } from "./stack.ts";

/**
 * `npm run dev`: servers that keep their data, one web and one worker process that start
 * again when a file changes, until Ctrl-C. Settings in the environment win.
 */
async function main(): Promise<void> {
  const stack = await startStack(process.env, { folder: FOLDER });
  const env = { ...SETTINGS, ...process.env, ...stack.env };
  const parts = ENTRIES.map((entry) =>
    // Each in a session of its own, so that Ctrl-C reaches us first and the servers go last.
    spawn(process.execPath, ["--watch", "--watch-preserve-output", entry], {
      env,
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    }),
  );
  say(`Console API  ${env.CONSOLE_URL}`);
  say(`Caught mail  ${stack.catcher?.webUrl ?? "goes to SMTP_URL"}`);
  say(`Data         ${stack.folder}`);
  // Whoever wants to use the command line beside this needs the same settings.
  say(
    Object.entries(stack.env)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n"),
  );

  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await Promise.all(parts.map(stop));
  await stack.stop();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  // Node's watcher passes it on; a signal to both would be the second one, which ends at once.
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
  await ended;
  clearTimeout(patience);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const ENTRIES = ["src/server.ts", "workers/main.ts"];
/** Under root, PostgreSQL runs as another user, who may not be able to reach the checkout. */
const FOLDER = process.getuid?.() === 0 ? "/var/lib/candor-dev" : resolve(".candor");
const SETTINGS = {
  NODE_ENV: "development",
  PORT: "8080",
  MAIL_FROM: "notices@example.org",
  ORGANISATION: "Example Organisation",
  CONSOLE_URL: "http://127.0.0.1:8080",
  PUBLIC_URL: "http://127.0.0.1:8080",
};
const STOP_PATIENCE_MS = 27_000;

await main();
