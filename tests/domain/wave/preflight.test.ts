import { describe, expect, test } from "vitest";

import { parseDmarc, walkOf } from "../../../src/domain/wave/dmarc.ts";
import { FINDING_CODES, finding, notAccepted } from "../../../src/domain/wave/finding.ts";
import {
  dkimFindings,
  dmarcFindings,
  domainOfAddress,
  knownRate,
  paceFindings,
  policyOf,
  spfFindings,
} from "../../../src/domain/wave/preflight.ts";
import type { Alignment, Walk } from "../../../src/domain/wave/preflight.ts";

const NOON = new Date("2026-03-03T12:00:00Z");
const ONE = new Date("2026-03-03T13:00:00Z");

describe("findings", () => {
  test("each says how grave it is, what it is about and what to do, and quotes nothing", () => {
    for (const code of FINDING_CODES.options) {
      const { severity, field, message } = finding(code, "example.org");
      expect(field).toBe("example.org");
      expect(["stop", "warn"]).toContain(severity);
      expect(message).toMatch(/^[A-Z].{30,}\.$/);
      expect(message).not.toContain("example.org");
    }
  });

  test.for([
    ["dns-unreachable", "stop"],
    ["spf-open", "stop"],
    ["spf-neutral", "warn"],
    ["dmarc-missing", "warn"],
    ["dmarc-missing-bulk", "stop"],
    ["dmarc-none", "warn"],
    ["not-aligned", "stop"],
    ["spf-not-aligned", "warn"],
    ["dkim-unknown", "warn"],
    ["rate-unknown", "warn"],
    ["too-slow", "stop"],
  ] as const)("%s is a reason to %s", ([code, severity]) => {
    expect(finding(code, "x").severity).toBe(severity);
  });

  test("stop a wave until each is accepted by its code; warnings never do", () => {
    const [open, none, slow] = [
      finding("spf-open", "a"),
      finding("dmarc-none", "b"),
      finding("too-slow", "c"),
    ];
    expect(notAccepted([open, none, slow], [])).toEqual([open, slow]);
    expect(notAccepted([open, none, slow], ["spf-open"])).toEqual([slow]);
    expect(notAccepted([open, none, slow], ["spf-open", "too-slow"])).toEqual([]);
  });
});

describe("the sender's domain", () => {
  const read = { kind: "read", lookups: 3, open: false, closes: true } as const;

  test.for([
    [read, []],
    [{ ...read, open: true }, ["spf-open"]],
    [{ ...read, closes: false }, ["spf-neutral"]],
    [{ ...read, closes: false, open: true }, ["spf-open"]],
    [{ kind: "none" }, ["spf-missing"]],
    [{ kind: "several" }, ["spf-several"]],
    [{ kind: "invalid" }, ["spf-invalid"]],
    [{ kind: "too-many" }, ["spf-too-many-lookups"]],
    [{ kind: "unreachable" }, ["dns-unreachable"]],
  ] as const)("with an SPF record that is %j: %j", ([seen, codes]) => {
    const found = spfFindings("example.org", seen);
    expect(found.map(({ code, field }) => [code, field])).toEqual(
      codes.map((code) => [code, "example.org"]),
    );
  });

  test("needs keys that can be used", () => {
    const name = "s1._domainkey.example.org";
    expect(dkimFindings(name, "good")).toEqual([]);
    for (const kind of ["missing", "revoked", "invalid", "weak"] as const)
      expect(dkimFindings(name, kind)).toEqual([finding(`dkim-${kind}`, name)]);
  });

  test("is what stands after the last @", () => {
    expect(domainOfAddress("notices@Mail.Example.org")).toBe("mail.example.org");
    expect(domainOfAddress('"a@b"@example.org')).toBe("example.org");
  });
});

