import { generateKeyPairSync } from "node:crypto";

import { describe, expect, test } from "vitest";

import { dkimKey, organisational, parseDmarc, walkOf } from "../../../src/domain/wave/dmarc.ts";
import type { Dmarc } from "../../../src/domain/wave/dmarc.ts";

const USUAL = { policy: "reject", dkim: "relaxed", spf: "relaxed", publicSuffix: "unknown" };

describe("a DMARC record", () => {
  test.for([
    ["v=DMARC1; p=reject", {}],
    ["v=DMARC1;p=reject;", {}],
    [" v=DMARC1; p=reject", undefined],
    ["v = DMARC1 ; p = REJECT ; rua = mailto:a@example.org", {}],
    ["v=DMARC1; p=none", { policy: "none" }],
    ["v=DMARC1; p=quarantine; sp=none; pct=100", { policy: "quarantine" }],
    ["v=DMARC1; adkim=s; p=reject", { dkim: "strict" }],
    ["v=DMARC1; p=reject; aspf=S", { spf: "strict" }],
    ["v=DMARC1; p=reject; adkim=r; aspf=r; psd=u", {}],
    ["v=DMARC1; p=reject; psd=y", { publicSuffix: "yes" }],
    ["v=DMARC1; p=reject; psd=N", { publicSuffix: "no" }],
    ["v=DMARC1; p=reject; ADKIM=S", { dkim: "strict" }],
  ] as const)("reads %s", ([text, differs]) => {
    expect(parseDmarc([text])).toEqual(
      differs ? { kind: "record", record: { ...USUAL, ...differs } } : { kind: "none" },
    );
  });

  test("of 64 KB of spaces is read as quickly as any", () => {
    const text = `v=DMARC1; p=none; x=y${" ".repeat(65_000)}z`;
    const started = process.cpuUsage();
    expect(parseDmarc([text]).kind).toBe("record");
    // By squares it would take seconds.
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });

  test.for([
    ["none", []],
    ["none", ["v=spf1 -all", "v=DMARC2; p=none", "p=none; v=DMARC1", "v=DMARC11; p=none"]],
    ["record", ["other", "v=DMARC1; p=none"]],
    ["invalid", ["v=DMARC1; p=none", "v=DMARC1; p=none"]],
    ["invalid", ["v=DMARC1"]],
    ["invalid", ["v=DMARC1; p="]],
    ["invalid", ["v=DMARC1; p=everything"]],
    ["invalid", ["v=DMARC1; p=none; p=reject"]],
    ["invalid", ["v=DMARC1; p=none; nonsense"]],
    ["invalid", ["v=DMARC1; p=none; =x"]],
    ["invalid", ["v=DMARC1; p=none; 1a=x"]],
  ] as const)("is %s among %j", ([kind, texts]) => {
    expect(parseDmarc(texts).kind).toBe(kind);
  });
});

describe("the organisation behind a domain", () => {
  test("is looked for at each name above, at most eight", () => {
    expect(walkOf("News.Example.org.")).toEqual(["news.example.org", "example.org", "org"]);
    expect(walkOf("a.b.c.d.e.f.g.h")).toHaveLength(8);
    expect(walkOf("a.b.c.d.e.f.g.h.example.org")).toEqual(
      [
        "a.b.c.d.e.f.g.h.example.org",
        "e.f.g.h.example.org",
        "f.g.h.example.org",
        "g.h.example.org",
        "h.example.org",
        "example.org",
        "org",
      ].toSpliced(1, 0, "d.e.f.g.h.example.org"),
    );
  });

  test.for([
    ["mail.news.example.org", {}, "mail.news.example.org"],
    ["news.example.org", { "news.example.org": "unknown" }, "news.example.org"],
    ["news.example.org", { "example.org": "unknown" }, "example.org"],
    [
      "news.example.org",
      { "news.example.org": "unknown", "example.org": "unknown" },
      "example.org",
    ],
    ["a.b.example.org", { "b.example.org": "no", "example.org": "unknown" }, "b.example.org"],
    ["a.b.bank.example", { example: "yes", "a.b.bank.example": "unknown" }, "bank.example"],
    ["bank.example", { example: "yes" }, "bank.example"],
    ["co.example", { "co.example": "yes" }, "co.example"],
  ] as const)("of %s with %j is %s", ([domain, records, expected]) => {
    const known: Readonly<Record<string, string>> = records;
    const walked = walkOf(domain).map((name) => ({ domain: name, found: found(known[name]) }));
    expect(organisational(walked)).toBe(expected);
  });

  test("is nobody for no domain", () => {
    expect(organisational([])).toBe("");
  });
});

describe("a DKIM key", () => {
  const [good, weak] = [rsa(2_048, "spki"), rsa(512, "spki")];
  const edwards = Buffer.alloc(32, 7).toString("base64");

  test.for([
    ["missing", []],
    ["good", [`v=DKIM1; k=rsa; p=${good}`]],
    ["good", [`p=${good}`]],
    ["good", [`v=DKIM1; p=${good.slice(0, 60)} ${good.slice(60)}`]],
    ["good", [`v=DKIM1; p=${rsa(1_024, "pkcs1")}`]],
    ["good", ["something else", `v=DKIM1; p=${good}`]],
    ["good", [`v=DKIM1; k=ed25519; p=${edwards}`]],
    ["weak", [`v=DKIM1; p=${weak}`]],
    ["revoked", ["v=DKIM1; p="]],
    ["revoked", ["v=DKIM1; p=  ;"]],
    ["invalid", ["v=DKIM1"]],
    ["invalid", ["something else"]],
    ["invalid", [`v=DKIM2; p=${good}`]],
    ["invalid", [`v=DKIM1; p=${good}`, `v=DKIM1; p=${good}`]],
    ["invalid", ["v=DKIM1; p=%%%%"]],
    ["invalid", ["v=DKIM1; p=AAAA"]],
    ["invalid", [`v=DKIM1; p==${good}`]],
    ["invalid", ["v=DKIM1; k=ed25519; p=AAAA"]],
    ["invalid", [`v=DKIM1; p=${edwards}`]],
  ] as const)("is %s", ([expected, texts]) => {
    expect(dkimKey(texts)).toBe(expected);
  });
});

function found(publicSuffix: string | undefined): Dmarc {
  if (publicSuffix === undefined) return { kind: "none" };
  const psd = { yes: "y", no: "n", unknown: "u" }[publicSuffix] ?? "u";
  return parseDmarc([`v=DMARC1; p=reject; psd=${psd}`]);
}

function rsa(modulusLength: number, type: "spki" | "pkcs1"): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength });
  return publicKey.export({ format: "der", type }).toString("base64");
}
