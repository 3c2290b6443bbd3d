import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { getDocumentProxy } from "unpdf";
import { describe, expect, test } from "vitest";

import { LetterHold } from "../../src/domain/delivery/letter-hold.ts";
import type { Face } from "../../src/domain/delivery/letter-line.ts";
import type { Paper } from "../../src/domain/delivery/letter-paper.ts";
import type { Paragraph } from "../../src/domain/delivery/letter-text.ts";
import { setLetter } from "../../src/domain/delivery/letter.ts";
import type { LetterContent } from "../../src/domain/delivery/letter.ts";
import { createPress } from "../../src/gateways/letter.ts";
import { pagesOf } from "../support/letter.ts";

const press = createPress();
const LATIN: readonly Face[] = ["sans", "han"];

describe("the bundled fonts", () => {
  test.each([
    ["all 6,763 characters of GB 2312", gb2312(), 6_763],
    ["Latin-1 and Latin Extended-A", range(0xc0, 0x17f), 192],
    [
      "Vietnamese",
      Array.from(
        "ẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻẼẽẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹĐđƠơƯư",
      ),
      96,
    ],
    ["Cyrillic", range(0x410, 0x44f).concat(Array.from("ЁёЄєІіЇїЎўҐґ")), 76],
    ["characters of rarer names", Array.from("曌翀玥赟珺旻晞彧堃㛃"), 10],
    ["punctuation", Array.from("“”‘’—–…•·©®°№€£¥\u00a0\u2011，。、；：？！（）《》"), 29],
  ])("have %s", (_, characters, count) => {
    expect(characters).toHaveLength(count);
    const missing = characters.filter((each) => press.metrics.faceOf(each, LATIN) === undefined);
    expect(missing).toEqual([]);
  });

  test.each(["𠮷", "ل", "א", "🌞", "한", "ก", "\u202e", "\ufffd"])("do not have %j", (each) => {
    expect(press.metrics.faceOf(each, LATIN)).toBeUndefined();
  });

  test("come with their licence and how they were made", () => {
    const read = (name: string) =>
      readFileSync(
        fileURLToPath(new URL(`../../templates/fonts/${name}`, import.meta.url)),
        "utf8",
      );
    expect(read("OFL.txt")).toContain("SIL OPEN FONT LICENSE Version 1.1");
    expect(read("README.md")).toContain("scripts/fonts.sh");
  });
});

/** Where an envelope shows the sheet, from the standards: millimetres from the upper left corner. */
const WINDOWS = {
  a4: { left: 20, right: 105, top: 45, bottom: 90 },
  "us-letter": { left: 12.7, right: 114.3, top: 48.7, bottom: 77.3 },
} as const;

describe.each(["a4", "us-letter"] as const)("on %s", (paper) => {
  const window = WINDOWS[paper];

  test.each([
    ["a short address", ["Ada Example", "12 Elm Street", "62701 Springfield", "GERMANY"]],
    [
      "lines of 40 characters",
      Array.from({ length: 5 }, () => "Forty characters are in this line right."),
    ],
    [
      "a Chinese name",
      ["欧阳娜娜", "北京市朝阳区建国门外大街甲十二号院三号楼二单元五零一室", "CHINA"],
    ],
    ["six lines", ["Анна Пример", "д. 12", "кв. 34", "корп. 5", "101000 Москва", "RUSSIA"]],
  ])("the window shows the whole of %s", async (_, addressLines) => {
    const { pieces } = await pageOf(aLetter({ paper, addressLines }));
    const first = addressLines[0]?.slice(0, 4) ?? "";
    const start = pieces.findIndex(({ text }) => text.startsWith(first));
    const wanted = addressLines.join("").replaceAll(" ", "");
    let seen = "";
    for (const piece of pieces.slice(start)) {
      seen += piece.text.replaceAll(" ", "");
      expect(mm(piece.x)).toBeGreaterThanOrEqual(window.left);
      expect(mm(piece.x + piece.width)).toBeLessThanOrEqual(window.right);
      expect(mm(piece.y - piece.size)).toBeGreaterThanOrEqual(window.top);
      expect(mm(piece.y + piece.size * 0.25)).toBeLessThanOrEqual(window.bottom);
      if (seen === wanted) break;
    }
    expect(seen).toBe(wanted);
  });

  test("nothing else stands in the window below the sender", async () => {
    const { pieces } = await pageOf(aLetter({ paper }));
    const inside = pieces.filter(
      ({ x, y }) => mm(x) < window.right && mm(y) > window.top && mm(y) < window.bottom,
    );
    expect(inside.map(({ text }) => text)).toEqual([
      ...(paper === "a4" ? ["Example Organisation · 1 Example Square"] : []),
      "Ada Example",
      "12 Elm Street",
    ]);
  });

  test("an address too long for the window is held", () => {
    const addressLines = Array.from({ length: 12 }, () => "One more line");
    expect(() => set(aLetter({ paper, addressLines }))).toThrow(LetterHold);
  });

  test("text is set in 10 points at least, and stays on the sheet", async () => {
    const pages = await printed(aLetter({ paper, paragraphs: longNotice() }));
    const [width, height] = paper === "a4" ? [210, 297] : [215.9, 279.4];
    for (const { pieces } of pages)
      for (const { x, y, width: wide, size, text } of pieces) {
        if (/^(Letter|Page) /.test(text) || text.includes("Square")) continue;
        if (mm(y) > 95) expect(size).toBeGreaterThanOrEqual(10);
        expect(mm(x)).toBeGreaterThanOrEqual(15);
        expect(mm(x + wide)).toBeLessThanOrEqual(width - 15);
        expect(mm(y)).toBeLessThanOrEqual(height - 10);
      }
  });
});

