// Mutation score of the pure core of the send path and of the law, part by part, into
// docs/reports/mutation.md:
//   npm run mutate              every part, some hours on two quiet cores
//   npm run mutate -- receipt   one part; the others' last results on this machine are kept
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const OBLIGATION = ["obligation/{assess,calendar,chain,clock,condition,due,in-time,routing,words}"];
/** Each file of the linter by its own tests. Not the words of each language: they are data. */
const LINT = {
  complete: "complete",
  conflict: "conflict",
  duty: "{duty,law}",
  forbidden: "{forbidden,forbidden-words}",
  law: "law",
  offer: "offer",
  override: "override",
  readability: "readability",
  readers: "{law,conflict}",
  sentence: "{sentence,style,offer}",
  style: "{style,readability}",
};
/**
 * Each part in one or more runs: what of src/domain is mutated, and which tests of tests/domain judge
 * it. Not those that read the shipped rules: reading takes longer than all the others together.
 */
const PARTS = {
  wave: [
    {
      mutate: ["wave.ts", "wave/*.ts"],
      by: ["wave/**/*", "brake", "hours", "turns", "wave-model"],
    },
  ],
  delivery: [
    {
      mutate: ["delivery.ts", "delivery/{callback,rate,reconcile,relay-health,relay-url}.ts"],
      by: ["delivery/**/*", "rate", "relay-health"],
    },
  ],
  message: [{ mutate: ["delivery/message*.ts"], by: ["message", "message-form", "message-wire"] }],
  lint: [
    ...Object.entries(LINT).map(([name, by]) => ({
      mutate: [`notice/lint/${name}.ts`],
      by: [`notice/lint/${by}`],
    })),
    { mutate: ["notice/lint.ts"], by: ["notice/{lint,words}", "notice/lint/{law,readability}"] },
  ],
  obligation: [
    {
      mutate: [
        "obligation/{affected,assess,catalogue,condition,duty,ground,monitoring}.ts",
        "obligation/{routing,rule,scene,verdict,words}.ts",
      ],
      by: OBLIGATION,
    },
  ],
  clock: [
    {
      mutate: ["obligation/{calendar,clock,due,in-time,latest-approval,start}.ts"],
      by: OBLIGATION,
    },
  ],
  receipt: [
    { mutate: ["receipt.ts", "receipt/*.ts", "delivery/reference.ts"], by: ["receipt/**/*"] },
  ],
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
  const known = PARTS[name].map((_, n) => resultOf(name, n)).filter((file) => existsSync(file));
  const files = known.flatMap((file) => filesOf(JSON.parse(readFileSync(file, "utf8"))));
  return files.length > 0 ? [{ name, files }] : [];
});
writeFileSync(REPORT, report());
const low = results.filter(({ files }) => scoreOf(files.flatMap((f) => f.mutants)) < SCORE_MIN);
for (const { name } of low) console.error(`${name}: below ${SCORE_MIN} %`);
process.exit(low.length === 0 ? 0 : 1);

function run(name) {
  for (const [n, { mutate, by }] of PARTS[name].entries()) {
    const config = `${FOLDER}/${name}.config.json`;
    const jsonReporter = { fileName: resultOf(name, n) };
    const files = mutate.map((file) => `src/domain/${file}`);
    writeFileSync(config, JSON.stringify({ ...OPTIONS, mutate: files, jsonReporter }));
    const env = { ...process.env, MUTATE_TESTS: by.join(" ") };
    const { status } = spawnSync(process.execPath, [TOOL, "run", config], {
      stdio: "inherit",
      env,
    });
    if (status !== 0) process.exit(status ?? 1);
  }
}

function resultOf(name, n) {
  return `${FOLDER}/${name}${n === 0 ? "" : `-${n}`}.json`;
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
