import { expect, test } from "vitest";

import { unfit } from "../../src/gateways/redis.ts";

test.for([
  ["7.0.15", "noeviction", []],
  ["6.2.0", "noeviction", []],
  ["10.0.1", "noeviction", []],
  ["6.0.16", "noeviction", [/6\.2 or newer/]],
  ["5.0.9", "noeviction", [/6\.2 or newer/]],
  ["7.2.4", "allkeys-lru", [/may evict/]],
  ["6.0.16", "volatile-lru", [/may evict/, /6\.2 or newer/]],
  ["", "", [/may evict/, /6\.2 or newer/]],
] as const)("Redis %s with %s", ([version, policy, wanted]) => {
  const server = `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`;
  const memory = `# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:${policy}\r\n`;
  expect(unfit(server, memory)).toEqual(wanted.map((each) => expect.stringMatching(each)));
});