describe("a letter of several pages", () => {
  test("numbers them, and repeats nothing and loses nothing", async () => {
    const pages = await printed(aLetter({ paragraphs: longNotice() }));
    expect(pages).toHaveLength(3);
    const whole = pages.map(({ text }) => text).join("");
    for (const [index, { text }] of pages.entries())
      expect(text).toContain(`Page ${index + 1} of 3`);
    for (let n = 1; n <= PARAGRAPHS; n += 1)
      expect([n, whole.split(`Paragraph ${n} begins`).length - 1]).toEqual([n, 1]);
  });

  test("never ends a page with a heading", async () => {
    for (let before = 0; before < 24; before += 1) {
      const lines = Array.from({ length: before }, () => p("A line."));
      const pages = set(
        aLetter({
          paragraphs: [
            ...lines,
            ...Array.from({ length: 12 }, () => [h("Heading"), p("Text of it.")]).flat(),
          ],
        }),
      ).pages;
      for (const page of pages.slice(0, -1)) {
        const last = page.findLast(({ part }) => part === "body");
        expect(last?.role).toBe("P");
      }
    }
  });

  test("of more than 20 is held", () => {
    const paragraphs = Array.from({ length: 900 }, () => p("A line."));
    expect(() => set(aLetter({ paragraphs }))).toThrow("too-long");
  });
});

describe("a file", () => {
  test("says its language, title and structure to those who have it read aloud", async () => {
    const item = {
      role: "LI",
      spans: [{ text: "Item", bold: false }],
      indent: 1,
      marker: "1.",
    } as const;
    const file = print([aLetter({ paragraphs: [h("Heading", "H1"), p("Text."), item, item] })]);
    const doc = await getDocumentProxy(new Uint8Array(file));
    const { info } = await doc.getMetadata();
    expect(info).toMatchObject({ Title: "Letters", Language: "en" });
    expect(await doc.getMarkInfo()).toMatchObject({ Marked: true });
    const tree = await (await doc.getPage(1)).getStructTree();
    const roles = JSON.stringify(tree)
      .match(/"role":"\w+"/g)
      ?.map((each) => each.slice(8, -1));
    expect(roles).toEqual(
      expect.arrayContaining(["Document", "Sect", "H1", "P", "L", "LI", "LBody"]),
    );
    expect(roles?.filter((role) => role === "L")).toHaveLength(1);
  });

  test("can be taken out piece by piece while it grows", async () => {
    const file = press.open(OPTIONS);
    const pieces: Buffer[] = [];
    for (let n = 0; n < 5; n += 1) {
      file.add(set(aLetter({ addressLines: [`Reader ${n}`] })));
      pieces.push(file.take());
      expect(pieces.at(-1)?.length).toBeGreaterThan(200);
    }
    file.end();
    pieces.push(file.take());
    const pages = await pagesOf(Buffer.concat(pieces));
    expect(pages.map(({ text }) => /Reader \d/.exec(text)?.[0])).toEqual(
      [0, 1, 2, 3, 4].map((n) => `Reader ${n}`),
    );
  });
});

function aLetter(over: Partial<LetterContent> = {}): LetterContent {
  return {
    paper: "a4",
    organisation: "Example Organisation",
    senderLines: ["1 Example Square"],
    addressLines: ["Ada Example", "12 Elm Street"],
    facts: ["3 March 2026", "Letter 7K3M9QX2TB"],
    foot: (page, pages) => ["Letter 7K3M9QX2TB", `Page ${page} of ${pages}`],
    paragraphs: [h("Notice of data breach", "H1"), p("Something happened.")],
    ...over,
  };
}

function longNotice(): Paragraph[] {
  return Array.from({ length: PARAGRAPHS }, (_, i) =>
    p(`Paragraph ${i + 1} begins here. ${"It goes on with quite a few more words. ".repeat(7)}`),
  );
}

function p(text: string): Paragraph {
  return { role: "P", spans: [{ text, bold: false }], indent: 0, marker: "" };
}

function h(text: string, role: "H1" | "H2" = "H2"): Paragraph {
  return { role, spans: [{ text, bold: true }], indent: 0, marker: "" };
}

function set(content: LetterContent) {
  return setLetter(content, { metrics: press.metrics, order: LATIN });
}

function print(letters: readonly LetterContent[], paper: Paper = "a4"): Buffer {
  const file = press.open({ ...OPTIONS, paper });
  for (const letter of letters) file.add(set(letter));
  file.end();
  return file.take();
}

function printed(content: LetterContent) {
  return pagesOf(print([content], content.paper));
}

async function pageOf(content: LetterContent) {
  const [page] = await printed(content);
  if (!page) throw new Error("There is no page.");
  return page;
}

function mm(points: number): number {
  return (points / 72) * 25.4;
}

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));
}

/** Rows 16 to 87 of GB 2312, as the platform's own decoder reads them. */
function gb2312(): string[] {
  const decoder = new TextDecoder("gb18030");
  const all: string[] = [];
  for (let row = 0xb0; row <= 0xf7; row += 1)
    for (let cell = 0xa1; cell <= 0xfe; cell += 1) {
      const character = decoder.decode(new Uint8Array([row, cell]));
      if (/^\p{Script=Han}$/u.test(character)) all.push(character);
    }
  return all;
}

const PARAGRAPHS = 24;
const OPTIONS = {
  paper: "a4",
  language: "en",
  title: "Letters",
  author: "Example Organisation",
  madeAt: new Date("2026-03-03T10:00:00Z"),
} as const;
