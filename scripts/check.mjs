// Everything about the code that a program can judge, in the order in which it is quickest to
// fix. Prints a line per check, and a failing check's own words. Exits 1 if anything is wrong.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Well-formed, and leading nowhere: `--check-config` reads settings and connects to nothing. */
const SETTINGS = {
  NODE_ENV: "test",
  DATABASE_URL: "postgresql://candor@db.example.org/candor",
  FEEDBACK_URL: "postgresql://feedback@answers.example.org/feedback",
  KEYSTORE_URL: "postgresql://candor@keys.example.org/candor",
  REDIS_URL: "redis://redis.example.org",
  SMTP_URL: "smtp://mail.example.org",
  MAIL_FROM: "notices@example.org",
  ORGANISATION: "Example Organisation",
  CONSOLE_URL: "https://console.example.org",
  PUBLIC_URL: "https://incident.example.org",
};

const CHECKS = [
  ["types", () => tool("typescript/bin/tsc", "-p", ".")],
  ["format", () => tool("oxfmt/bin/oxfmt", "--check")],
  ["lint", () => tool("oxlint/bin/oxlint", "--type-aware")],
  ["layers", layers],
  ["dead code", () => tool("knip/bin/knip.js", "--no-progress")],
  ["entries", entries],
];

let failed = 0;
for (const [name, check] of CHECKS) {
  const startedAt = performance.now();
  const { ok, note = "", output = "" } = check();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(10)} ${seconds.padStart(5)} s  ${note}`);
  if (!ok) {
    failed += 1;
    console.log(output.trimEnd().replaceAll(/^/gm, "     "));
  }
}
process.exit(failed === 0 ? 0 : 1);

function tool(path, ...args) {
  return node([join("node_modules", path), ...args]);
}

function node(args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env,
    maxBuffer: 256 * 1024 * 1024,
    timeout: 120_000,
  });
  return { ok: status === 0, stdout, output: `${stdout ?? ""}${stderr ?? ""}${error ?? ""}` };
}

/**
 * The layer check once passed because it saw nothing: its parser had gone. So every source file
 * must be among the modules it cruised, and the numbers are shown.
 */
function layers() {
  const folders = ["src", "workers", "tests"];
  const options = ["--config", ".dependency-cruiser.mjs", "--output-type", "json"];
  const ran = tool("dependency-cruiser/bin/dependency-cruiser.mjs", ...options, ...folders);
  let result;
  try {
    result = JSON.parse(ran.stdout);
  } catch {
    return ran;
  }
  const seen = new Set(result.modules.map(({ source }) => source));
  const unseen = folders.flatMap(sources).filter((file) => !seen.has(file));
  const broken = result.summary.violations.map(
    ({ rule, from, to }) =>
      `${rule.name}: ${from} → ${to}${rule.comment ? ` (${rule.comment})` : ""}`,
  );
  const own = [...seen].filter((file) => !file.startsWith("node_modules/") && file.endsWith(".ts"));
  return {
    ok: broken.length === 0 && unseen.length === 0 && own.length > 0,
    note: `${own.length} modules seen, ${result.summary.totalDependenciesCruised} dependencies`,
    output: [...broken, ...unseen.map((file) => `not seen by the layer check: ${file}`)].join("\n"),
  };
}

/** vitest compiles syntax that plain Node refuses, so each entry is started the way it will be run. */
function entries() {
  const folder = mkdtempSync(join(tmpdir(), "candor-check-"));
  const rootKey = join(folder, "root-key");
  writeFileSync(rootKey, "0".repeat(64), { mode: 0o600 });
  const env = { ...process.env, ...SETTINGS, KEK_FILE: rootKey };
  const started = [
    ["src/server.ts", "--check-config"],
    ["workers/main.ts", "--check-config"],
    ["src/cli.ts", "--help"],
  ].map((args) => ({ name: args[0], ...node(args, env) }));
  rmSync(folder, { recursive: true });
  const bad = started.filter(({ ok }) => !ok);
  return {
    ok: bad.length === 0,
    note: `${started.length} started under plain Node ${process.versions.node}`,
    output: bad.map(({ name, output }) => `${name}\n${output}`).join("\n"),
  };
}

function sources(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /(?<![.]d)[.]ts$/.test(name))
    .map((name) => `${folder}/${name}`);
}
