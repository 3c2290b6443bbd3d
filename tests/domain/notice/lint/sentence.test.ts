import { describe, expect, test } from "vitest";

import { sentencesOf, split } from "../../../../src/domain/notice/lint/sentence.ts";
import { parseSource } from "../../../../src/domain/notice/source.ts";
import { KNOWN } from "../../../support/compiled.ts";
import { aSource } from "../../../support/notice.ts";

function read(body: string, language: "en" | "zh" | "ru" = "en", facts = KNOWN) {
  const source = aSource({ body });
  return sentencesOf({ source, parsed: parseSource(source), language, facts })
    .filter(({ part }) => part === "body")
    .map(({ line, kind, text, under, fact }) => [line, kind, text, under, ...(fact ? [fact] : [])]);
}

describe("sentences", () => {
  test("have the line they begin on, also within a paragraph", () => {
    expect(read("One. Two begins here\nand ends. Three.\n\nFour.")).toEqual([
      [7, "words", "One.", ""],
      [7, "words", "Two begins here and ends.", ""],
      [8, "words", "Three.", ""],
      [10, "words", "Four.", ""],
    ]);
  });

  test("of one row begin there, though the next row ends them", () => {
    expect(
      read("One two. A\nmouse came  \nin. Done.").map(([line, , text]) => [line, text]),
    ).toEqual([
      [7, "One two."],
      [7, "A mouse came in."],
      [9, "Done."],
    ]);
  });

  test("of paragraphs are told apart by a row of spaces, too", () => {
    expect(read("One\n  \n  Two  \n  three").map(([line, , text]) => [line, text])).toEqual([
      [7, "One"],
      [9, "Two three"],
    ]);
  });

  test("stand under their heading, which is one itself", () => {
    expect(read("Hello.\n## What *now*? ##\nGo.\n# Then\n\nEnd.")).toEqual([
      [7, "words", "Hello.", ""],
      [8, "heading", "What now?", "What now?"],
      [9, "words", "Go.", "What now?"],
      [10, "heading", "Then", "Then"],
      [12, "words", "End.", "Then"],
    ]);
  });

  test("of lists are steps or bullets, each its own", () => {
    expect(read("- One\n* Two\n1. Three\n2) Four\n   goes on\n\n+ Five")).toEqual([
      [7, "bullet", "One", ""],
      [8, "bullet", "Two", ""],
      [9, "step", "Three", ""],
      [10, "step", "Four goes on", ""],
      [13, "bullet", "Five", ""],
    ]);
  });

  test.each([
    ["  ##   Two ##", "heading", "Two"],
    ["###### Six", "heading", "Six"],
    ["####### Seven", "words", "####### Seven"],
    ["##None", "words", "##None"],
    ["C# is a language", "words", "C# is a language"],
    ["One ## two", "words", "One ## two"],
    ["  -   One", "bullet", "One"],
    ["  *   One", "bullet", "One"],
    ["• One", "bullet", "One"],
    ["  12.  Twelve", "step", "Twelve"],
    ["-One", "words", "-One"],
    ["1)One", "words", "1)One"],
    ["Call us - now", "words", "Call us - now"],
    ["B- is a mark", "words", "B- is a mark"],
    ["On 12) May", "words", "On 12) May"],
    ["**Bold** words", "words", "Bold words"],
    ["Two * three", "words", "Two  three"],
    ["__So__ it is", "words", "So it is"],
    ["The snake_case and a_ b", "words", "The snake_case and a b"],
    ["> > Quoted", "words", "Quoted"],
    ["  >Quoted", "words", "Quoted"],
    ["A > B", "words", "A > B"],
    ["{{!-- no {{name}} here --}}Hello", "words", "Hello"],
  ])("are read from %j as a %s", (row, kind, text) => {
    expect(read(row)).toEqual([[7, kind, text, kind === "heading" ? text : ""]]);
  });

  test("lose their marks and keep their fields", () => {
    const body =
      "{{#if name}}Dear **{{name}}**,{{else}}Hello,{{/if}}\n\n> _So_ it is at {{check_address}}. {{!-- a remark --}}{{! more }}";
    expect(read(body).map(([, , text]) => text)).toEqual([
      "Dear {{name}}, Hello,",
      "So it is at {{check_address}}.",
    ]);
  });

  test("of nothing but fields or marks are none", () => {
    expect(read("{{contact_lines}}\n\n***\n\n— !\n\n{{data_elements}}")).toEqual([]);
    expect(read("<https://example.org>\n\n7")).toEqual([
      [7, "words", "<https://example.org>", ""],
      [9, "words", "7", ""],
    ]);
  });

  test("are read in Chinese and in Russian", () => {
    expect(read("您好！请看。\n\n再见。", "zh").map(([line, , text]) => [line, text])).toEqual([
      [7, "您好！"],
      [7, "请看。"],
      [9, "再见。"],
    ]);
    expect(read("Да. Нет? Да!", "ru").map(([, , text]) => text)).toEqual(["Да.", "Нет?", "Да!"]);
  });

  test("of the scope stand at the line of their field, actions as steps", () => {
    expect(read("## Now\n\n{{what_happened}}\n\n{{actions}}\n\nAt {{where_it_happened}}.")).toEqual(
      [
        [7, "heading", "Now", "Now"],
        [9, "words", "A laptop was stolen from a car.", "Now", "whatHappened"],
        [9, "words", "It held a list of patients.", "Now", "whatHappened"],
        [11, "step", "Freeze your credit.", "Now", "actions"],
        [11, "step", "Watch your accounts.", "Now", "actions"],
        [13, "words", "At {{where_it_happened}}.", "Now"],
        [13, "words", "Springfield", "Now", "place"],
      ],
    );
  });

  test("of the scope stand once, at their own row of a paragraph", () => {
    expect(read("{{ how }} and\n{{what_we_do}} too")).toEqual([
      [7, "words", "{{ how }} and {{what_we_do}} too", ""],
      [7, "words", "The car was broken into.", "", "how"],
      [8, "words", "We encrypt every laptop by 14 March 2026.", "", "whatWeDo"],
    ]);
  });

  test("of the scope end with their paragraph, and have one space between words", () => {
    const facts = { ...KNOWN, how: "Somebody   came\nin\n \nWe   saw it\n\nAll of us" };
    expect(read("{{how}}", "en", facts).map(([, , text]) => text)).toEqual([
      "Somebody came in",
      "We saw it",
      "All of us",
    ]);
  });

  test("that nobody can tell yet are none", () => {
    const source = aSource({ body: "{{how}}{{check_address}}" });
    const parsed = parseSource(source);
    const facts = { ...KNOWN, how: "not-yet-known" } as const;
    const all = sentencesOf({ source, parsed, language: "en", facts });
    expect(all.map(({ part }) => part)).toEqual(["title", "subject", "discreet_subject", "sms"]);
  });

  test("of the front matter have the part and the line of their key", () => {
    const source = aSource({ front: { sms: "{{organisation}}: one. Two." }, body: "x" });
    const front = sentencesOf({
      source,
      parsed: parseSource(source),
      language: "en",
      facts: KNOWN,
    });
    expect(
      front
        .slice(0, -1)
        .map(({ part, line, kind, text, under }) => [part, line, kind, text, under]),
    ).toEqual([
      ["title", 2, "heading", "Notice of data breach", ""],
      ["subject", 3, "words", "Notice of data breach at {{organisation}}", ""],
      ["discreet_subject", 4, "words", "A message from {{organisation}}", ""],
      ["sms", 5, "words", "{{organisation}}: one.", ""],
      ["sms", 5, "words", "Two.", ""],
    ]);
  });

  test("of a condition in a subject are those of both sides", () => {
    const subject = " {{#if name}}For   {{name}}{{else}}For you{{/if}} ";
    const source = aSource({ front: { subject }, body: "x" });
    const texts = sentencesOf({
      source,
      parsed: parseSource(source),
      language: "en",
      facts: KNOWN,
    });
    expect(texts[1]?.text).toBe("For {{name}} For you");
  });

  test.each(["\n", "\r\n", "\r"])("have the same lines with line ends %j", (end) => {
    const source = aSource({ body: "One.\n\nTwo." }).replaceAll("\n", end);
    const lines = sentencesOf({
      source,
      parsed: parseSource(source),
      language: "en",
      facts: KNOWN,
    });
    expect(lines.slice(-2).map(({ line }) => line)).toEqual([7, 9]);
  });
});

test("a text is split with the place where each sentence begins", () => {
  expect(split("  One.  Two.  ", "en")).toEqual([
    { text: "One.", at: 2 },
    { text: "Two.", at: 8 },
  ]);
  expect(split(" ", "en")).toEqual([]);
});
