import { expect, test } from "vitest";

import {
  cleanEnvironment,
  commandOptions,
  installedMatchesLock,
} from "../../scripts/start-options.mjs";

// What npm 10 and 11 really hand over, noted from runs of both.
test.for([
  ["-- --recipients 500 --exit --json", ["--recipients", "500", "--exit", "--json"], {}],
  ["--exit", [], { npm_config_exit: "true" }],
  ["--recipients 500 --exit", ["500"], { npm_config_recipients: "true", npm_config_exit: "true" }],
  ["--recipients=500 --json", [], { npm_config_recipients: "500", npm_config_json: "true" }],
  ["--no-exit", [], { npm_config_exit: "" }],
  ["--exit -- --recipients=500", ["--recipients=500"], { npm_config_exit: "true" }],
] as const)("npm run demo %s", ([said, argv, environment]) => {
  const wanted = said
    .replace("-- ", "")
    .replaceAll("=", " ")
    .split(" ")
    .filter((word) => word !== "--no-exit");
  const read = commandOptions("demo", argv, environment).flatMap((word) => word.split("="));
  expect(read.toSorted()).toEqual(wanted.toSorted());
});

test("a value stays beside its option", () => {
  const environment = { npm_config_recipients: "true", npm_config_json: "true" };
  expect(commandOptions("demo", ["500"], environment)).toEqual(["--recipients", "500", "--json"]);
});

test("test files and the runner's own options pass unchanged", () => {
  const argv = ["tests/dev/start.test.ts", "-t", "a value"];
  expect(commandOptions("test", argv, {})).toEqual(argv);
});

test("an npm that we start does not see our options as its own", () => {
  const given = { npm_config_json: "true", npm_config_recipients: "9", npm_config_cache: "/c" };
  expect(cleanEnvironment(given)).toEqual({ npm_config_cache: "/c" });
});

const LOCK = {
  packages: {
    "": { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b-darwin": { version: "2.0.0", optional: true },
  },
};

test.for([
  ["nothing installed", undefined, false],
  ["the same", { "node_modules/a": { version: "1.0.0" } }, true],
  ["another version", { "node_modules/a": { version: "1.0.1" } }, false],
  ["a package missing", {}, false],
  [
    "a package too many",
    { "node_modules/a": { version: "1.0.0" }, "node_modules/c": { version: "1.0.0" } },
    false,
  ],
  [
    "an optional one of another version",
    { "node_modules/a": { version: "1.0.0" }, "node_modules/b-darwin": { version: "1.0.0" } },
    false,
  ],
] as const)("what is installed matches the lock: %s", ([, packages, matches]) => {
  expect(installedMatchesLock(LOCK, packages && { packages })).toBe(matches);
});
