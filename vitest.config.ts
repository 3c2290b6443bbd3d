import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/bench/**"],
    globalSetup: ["tests/support/servers.ts"],
    pool: "forks",
    // One more than the cores of CI: a third of all time is spent waiting for servers.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
