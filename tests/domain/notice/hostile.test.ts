import { describe, expect, test } from "vitest";

import { parseMarkdown } from "../../../src/domain/notice/markdown.ts";
import { parseSource } from "../../../src/domain/notice/source.ts";
import { Refusal } from "../../../src/domain/refusal.ts";
import { aSource } from "../../support/notice.ts";

const HOSTS = ["notices.example.org"];

/** Why a source is refused, and the line it names; "accepted" where it is not. */
function verdict(source: string): { code: string; line?: number | undefined } {
  try {
    parseMarkdown(parseSource(source).body, HOSTS);
    return { code: "accepted" };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [problem] = error.fields;
    return { code: problem?.code ?? "none", line: problem?.line };
  }
}

/** Row: the body, and the code of its refusal. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ["{{constructor.constructor}}", "not-allowed"],
  ["{{constructor}}", "unknown-field"],
  ["{{__proto__}}", "unknown-field"],
  ["{{hasOwnProperty}}", "not-allowed"],
  ["{{toString}}", "not-allowed"],
  ["{{__defineGetter__}}", "not-allowed"],
  ['{{lookup this "constructor"}}', "not-allowed"],
  ["{{lookup name}}", "not-allowed"],
  ["{{@root.secret}}", "not-allowed"],
  ["{{@root}}", "not-allowed"],
  ["{{@index}}", "not-allowed"],
  ["{{../name}}", "not-allowed"],
  ["{{./name}}", "not-allowed"],
  ["{{this}}", "not-allowed"],
  ["{{this.name}}", "not-allowed"],
  ["{{.}}", "not-allowed"],
  ["{{..}}", "not-allowed"],
  ["{{name.length}}", "not-allowed"],
  ["{{name/length}}", "not-allowed"],
  ["{{log name}}", "not-allowed"],
  ["{{log}}", "unknown-field"],
  ["{{helperMissing}}", "not-allowed"],
  ["{{blockHelperMissing}}", "not-allowed"],
  ["{{name organisation}}", "not-allowed"],
  ['{{name x="y"}}', "not-allowed"],
  ["{{(name)}}", "braces"],
  ["{{name (log organisation)}}", "not-allowed"],
  ["{{{name}}}", "not-allowed"],
  ["{{&name}}", "not-allowed"],
  ["{{~name~}}", "not-allowed"],
  ['{{"name"}}', "not-allowed"],
  ["{{1}}", "not-allowed"],
  ["{{true}}", "not-allowed"],
  ["{{undefined}}", "not-allowed"],
  ["{{null}}", "not-allowed"],
  ["{{[constructor]}}", "unknown-field"],
  ["{{[a b]}}", "not-allowed"],
  ["{{#each actions}}x{{/each}}", "not-allowed"],
  ["{{#with name}}x{{/with}}", "not-allowed"],
  ["{{#unless name}}x{{/unless}}", "not-allowed"],
  ["{{#name}}x{{/name}}", "not-allowed"],
  ["{{^name}}x{{/name}}", "not-allowed"],
  ["{{#if name}}a{{else if how}}b{{/if}}", "not-allowed"],
  ["{{#if name as |x|}}a{{/if}}", "not-allowed"],
  ["{{#if name organisation}}a{{/if}}", "not-allowed"],
  ["{{#if name includeZero=true}}a{{/if}}", "not-allowed"],
  ["{{#if (lookup name)}}a{{/if}}", "not-allowed"],
  ["{{#if @root}}a{{/if}}", "not-allowed"],
  ["{{#if}}a{{/if}}", "not-allowed"],
  ["{{#~if name}}a{{/if}}", "braces"],
  ["{{~#if name}}a{{/if}}", "not-allowed"],
  ["{{#if organisation}}a{{/if}}", "always-there"],
  ["{{#if secret}}a{{/if}}", "unknown-field"],
  ["{{#if name}}never closed", "braces"],
  ["{{/if}}", "braces"],
  ["{{", "braces"],
  ["{{else}}", "braces"],
  ["{{name", "braces"],
  ["\\{{name}}", "braces"],
  ["{{> footer}}", "not-allowed"],
  ["{{> (lookup . 'x')}}", "not-allowed"],
  ["{{> @partial-block}}", "not-allowed"],
  ["{{#> layout}}x{{/layout}}", "not-allowed"],
  ['{{#*inline "a"}}x{{/inline}}', "not-allowed"],
  ["{{* decorator}}", "not-allowed"],
  ["{{#* decorator}}x{{/decorator}}", "not-allowed"],
  ["{{{{raw}}}} {{name}} {{{{/raw}}}}", "not-allowed"],
  ["<b>bold</b>", "html"],
  ["<script>alert(1)</script>", "html"],
  ["<img src=x onerror=alert(1)>", "html"],
  ["text <!-- hidden --> text", "html"],
  ["<iframe src=https://notices.example.org></iframe>", "html"],
  ["<form action=/x><input></form>", "html"],
  ["<style>p{}</style>", "html"],
  ["![pixel](https://notices.example.org/p.png)", "image"],
  ["![pixel][p]\n\n[p]: https://notices.example.org/p.png", "image"],
  ["[https://notices.example.org/](javascript:alert(1))", "link-not-https"],
  ["[x](data:text/html,x)", "link-not-https"],
  ["[x](vbscript:x)", "link-not-https"],
  ["[x](//notices.example.org/)", "link-not-https"],
  ["[x](/path)", "link-not-https"],
  ["<javascript:alert(1)>", "link-not-https"],
  ["<privacy@example.org>", "link-not-https"],
  ["[x](mailto:privacy@example.org)", "link-not-https"],
  ["<http://notices.example.org/>", "link-host"],
  ["<https://evil.example.net/>", "link-host"],
  ["<https://notices.example.org.evil.example.net/>", "link-host"],
  ["<https://notices.example.org@evil.example.net/>", "link-host"],
  ["[x](https://user:pass@notices.example.org/)", "link-host"],
  ["[x](https://notices.example.org:8443/)", "link-host"],
  ["<https://notiсes.example.org/>", "link-host"],
  ["[our site](https://notices.example.org/a)", "link-hidden"],
  ["[https://notices.example.org/a](https://notices.example.org/b)", "link-hidden"],
  ["[**https://notices.example.org/a**](https://notices.example.org/b)", "link-hidden"],
  ["Read https://evil.example.net/ now", "link-host"],
  ["Read www.evil.example.net now", "link-host"],
  ["Read ftp://notices.example.org now", "link-host"],
  ["<https://notices.example.org/{{name}}>", "field-in-link"],
  ["[x](https://notices.example.org/{{name}})", "field-in-link"],
  ["[x]({{name}})", "field-in-link"],
  ["[{{name}}](https://notices.example.org/)", "link-hidden"],
  ['[x](https://notices.example.org/ "{{name}}")', "link-hidden"],
  ["https://{{name}}", "field-in-link"],
  ["https://notices.example.org/?u={{name}}", "field-in-link"],
  ["notices.example.org/{{notice_code}}", "field-in-link"],
  ["www.{{name}}", "field-in-link"],
  ["[x][r]\n\n[r]: https://notices.example.org/{{name}}", "field-in-link"],
  ["`{{name}}`", "field-in-code"],
  ["```\n{{name}}\n```", "field-in-code"],
  ["    {{name}} indented", "field-in-code"],
  ["```{{name}}\nx\n```", "field-in-code"],
  ["Do this: {{actions}}", "not-alone"],
  ["- {{data_elements}}", "accepted"],
  ["**{{#if name}}bold** text{{/if}}", "torn-if"],
  ["{{#if name}}first\n\nsecond{{/if}}", "torn-if"],
  ["- {{#if name}}one\n- two{{/if}}", "torn-if"],
  ["{{#if name}}\n# A\n\ntext {{else}} text\n{{/if}}", "torn-if"],
  ["A\u202Egnp.exe", "hidden-character"],
  ["A\u0000B", "hidden-character"],
  ["A\u001b[31mB", "hidden-character"],
  ["\uE0000\uE001", "hidden-character"],
  ["A\uD800B", "hidden-character"],
];

describe("a hostile template is refused when it is saved", () => {
  test.each(HOSTILE)("%j is %s", (body, code) => {
    expect(verdict(aSource({ body })).code).toBe(code);
  });

  test("nested inline partials do not even reach a compiler", () => {
    let body = "x".repeat(10);
    for (const name of ["a", "b", "c", "d", "e"])
      body = `{{#*inline "${name}"}}${body.repeat(2)}{{/inline}}{{> ${name}}}`;
    expect(verdict(aSource({ body })).code).toBe("not-allowed");
  });

  test("3,000 nested conditions are refused without exhausting the stack", () => {
    const body = "{{#if name}}".repeat(3_000) + "x" + "{{/if}}".repeat(3_000);
    const start = process.cpuUsage();
    expect(verdict(aSource({ body })).code).toBe("too-many-parts");
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(500);
  });

  test("10 nested conditions are fine and 11 are not", () => {
    const nested = (n: number) => "{{#if name}}".repeat(n) + "x" + "{{/if}}".repeat(n);
    expect(verdict(aSource({ body: nested(10) })).code).toBe("accepted");
    expect(verdict(aSource({ body: nested(11) })).code).toBe("too-deep");
    expect(verdict(aSource({ body: nested(200) })).code).toBe("too-deep");
  });

  test("600 fields are too many", () => {
    const body = "{{name}}".repeat(600);
    expect(verdict(aSource({ body })).code).toBe("too-many-parts");
  });

  test("a source longer than 64 KiB is too long", () => {
    expect(verdict(aSource({ body: "x".repeat(65_536) })).code).toBe("too-long");
  });

  test.each([[{ type: "Program", body: [] }], [["x"]], [null], [42], [new String("x")]])(
    "%j, which is not text, is refused",
    (given) => {
      // What a caller without types could send: a syntax tree in place of its source.
      expect(() => parseSource(given as unknown as string)).toThrow(Refusal);
    },
  );

  test.each([
    ["no front matter", "# Title"],
    ["front matter that does not end", "---\ntitle: x\n"],
    ["a missing subject", "---\ntitle: a\ndiscreet_subject: b\nsms: c\n---\n"],
    ["an unknown key", `---\ntitle: a\nsubject: a\ndiscreet_subject: b\nsms: c\nbcc: d\n---\n`],
    ["a list as title", "---\ntitle: [a]\nsubject: a\ndiscreet_subject: b\nsms: c\n---\n"],
    ["a key twice", "---\ntitle: a\ntitle: b\nsubject: a\ndiscreet_subject: b\nsms: c\n---\n"],
    ["an alias", "---\ntitle: &a x\nsubject: *a\ndiscreet_subject: b\nsms: c\n---\n"],
    ["__proto__", "---\n__proto__: {}\ntitle: a\nsubject: a\ndiscreet_subject: b\nsms: c\n---\n"],
    ["a tag", "---\ntitle: !!js/function x\nsubject: a\ndiscreet_subject: b\nsms: c\n---\n"],
  ])("front matter with %s is refused", (_what, source) => {
    expect(verdict(source).code).not.toBe("accepted");
  });

  test.each([
    ["a line break", { subject: "A\nBcc: e@example.net" }, "front-matter"],
    ["a list", { subject: "{{actions}}" }, "block-field"],
    ["a triple brace", { subject: "{{{organisation}}}" }, "not-allowed"],
    ["more than 200 characters", { title: "x".repeat(201) }, "front-matter"],
  ])("a subject or title with %s is refused", (_what, front, code) => {
    expect(verdict(aSource({ front })).code).toBe(code);
  });

  test("the refusal names the line of the source", () => {
    expect(verdict(aSource({ body: "One\n\nTwo\n\n{{this}}\n" }))).toEqual({
      code: "not-allowed",
      line: 11,
    });
    expect(verdict(aSource({ body: "One\n\n{{actions}}\n\n![x](y)\n" })).line).toBe(11);
    expect(verdict(aSource({ front: { sms: "{{this}}" } })).line).toBe(5);
  });
});

describe("a decent template is accepted", () => {
  test.each([
    "{{! a comment }}Hello {{name}}.",
    "{{#if name}}Dear {{name}},{{else}}Hello,{{/if}}",
    "{{#if actions}}\n\n## What you can do\n\n{{actions}}\n\n{{else}}\nWait.\n{{/if}}",
    "- one\n- two\n  1. three\n\n> quote\n\n---\n\n*a* **b** `c`\n\n```\ncode\n```",
    "<https://notices.example.org/check>",
    "[https://notices.example.org/check](https://notices.example.org/check)",
    "Go to consumer.example.gov or call 1-555-555-0142.",
    "2 < 3 & 4 > 3",
    "{{[name]}}",
  ])("%j", (body) => {
    expect(verdict(aSource({ body })).code).toBe("accepted");
  });
});
