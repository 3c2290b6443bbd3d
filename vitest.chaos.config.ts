import { defineConfig } from "vitest/config";

/** `npm run chaos`: longer and rougher than `npm test`; one file at a time, because they kill processes. */
export default defineConfig({
  test: {
    include: ["tests/chaos/**/*.test.ts"],
    globalSetup: ["tests/support/servers.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 15 * 60_000,
    hookTimeout: 120_000,
  },
});
