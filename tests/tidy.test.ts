import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

// What style means here, as far as a program can judge it. Each test lists what is wrong.

describe("size", () => {
  test.for([
    ["src", 250],
    ["workers", 250],
    ["tests", 400],
    ["scripts", 250],
  ] as const)("no file in %s is over %i lines", ([folder, linesMax]) => {
    const long = code(folder).filter(({ text }) => text.trimEnd().split("\n").length > linesMax);
    expect(paths(long)).toEqual([]);
  });
});

describe("words", () => {
  // Put together here, so that this file does not find itself.
  const banned = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].map(
    (word) => `\\b${word}\\b`,
  );
  const elsewhere = ["[.][.]/sha" + "red", "[.]lib" + "rary/", "/wo" + "rk/", "/tmp/can" + "dor/"];
  const sentence = new RegExp([...banned, ...elsewhere].join("|"));

  test("nothing is left for later, and nothing points outside the project", () => {
    expect(hits(everything(), sentence)).toEqual([]);
  });

  test("addresses are invented", () => {
    const address = /[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b/g;
    const invented = /@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid))$/;
    const real = [...code("src"), ...code("workers"), ...templates()].flatMap(({ path, text }) =>
      [...text.matchAll(address)].map(([each]) => `${path}: ${each}`),
    );
    expect(real.filter((each) => !invented.test(each))).toEqual([]);
  });
});

describe("reach", () => {
  test("the environment is read where a process begins, and nowhere else", () => {
    const allowed = /^src\/(config|server|cli)\.ts$|^src\/(cli|dev)\/|^workers\/main\.ts$/;
    const inside = [...code("src"), ...code("workers")].filter(({ path }) => !allowed.test(path));
    expect(hits(inside, /process\.env/)).toEqual([]);
  });

  test("the clock is an argument: only compose reads it", () => {
    const inside = [...code("src"), ...code("workers")].filter(
      ({ path }) => !/^src\/(compose\.ts|dev\/|cli)/.test(path),
    );
    expect(hits(inside, /new Date\(\)|Date\.now\(|DateTime\.(now|local|utc)\(\)/)).toEqual([]);
  });

  test("the domain knows neither clock nor chance", () => {
    const chance = /Math\.random|performance\.now|random(UUID|Bytes|Int)|setTimeout|setInterval/;
    expect(hits(code("src/domain"), chance)).toEqual([]);
  });
});

describe("layout", () => {
  test("every file of a pipeline layer belongs to a stage, or to the ground under them", async () => {
    // The file has no types of its own.
    const file = new URL("../.dependency-cruiser.mjs", import.meta.url).href;
    const { STAGES, GROUND } = await import(/* @vite-ignore */ file);
    const known = new Set([...STAGES, ...GROUND]);
    const stray = ["domain", "store", "actions"].flatMap((layer) =>
      readdirSync(join(ROOT, "src", layer))
        .filter((name) => name !== "migrations" && !known.has(name.replace(/\.ts$/, "")))
        .map((name) => `src/${layer}/${name}`),
    );
    expect(stray).toEqual([]);
  });

  test("no file has a name that says nothing", () => {
    const empty = /(^|\/)(index|utils?|helpers?|common|misc|manager|service)\.ts$/;
    expect(paths([...code("src"), ...code("workers")]).filter((path) => empty.test(path))).toEqual(
      [],
    );
  });

  test("every template is named by the code or by a test", () => {
    const text = [...code("src"), ...code("tests")].map((file) => file.text).join("\n");
    const unused = templates().filter(({ path }) => {
      const name = path.split("/").at(-1) ?? path;
      return !text.includes(name) && !text.includes(`"${name.split(".")[0]}"`);
    });
    expect(paths(unused)).toEqual([]);
  });
});

describe("runbooks", () => {
  test("each for operators says symptom, check, act, tell and undo, in that order", () => {
    const runbooks = files("runbooks/ops", /\.md$/);
    expect(runbooks.length).toBeGreaterThan(0);
    for (const { path, text } of runbooks)
      expect({ path, headings: [...text.matchAll(/^## (.+)$/gm)].map(([, name]) => name) }).toEqual(
        {
          path,
          headings: ["Symptom", "Check", "Act", "Tell", "Undo"],
        },
      );
  });
});

describe("the layer check", () => {
  test.for([
    ["a step back between stages", "domain/notice.ts", "domain/wave.ts", "stage:notice"],
    ["a step back in another layer", "actions/notice.ts", "store/wave.ts", "stage:notice"],
    ["a stage in a folder", "domain/notice/source.ts", "domain/wave.ts", "stage:notice"],
    ["a door that reaches into the store", "http/notice.ts", "store/notice.ts", "layer:src/http"],
    ["a domain that does not stay pure", "domain/notice.ts", "context.ts", "layer:src/domain"],
    ["production that leans on the demo", "http/notice.ts", "dev/demo.ts", "no-dev-in-production"],
  ] as const)("sees %s", ([, from, to, rule]) => {
    expect(violations({ [from]: to })).toContain(rule);
  });

  test("lets a step forward pass", () => {
    expect(violations({ "domain/wave.ts": "domain/notice.ts" })).toEqual([]);
  });
});

/** Run the project's own rules over a small tree in which each file imports another one's type. */
function violations(imports: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "candor-layers-"));
  try {
    cpSync(join(ROOT, "tsconfig.json"), join(folder, "tsconfig.json"));
    for (const [from, to] of Object.entries(imports)) {
      const up = "../".repeat(from.split("/").length - 1);
      write(join(folder, "src", to), "export interface Thing { readonly id: string }\n");
      write(
        join(folder, "src", from),
        `import type { Thing } from "${up === "" ? "./" : up}${to}";\nexport type Other = Thing;\n`,
      );
    }
    const tool = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const rules = join(ROOT, ".dependency-cruiser.mjs");
    const { stdout } = spawnSync(
      process.execPath,
      [tool, "--config", rules, "--output-type", "json", "src"],
      { cwd: folder, encoding: "utf8" },
    );
    const { summary } = JSON.parse(stdout);
    expect(summary.totalCruised).toBe(2 * Object.keys(imports).length);
    return summary.violations.map(({ rule }: { rule: { name: string } }) => rule.name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function code(folder: string): SourceFile[] {
  return files(folder, /\.(ts|mjs)$/);
}

function templates(): SourceFile[] {
  return files("templates", /./);
}

function everything(): SourceFile[] {
  const folders = ["src", "workers", "tests", "scripts", "templates", "runbooks", "docs", ".ci"];
  const top = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "package-lock.json")
    .map(({ name }) => ({ path: name, text: readFileSync(join(ROOT, name), "utf8") }));
  // Pictures hold every pair of letters somewhere.
  return [...folders.flatMap((folder) => files(folder, /(?<![.]png)$/)), ...top];
}

function files(folder: string, wanted: RegExp): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: file.slice(ROOT.length), text: readFileSync(file, "utf8") };
    });
}

function hits(from: readonly SourceFile[], pattern: RegExp): string[] {
  return from.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );
}

function paths(of: readonly SourceFile[]): string[] {
  return of.map(({ path }) => path);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
