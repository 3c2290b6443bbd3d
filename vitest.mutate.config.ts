import { defineConfig } from "vitest/config";

/** The tests that judge a part of the pure core: no servers, no I/O. See scripts/mutate.mjs. */
const TESTS = process.env["MUTATE_TESTS"]?.split(" ") ?? ["**/*"];

export default defineConfig({
  test: {
    include: TESTS.map((name) => `tests/domain/${name}.test.ts`),
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 10_000,
    env: { MODEL_RUNS: "50" },
  },
});
