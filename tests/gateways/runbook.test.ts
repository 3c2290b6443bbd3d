import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readRunbooks } from "../../src/gateways/runbook.ts";

const OURS = fileURLToPath(new URL("../../runbooks/incident", import.meta.url));

describe("the runbooks we ship", () => {
  const runbooks = readRunbooks(OURS);

  test("cover the six cases, each with 8 to 14 steps", () => {
    expect(runbooks.map(({ id }) => id)).toEqual([
      "credential-stuffing",
      "insider",
      "misdirected-mail",
      "ransomware",
      "stolen-device-or-paper",
      "vendor",
    ]);
    for (const { steps } of runbooks) {
      expect(steps.length).toBeGreaterThanOrEqual(8);
      expect(steps.length).toBeLessThanOrEqual(14);
    }
  });

  test("keep evidence, tell the people affected, and look back", () => {
    for (const { steps } of runbooks) {
      expect(steps[0]?.phase).toBe("open");
      expect(
        steps.some(({ owner, title }) => owner === "drafter" && title.startsWith("Write to")),
      ).toBe(true);
      expect(steps.at(-1)?.phase).toBe("post-incident");
      expect(steps.every(({ detail }) => detail.length >= 150)).toBe(true);
    }
  });
});

describe("a runbook that cannot be used", () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "candor-runbooks-"))));
  afterEach(() => rm(folder, { recursive: true }));

  const GOOD = `---
id: flood
title: Water in the server room
when: Water is where it should not be.
source: [Experience]
---

## Switch off the power

- phase: open
- owner: responder
- due: PT15M

At the main switch, not at the machines.
`;

  test("is told apart from one that can", async () => {
    await writeFile(join(folder, "flood.md"), GOOD);
    expect(readRunbooks(folder)).toEqual([
      {
        id: "flood",
        title: "Water in the server room",
        when: "Water is where it should not be.",
        source: ["Experience"],
        steps: [
          {
            title: "Switch off the power",
            phase: "open",
            owner: "responder",
            due: "PT15M",
            detail: "At the main switch, not at the machines.",
          },
        ],
      },
    ]);
  });

  test.for([
    ["an owner who is no role", GOOD.replace("responder", "plumber"), /owner/],
    ["a phase that is no state", GOOD.replace("phase: open", "phase: panic"), /phase/],
    ["no due time", GOOD.replace("- due: PT15M\n", ""), /due/],
    ["a due time before awareness", GOOD.replace("PT15M", "-PT15M"), /duration/],
    ["an unknown setting in its head", GOOD.replace("title:", "colour: red\ntitle:"), /colour/],
    ["another id than its name", GOOD.replace("id: flood", "id: water"), /file name/],
    ["no steps", GOOD.slice(0, GOOD.indexOf("## ")), /steps/],
    ["no head", "## Switch off the power\n", /flood\.md/],
    ["a head that is no YAML", GOOD.replace("title: Water", "title: [Water"), /flood\.md/],
  ] as const)("because of %s stops the start, named", async ([, markdown, message]) => {
    await writeFile(join(folder, "flood.md"), markdown);
    expect(() => readRunbooks(folder)).toThrow(message);
  });
});
