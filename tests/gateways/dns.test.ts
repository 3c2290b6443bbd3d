import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startDns } from "../../src/dev/dns.ts";
import type { FakeDns } from "../../src/dev/dns.ts";
import { freePort } from "../../src/dev/process.ts";
import { createDns } from "../../src/gateways/dns.ts";

let server: FakeDns;
beforeAll(async () => {
  server = await startDns();
});
afterAll(() => server.close());

function ask(name: string) {
  return createDns([server.address]).txt(name);
}

describe("a look-up in DNS", () => {
  test("answers the records of a name, and no others", async () => {
    server.answer((name) => (name === "mail.example.org" ? ["v=spf1 -all", "other"] : ["wrong"]));
    expect(await ask("mail.example.org")).toEqual({
      kind: "found",
      records: ["v=spf1 -all", "other"],
    });
  });

  test("reads a record that comes in several strings as one", async () => {
    const long = `v=DKIM1; p=${"A".repeat(400)}`;
    server.answer((name) => (name === "one.example" ? [["v=spf1 ", "-all"]] : [long]));
    expect(await ask("one.example")).toEqual({ kind: "found", records: ["v=spf1 -all"] });
    expect(await ask("two.example")).toEqual({ kind: "found", records: [long] });
  });

  test("asks again by TCP where an answer was cut", async () => {
    const many = Array.from({ length: 20 }, (_, i) => `${i}-${"x".repeat(200)}`);
    server.answer(() => many);
    expect(await ask("many.example")).toEqual({ kind: "found", records: many });
  });

  test.for([
    ["no such name", "no-such-name" as const],
    ["no such record", []],
  ] as const)("finds nothing where there is %s", async ([, found]) => {
    server.answer(() => found);
    expect(await ask("none.example")).toEqual({ kind: "found", records: [] });
  });

  test("tells a server that fails from a name that is not there", async () => {
    server.answer(() => "server-failure");
    expect(await ask("any.example")).toEqual({ kind: "failed", code: "ESERVFAIL" });
  });

  test("gives up on a server that says nothing, and on one that is not there", async () => {
    server.answer(() => "silence");
    const nobody = createDns([`127.0.0.1:${await freePort()}`]).txt("any.example");
    expect(await ask("any.example")).toEqual({ kind: "failed", code: "ETIMEOUT" });
    expect(await nobody).toMatchObject({ kind: "failed" });
  });
});