describe("alignment", () => {
  const strict = { "example.org": "v=DMARC1; p=reject; aspf=s; adkim=s" };
  const relaxed = { "example.org": "v=DMARC1; p=reject" };

  test.for([
    ["the same domain", "example.org", "example.org", [], relaxed, []],
    ["the same domain, strictly", "example.org", "example.org", [], strict, []],
    ["a bounce domain below", "example.org", "bounce.example.org", [], relaxed, []],
    [
      "a bounce domain below, strictly",
      "example.org",
      "b.example.org",
      [],
      strict,
      ["not-aligned"],
    ],
    ["an author below", "news.example.org", "example.org", [], relaxed, []],
    ["another's envelope", "example.org", "relay.example", [], relaxed, ["not-aligned"]],
    ["own signature", "example.org", "relay.example", ["example.org"], strict, ["spf-not-aligned"]],
    [
      "a signature from below",
      "example.org",
      "relay.example",
      ["k.example.org"],
      strict,
      ["not-aligned"],
    ],
    [
      "a relaxed one",
      "example.org",
      "relay.example",
      ["x.example", "k.example.org"],
      relaxed,
      ["spf-not-aligned"],
    ],
    [
      "another's signature",
      "example.org",
      "relay.example",
      ["relay.example"],
      relaxed,
      ["not-aligned"],
    ],
  ] as const)("%s", ([, author, envelope, signers, records, codes]) => {
    const alignment = aligned({ author, envelope, signers, records });
    expect(dmarcFindings(alignment).map(({ code }) => code)).toEqual(codes);
    expect(policyOf(alignment.author)).toBe("reject");
  });

  test("policies of nothing are reported, and missing where mail goes out in bulk", () => {
    const none = aligned({ records: { "example.org": "v=DMARC1; p=none" } });
    expect(dmarcFindings(none)).toEqual([finding("dmarc-none", "_dmarc.example.org")]);
    expect(policyOf(none.author)).toBe("none");
    const missing = aligned({ author: "news.example.org", records: {} });
    const field = "_dmarc.news.example.org";
    expect(dmarcFindings(missing)).toEqual([finding("dmarc-missing", field)]);
    expect(dmarcFindings({ ...missing, messages: 5_000 })).toEqual([
      finding("dmarc-missing", field),
    ]);
    expect(dmarcFindings({ ...missing, messages: 5_001 })).toEqual([
      finding("dmarc-missing-bulk", field),
    ]);
    expect(policyOf(missing.author)).toBeNull();
    expect(policyOf([])).toBeNull();
  });

  test("a record that cannot be read hides the one above it", () => {
    const records = { "news.example.org": "v=DMARC1; p=x", "example.org": "v=DMARC1; p=reject" };
    const broken = aligned({ author: "news.example.org", records });
    expect(dmarcFindings(broken)).toEqual([finding("dmarc-invalid", "_dmarc.news.example.org")]);
  });

  test("the author's own record goes before the organisation's", () => {
    const records = { "news.example.org": "v=DMARC1; p=none", "example.org": "v=DMARC1; p=reject" };
    expect(policyOf(aligned({ author: "news.example.org", records }).author)).toBe("none");
  });
});

describe("time", () => {
  const pace = { channel: "email", messages: 3_600, perSecond: 1, from: NOON, until: ONE } as const;

  test.for([
    [{}, []],
    [{ messages: 3_601 }, ["too-slow"]],
    [{ perSecond: 0.99 }, ["too-slow"]],
    [{ messages: 3_601, until: null }, []],
    [{ messages: 0, perSecond: null, until: NOON }, []],
    [{ perSecond: null }, ["rate-unknown"]],
    [{ perSecond: null, until: null }, ["rate-unknown"]],
    [{ until: NOON }, ["too-late"]],
    [{ from: ONE }, ["too-late"]],
  ] as const)("with %j: %j", ([differs, codes]) => {
    const found = paceFindings({ ...pace, ...differs });
    expect(found.map(({ code, field }) => [code, field])).toEqual(
      codes.map((code) => [code, "email"]),
    );
  });

  test.for([
    [null, 0, null],
    [40, 0, 40],
    [null, 25, 25],
    [40, 25, 25],
    [10, 25, 10],
  ] as const)("a measured rate of %s and a limit of %i make %s", ([measured, max, known]) => {
    expect(knownRate(measured, max)).toBe(known);
  });
});

interface Given {
  readonly author?: string;
  readonly envelope?: string;
  readonly signers?: readonly string[];
  readonly records: Readonly<Record<string, string>>;
}

function aligned({ author = "example.org", envelope, signers = [], records }: Given): Alignment {
  const walk = (domain: string): Walk =>
    walkOf(domain).map((name) => {
      const text = records[name];
      return { domain: name, found: parseDmarc(text === undefined ? [] : [text]) };
    });
  return {
    author: walk(author),
    envelope: walk(envelope ?? author),
    signers: signers.map(walk),
    messages: 10,
  };
}
