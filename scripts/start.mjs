// Everything between a fresh clone and a running command. Plain JavaScript that an old Node can
// run: it installs what package-lock.json says, finds or installs the few system programs, and
// runs the command under the Node 24 that npm brought.
// Usage: node scripts/start.mjs demo|test|dev|bench|chaos|pictures [options]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { cleanEnvironment, commandOptions, installedMatchesLock } from "./start-options.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE = join(
  ROOT,
  "node_modules/node/bin",
  process.platform === "win32" ? "node.exe" : "node",
);
const VITEST = "node_modules/vitest/vitest.mjs";

/** What each command runs, and the system programs it needs. Tests of pages need a browser. */
const COMMANDS = {
  demo: { run: [["src/cli.ts", "demo"]], needs: ["redis-server"] },
  test: { run: [["scripts/check.mjs"], [VITEST, "run"]], needs: ["redis-server", "chromium"] },
  dev: { run: [["src/dev/dev.ts"]], needs: ["redis-server"] },
  bench: { run: [["tests/bench/main.ts"]], needs: ["redis-server"] },
  chaos: { run: [["tests/chaos/main.ts"]], needs: ["redis-server"] },
  pictures: { run: [["tests/browser/pictures.ts"]], needs: ["redis-server", "chromium"] },
};

/** Debian's package and Homebrew's, per program. */
const PACKAGES = {
  "redis-server": { apt: "redis-server", brew: "redis", setting: "REDIS_URL" },
  chromium: { apt: "chromium", brew: "--cask chromium", setting: "CHROMIUM_PATH" },
};

await main(process.argv[2], process.argv.slice(3));

async function main(name, given) {
  const command = COMMANDS[name];
  if (!command) return stop(`Usage: node scripts/start.mjs ${Object.keys(COMMANDS).join("|")}`);
  const env = cleanEnvironment(process.env);
  // Whatever a step starts by the name `node` must be ours too.
  env.PATH = `${dirname(NODE)}${delimiter}${env.PATH}`;
  install(env);
  provide(
    command.needs.filter((program) => isNeeded(program, name)),
    env,
  );

  const options = commandOptions(name, given, process.env);
  // Someone who names test files wants those, not the whole check first.
  const steps = name === "test" && options.length > 0 ? command.run.slice(-1) : command.run;
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const code = await run([...step, ...(last ? options : [])], env);
    if (code !== 0 || last) process.exit(code);
  }
}

/** `npm ci`, where node_modules is not what the lock says. */
function install(env) {
  const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined);
  const wanted = read(join(ROOT, "package-lock.json"));
  const present = read(join(ROOT, "node_modules/.package-lock.json"));
  if (installedMatchesLock(wanted, present) && works(NODE, ["--version"])) return;
  say("Installing what package-lock.json says (npm ci) …");
  // Inside an npm script the same npm is used, whichever that is.
  const [program, first] = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath]]
    : ["npm", []];
  const args = [
    ...first,
    "ci",
    "--include=dev",
    "--ignore-scripts=false",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const done = spawnSync(program, args, { cwd: ROOT, env, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) stop("npm ci failed; its message is above.");
  if (!works(NODE, ["--version"])) stop(`npm ci ended well, but ${NODE} does not run.`);
}

/** Find the system programs, or install them where that is allowed, or say how. */
function provide(programs, env) {
  const missing = programs.filter((program) => !works(program, ["--version"]));
  if (missing.length === 0) return;
  const debian = existsSync("/etc/debian_version");
  const root = process.getuid?.() === 0;
  const allowed = debian && (root || env.CI === "true" || env.CANDOR_INSTALL === "1");
  const manager = debian ? "apt" : "brew";
  const packages = missing.map((program) => PACKAGES[program][manager]);
  const line = debian
    ? `${root ? "" : "sudo "}apt-get install --yes ${packages.join(" ")}`
    : `brew install ${packages.join(" ")}`;
  if (!allowed)
    stop(
      `Candor needs ${missing.join(" and ")} here. Please run:\n\n  ${line}\n\n` +
        "On Debian, CANDOR_INSTALL=1 lets Candor do it.",
    );
  say(
    `Installing ${packages.join(" and ")} with apt-get, because ${missing.join(" and ")} was not found …`,
  );
  const apt = (...args) =>
    spawnSync(root ? "apt-get" : "sudo", [...(root ? [] : ["-n", "apt-get"]), ...args], {
      // Run level 1: the packages must not start services of their own.
      env: { ...env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
      stdio: ["ignore", 2, 2],
    }).status === 0;
  const get = () => apt("install", "--yes", "--no-install-recommends", ...packages);
  if (!get() && !(apt("update") && get())) stop(`That failed. Please run:\n\n  ${line}`);
}

function isNeeded(program, name) {
  if (program === "chromium") {
    return existsSync(join(ROOT, "tests/browser")) && !process.env.CHROMIUM_PATH;
  }
  // Tests always start their own; anything else may be pointed at a server.
  return name === "test" || !process.env[PACKAGES[program].setting];
}

/** Run a step under Node 24 and wait. Signals reach it, and it decides when to end. */
function run(args, env) {
  const child = spawn(NODE, args, { cwd: ROOT, env, stdio: "inherit" });
  const pass = (signal) => child.kill(signal);
  // A terminal sends Ctrl-C to the whole group: passing it on would count it twice.
  const onInterrupt = process.stdin.isTTY ? () => {} : pass;
  process.on("SIGINT", onInterrupt).on("SIGTERM", pass).on("SIGHUP", pass);
  return new Promise((resolve) => {
    child.on("error", (error) => stop(`${args[0]} could not be started (${error.code}).`));
    child.on("exit", (code, signal) => {
      process.off("SIGINT", onInterrupt).off("SIGTERM", pass).off("SIGHUP", pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

function works(program, args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(1);
}
