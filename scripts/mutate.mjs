// Mutation score of the pure core of the send path and of the law, part by part, into
// docs/reports/mutation.md:
//   npm run mutate              every part, some hours on two quiet cores
//   npm run mutate -- receipt   one part; the others' last results on this machine are kept
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

/** What is mutated; vitest.mutate.config.ts has the tests of each part by the same names. */
const PARTS = {
  wave: ["src/domain/wave.ts", "src/domain/wave/*.ts"],
  delivery: [
    "src/domain/delivery.ts",
    "src/domain/delivery/{callback,rate,reconcile,relay-health,relay-url}.ts",
  ],
  message: ["src/domain/delivery/message*.ts"],
  lint: [
    "src/domain/notice/lint.ts",
    // The words of each language are data: their tests are tables of sentences.
    "src/domain/notice/lint/{complete,conflict,duty,forbidden,law,offer}.ts",
    "src/domain/notice/lint/{override,readability,readers,sentence,style}.ts",
  ],
  obligation: [
    "src/domain/obligation/{affected,assess,catalogue,condition,duty,ground,monitoring}.ts",
    "src/domain/obligation/{routing,rule,scene,verdict,words}.ts",
  ],
  clock: ["src/domain/obligation/{calendar,clock,due,in-time,latest-approval,start}.ts"],
  receipt: ["src/domain/receipt.ts", "src/domain/receipt/*.ts", "src/domain/delivery/reference.ts"],
};
const OPTIONS = {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutate.config.ts", related: false },
  // TypeScript 7 has no API for Stryker to rewrite a tsconfig with; nothing here needs it.
  tsconfigFile: "none",
  coverageAnalysis: "perTest",
  concurrency: 1,
  timeoutMS: 10_000,
  tempDirName: "node_modules/.cache/stryker",
  reporters: ["json", "progress-append-only"],
  warnings: { slow: false },
};
/** Percent of the mutants of a part that a test must notice. */
const SCORE_MIN = 85;
const FOLDER = "node_modules/.cache/mutation";
const REPORT = "docs/reports/mutation.md";
const TOOL = "node_modules/@stryker-mutator/core/bin/stryker.js";

mkdirSync(FOLDER, { recursive: true });
const asked = process.argv.slice(2).filter((name) => name in PARTS);
if (!process.argv.includes("--report-only"))
  for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) run(name);

const results = Object.keys(PARTS).flatMap((name) => {
  const file = resultOf(name);
  return existsSync(file) ? [{ name, files: filesOf(JSON.parse(readFileSync(file, "utf8"))) }] : [];
});
writeFileSync(REPORT, report());
const low = results.filter(({ files }) => scoreOf(files.flatMap((f) => f.mutants)) < SCORE_MIN);
for (const { name } of low) console.error(`${name}: below ${SCORE_MIN} %`);
process.exit(low.length === 0 ? 0 : 1);

function run(name) {
  const config = `${FOLDER}/${name}.config.json`;
  const options = { ...OPTIONS, mutate: PARTS[name], jsonReporter: { fileName: resultOf(name) } };
  writeFileSync(config, JSON.stringify(options));
  const env = { ...process.env, MUTATE: name };
  const { status } = spawnSync(process.execPath, [TOOL, "run", config], { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}

function resultOf(name) {
  return `${FOLDER}/${name}.json`;
}

function filesOf({ files }) {
  return Object.entries(files).map(([path, { mutants, source }]) => ({
    path,
    lines: source.split("\n"),
    mutants: mutants.filter(({ status }) => status !== "Ignored" && status !== "CompileError"),
  }));
}

function isNoticed({ status }) {
  return status === "Killed" || status === "Timeout" || status === "RuntimeError";
}

function scoreOf(mutants) {
  return mutants.length === 0 ? 100 : (100 * mutants.filter(isNoticed).length) / mutants.length;
}

function report() {
  const lines = [
    "# Mutation score",
    "",
    "A mutant is the code with one thing changed: a sign, a bound, a word. A test that notices fails.",
    "`npm run mutate` makes them all in the pure core of the send path and of the law, and writes",
    "this page.",
    `The floor is ${SCORE_MIN} % of each part. Tools: Stryker 10.1.1 and vitest 5.1.1, static mutants`,
    "included.",
    "",
    "| part | mutants | noticed | score |",
    "|---|---|---|---|",
    ...results.map(({ name, files }) =>
      row(
        name,
        files.flatMap(({ mutants }) => mutants),
      ),
    ),
    "",
    "| file | mutants | noticed | score |",
    "|---|---|---|---|",
    ...results.flatMap(({ files }) =>
      files.map(({ path, mutants }) => row(`\`${path}\``, mutants)),
    ),
    "",
    "## Nobody noticed",
    "",
    "A sample of them was read. Some change nothing that can be seen: a guard against what the types",
    "or the callers rule out, an order that is sorted again. Others are gaps in the tests: a bound at",
    "its exact value, the anchor of a pattern, a word that no test looks at. Nobody told each apart.",
    "",
    ...results.flatMap(({ files }) => files.flatMap(survivors)),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function row(name, mutants) {
  const noticed = mutants.filter(isNoticed).length;
  return `| ${name} | ${mutants.length} | ${noticed} | ${scoreOf(mutants).toFixed(1)} % |`;
}

function survivors({ path, lines, mutants }) {
  const left = mutants.filter((each) => !isNoticed(each));
  if (left.length === 0) return [];
  const listed = left.map(({ location: { start, end }, replacement = "" }) => {
    const was =
      start.line === end.line ? lines[start.line - 1].slice(start.column - 1, end.column - 1) : "…";
    return `- line ${start.line}: \`${short(was)}\` → \`${short(replacement)}\``;
  });
  return [`\`${path}\``, "", ...listed, ""];
}

function short(text) {
  const line = text.replaceAll(/\s+/g, " ").replaceAll("`", "'");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
