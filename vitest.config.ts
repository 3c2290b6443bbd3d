import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/** What takes longest begins first, so that nothing is left running alone at the end. */
const LONG = [
  "browser/tongues",
  "story/canary",
  "story/faults",
  "story/demo",
  "cli.test",
  "http/fuzz",
  "story/kill",
  "browser/door",
  "story/chaos",
  "story/thief",
  "browser/pages",
  "actions/wave-model",
  "http/rights",
  "http/followup",
  "http/my-acts",
  "story/followup",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((name) => moduleId.includes(`/tests/${name}`));
      return at < 0 ? LONG.length : at;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's
    const known = await super.sort(files);
    return known.toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/bench/**"],
    sequence: { sequencer: LongestFirst },
    globalSetup: ["tests/support/servers.ts"],
    pool: "forks",
    // One more than the cores of CI: a third of all time is spent waiting for servers.
    maxWorkers: 3,
    // Files share a process and what it has loaded, which takes a second of each. So a test that
    // puts another module, clock or environment in the place of the real one takes it out again.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
