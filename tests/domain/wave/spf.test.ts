import { describe, expect, test } from "vitest";

import { parseSpf } from "../../../src/domain/wave/spf.ts";

function read(...texts: string[]) {
  const spf = parseSpf(texts);
  if (spf.kind !== "record") throw new Error(`This is ${spf.kind}.`);
  return spf;
}

describe("the SPF record of a domain", () => {
  test.for([
    ["none", []],
    ["none", ["v=spf10 -all", "google-site-verification=x", " v=spf1 -all", "xv=spf1"]],
    ["several", ["v=spf1 -all", "v=spf1 a -all"]],
    ["record", ["other", "v=spf1 -all"]],
    ["record", ["V=SPF1 -ALL"]],
    ["record", ["v=spf1"]],
  ] as const)("is %s among %j", ([kind, texts]) => {
    expect(parseSpf(texts).kind).toBe(kind);
  });

  test.for([
    "v=spf1 include -all",
    "v=spf1 include: -all",
    "v=spf1 include:a:b -all",
    "v=spf1 everybody",
    "v=spf1 +-all",
    "v=spf1 all:example.com",
    "v=spf1 ip4:1.2.3 -all",
    "v=spf1 ip4:1.2.3.4/123",
    "v=spf1 ip4:1.2.3.4.5",
    "v=spf1 ip6:xyz::1 -all",
    "v=spf1 a/ -all",
    "v=spf1 xall",
    "v=spf1 exists -all",
    "v=spf1 =x",
    "v=spf1 9=x",
  ])("cannot be read where it says %s", (text) => {
    expect(parseSpf([text])).toEqual({ kind: "invalid" });
  });

  test.for([
    ["all", "+"],
    ["+all", "+"],
    ["-all", "-"],
    ["~ALL", "~"],
    ["?all", "?"],
    ["mx", undefined],
  ] as const)("says of strangers by %s: %s", ([term, all]) => {
    expect(read(`v=spf1 ${term}`).all).toBe(all);
  });

  test("counts each term that a receiver looks up, up to all", () => {
    const text =
      "v=spf1  a mx ptr a:one.example mx:two.example/24 a/24//64 exists:%{i}.example ptr:x.example " +
      "ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?include:Three.Example. -INCLUDE:%{d}.example " +
      "-all include:never.example exp=why.example unknown=thing";
    const { terms, all } = read(text);
    expect(all).toBe("-");
    expect(terms).toEqual([
      ...Array.from({ length: 8 }, () => ({ kind: "look-up", pass: true })),
      { kind: "include", pass: false, domain: "three.example" },
      { kind: "include", pass: false },
    ]);
  });

  test("tells what passes from what does not", () => {
    expect(read("v=spf1 include:a.example +include:b.example ~mx -a -all").terms).toEqual([
      { kind: "include", pass: true, domain: "a.example" },
      { kind: "include", pass: true, domain: "b.example" },
      { kind: "look-up", pass: false },
      { kind: "look-up", pass: false },
    ]);
  });

  test("goes on elsewhere where nothing decides before", () => {
    const elsewhere = { kind: "redirect", pass: true, domain: "_spf.example" };
    expect(read("v=spf1 redirect=_spf.example").terms).toEqual([elsewhere]);
    expect(read("v=spf1 redirect=_spf.example a").terms).toEqual([
      { kind: "look-up", pass: true },
      elsewhere,
    ]);
    expect(read("v=spf1 redirect=_spf.example -all").terms).toEqual([]);
    expect(read("v=spf1 xredirect=_spf.example").terms).toEqual([]);
    expect(read("v=spf1 redirect=%{d}.example").terms).toEqual([{ kind: "redirect", pass: true }]);
  });

  test.for([
    ["ip4:0.0.0.0/0", true],
    ["+ip6:::/0", true],
    ["-ip4:0.0.0.0/0", false],
    ["ip4:10.0.0.0/8", false],
    ["ip4:192.0.2.0/20", false],
    ["-all ip4:0.0.0.0/0", false],
    ["a/0", false],
  ] as const)("lets everybody in by %s: %s", ([term, everywhere]) => {
    expect(read(`v=spf1 ${term}`).everywhere).toBe(everywhere);
  });
});
