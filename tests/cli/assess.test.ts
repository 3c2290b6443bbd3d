import { readFileSync } from "node:fs";

import { afterEach, expect, test, vi } from "vitest";

import { describe as told, run } from "../../src/cli/assess.ts";
import { readScopeFile } from "../../src/domain/interchange/scope-file.ts";
import { assess } from "../../src/domain/obligation/assess.ts";
import { LIBRARY } from "../support/law.ts";

const EXAMPLE = "docs/scope.yaml";
const NOW = new Date("2026-03-05T10:00:00Z");

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** What a run prints, and how it ends. */
async function ran(file: string, options: { json?: boolean } = {}) {
  const [out, err] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockReturnValue(true),
  );
  await run({ file, law: undefined, whyNot: false, json: false, ...options });
  const text = (spy: typeof out) =>
    (spy?.mock.calls ?? []).map(([chunk]) => String(chunk)).join("");
  return { out: text(out), err: text(err), code: process.exitCode ?? 0 };
}

test("the documented example says who is told by when, why, how sure that is, and what is open", () => {
  const { incident, facts, answers } = readScopeFile(readFileSync(EXAMPLE, "utf8"), NOW);
  const assessment = assess(incident, facts, LIBRARY, answers);
  const text = told(assessment, LIBRARY, { now: NOW, whyNot: false, met: answers.met });
  expect(text).toMatch(
    /\nThu 5 March 2026, 14:05 \(Europe\/Berlin\), met\n {2}authority: .*\n {4}GDPR: .*33/,
  );
  expect(text).toContain("72 hours after awareness (2 Mar 2026 14:05 Europe/Berlin)");
  expect(text).toMatch(/\n\w{3} \d+ \w+ 2026, \d\d:\d\d \([\w/]+\), .* left\n/);
  expect(text).toContain("events, materiality-determination: When was the materiality");
  expect(text).toContain("! a question is open, so the safe branch was taken");
  expect(text).toContain("Questions still open");
  expect(text).not.toContain("Why other rules ask for nothing");
  expect(text.match(/confirm with counsel\.\n/g)).toHaveLength(1);
  expect(text).not.toMatch(/complies/);
  const all = told(assessment, LIBRARY, { now: NOW, whyNot: true, met: {} });
  expect(all).toContain("Why other rules ask for nothing");
});

test("as JSON it is the assessment, and the end is 0", async () => {
  const { out, err, code } = await ran(EXAMPLE, { json: true });
  const { obligations } = JSON.parse(out);
  expect(obligations.map(({ id }: { id: string }) => id)).toContain("eu-gdpr-33/regulator/initial");
  expect([err, code]).toEqual(["", 0]);
});

test("a wrong file is told by line, and the end is 2", async () => {
  const { out, err, code } = await ran("tests/data/scope-bad.yaml");
  expect([out, code]).toEqual(["", 2]);
  expect(err.split("\n").slice(1, 4)).toEqual([
    "tests/data/scope-bad.yaml:7: answers.materiality: There is no such question.",
    expect.stringMatching(/^tests\/data\/scope-bad.yaml:8: answers.critical-entity.*asks this\.$/),
    "tests/data/scope-bad.yaml:10: met.no-such/duty/initial: There is no such duty; write the id as it is printed.",
  ]);
});
