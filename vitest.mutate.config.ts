import { defineConfig } from "vitest/config";

/** Not those that read the shipped rules: reading takes longer than all the others together. */
const OBLIGATION = ["obligation/{assess,calendar,chain,clock,condition,due,in-time,routing,words}"];

/** The tests that judge each part of the pure core: no servers, no I/O. See scripts/mutate.mjs. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  wave: ["wave/**/*", "brake", "hours", "turns", "wave-model"],
  delivery: ["delivery/**/*", "rate", "relay-health"],
  message: ["message", "message-form", "message-wire"],
  receipt: ["receipt/**/*"],
  obligation: OBLIGATION,
  clock: OBLIGATION,
  lint: ["notice/lint/**/*", "notice/words", "notice/language", "notice/own"],
};

export default defineConfig({
  test: {
    include: (TESTS[process.env["MUTATE"] ?? ""] ?? Object.values(TESTS).flat()).map(
      (name) => `tests/domain/${name}.test.ts`,
    ),
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 10_000,
    env: { MODEL_RUNS: "50" },
  },
});
