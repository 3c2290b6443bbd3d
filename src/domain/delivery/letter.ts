import { LetterHold } from "./letter-hold.ts";
import { breakLines } from "./letter-line.ts";
import type { PlacedRun, Setting } from "./letter-line.ts";
import { SHEETS } from "./letter-paper.ts";
import type { Paper, Sheet } from "./letter-paper.ts";
import type { Paragraph, Span } from "./letter-text.ts";

/** Everything that one letter says. */
export interface LetterContent {
  readonly paper: Paper;
  readonly organisation: string;
  /** Where the organisation gets its post; empty where it has not said. */
  readonly senderLines: readonly string[];
  readonly addressLines: readonly string[];
  /** Date and letter number, in words. */
  readonly facts: readonly string[];
  /** What stands at the foot of a page, left and right. */
  readonly foot: (page: number, pages: number) => readonly [string, string];
  readonly paragraphs: readonly Paragraph[];
}

/** One line of text at its place: `y` is the baseline, in points from the top. */
export interface PlacedLine {
  readonly part: "head" | "sender" | "address" | "facts" | "body" | "foot";
  /** Which paragraph of the body it belongs to. */
  readonly paragraph: number;
  readonly role: Paragraph["role"];
  readonly size: number;
  readonly y: number;
  readonly runs: readonly PlacedRun[];
}

/** A letter as pages of lines. */
export interface SetLetter {
  readonly paper: Paper;
  readonly pages: readonly (readonly PlacedLine[])[];
}

/**
 * Set a letter: the address whole in the window of the envelope, the notice below it on as many
 * pages as it takes, in type of 10 1/2 points (California asks for 10 at least, Civil Code
 * 1798.82(d)(1)(C)). Throws a `LetterHold` for a character that no typeface has, an address that
 * is missing or too long for the window, and a letter of more than 20 pages.
 */
export function setLetter(content: LetterContent, setting: Setting): SetLetter {
  const sheet = SHEETS[content.paper];
  const first = [
    ...setSender(content, sheet, setting),
    ...setAddress(content, sheet, setting),
    ...setFacts(content, sheet, setting),
  ];
  const bodies = setBody(content.paragraphs, sheet, setting);
  if (bodies.length > PAGES_MAX) throw new LetterHold("too-long");
  const pages = bodies.map((body, index) => [
    ...(index === 0 ? first : []),
    ...body,
    ...setFoot(content.foot(index + 1, bodies.length), sheet, setting),
  ]);
  return { paper: content.paper, pages };
}

/** The lines of one part of the first page, from the top of its zone down. */
function setLines(
  texts: readonly Span[],
  place: { part: PlacedLine["part"]; left: number; top: number; width: number; size: number },
  setting: Setting,
): PlacedLine[] {
  const { part, left, top, width, size } = place;
  return texts
    .flatMap((span) => breakLines([span], { width, size, setting }))
    .map((runs, index) => ({
      part,
      paragraph: -1,
      role: "P",
      size,
      y: top + size + index * size * TIGHT,
      runs: moved(runs, left),
    }));
}

function setSender(content: LetterContent, sheet: Sheet, setting: Setting): PlacedLine[] {
  const { organisation, senderLines, paper } = content;
  const { sender } = sheet;
  const head: Span = { text: organisation, bold: true };
  if (paper === "us-letter") {
    const lines = [head, ...senderLines.map(plain)];
    const place = { ...sender, part: "sender" } as const;
    return setLines(lines, place, setting).slice(0, sender.linesMax);
  }
  const { left } = sheet;
  const letterhead = setLines(
    [head],
    { part: "head", left, top: HEAD_TOP, width: sheet.right - left, size: HEAD_SIZE },
    setting,
  );
  const line = plain([organisation, ...senderLines].join(" · "));
  return [
    ...letterhead.slice(0, 2),
    ...setLines([line], { ...sender, part: "sender" }, setting).slice(0, 1),
  ];
}

/** In the largest type in which it fits the window. */
function setAddress(
  { addressLines }: LetterContent,
  { address }: Sheet,
  setting: Setting,
): PlacedLine[] {
  if (addressLines.length === 0) throw new LetterHold("address-missing");
  const texts = addressLines.map(plain);
  for (const size of ADDRESS_SIZES) {
    const lines = setLines(texts, { ...address, part: "address", size }, setting);
    const room = address.bottom - address.top;
    const taken = (lines.length - 1) * size * TIGHT + size * (1 + DESCENT);
    if (taken > room) continue;
    // In the lower part of the window, where readers and sorting machines look for it.
    const down = Math.min(room - taken, ADDRESS_DOWN);
    return lines.map((line) => ({ ...line, y: line.y + down }));
  }
  throw new LetterHold("address-too-long");
}

function setFacts(
  { facts: texts }: LetterContent,
  { facts, right }: Sheet,
  setting: Setting,
): PlacedLine[] {
  const place = { part: "facts", ...facts, width: right - facts.left, size: FACTS_SIZE } as const;
  return setLines(texts.map(plain), place, setting);
}

function setFoot(
  [leftText, rightText]: readonly [string, string],
  { left, right, footer }: Sheet,
  setting: Setting,
): PlacedLine[] {
  const width = right - left;
  const place = { part: "foot", left, top: footer - FOOT_SIZE, width, size: FOOT_SIZE } as const;
  const [leftLine] = setLines([plain(leftText)], place, setting);
  const [rightLine] = setLines([plain(rightText)], place, setting);
  if (!leftLine || !rightLine) return [];
  const back = width - widthOf(rightLine, left, setting);
  return [leftLine, { ...rightLine, runs: moved(rightLine.runs, back) }];
}

/** The notice in pages. A heading stays with what it heads; no line of a paragraph stands alone. */
function setBody(paragraphs: readonly Paragraph[], sheet: Sheet, setting: Setting): PlacedLine[][] {
  const blocks = paragraphs.map((each, index) => setParagraph(each, index, sheet, setting));
  const pages: PlacedLine[][] = [[]];
  let y = sheet.bodyTop;
  for (const [index, { lines, before, leading }] of blocks.entries()) {
    const fresh = pages.at(-1)?.length === 0;
    const next = blocks[index + 1];
    const role = paragraphs[index]?.role;
    const kept = role?.startsWith("H") && next ? next.before + next.leading * 2 : 0;
    const together = Math.min(lines.length, lines.length <= 3 ? 3 : 2) * leading + kept;
    y += fresh ? 0 : before;
    if (!fresh && y + together > sheet.bodyBottom) {
      pages.push([]);
      y = sheet.nextTop;
    }
    for (const [position, line] of lines.entries()) {
      const left = lines.length - position;
      // The last two lines go to the next page together.
      const needed = left === 2 && position > 0 ? leading * 2 : leading;
      if (y + needed > sheet.bodyBottom && pages.at(-1)?.length !== 0) {
        pages.push([]);
        y = sheet.nextTop;
      }
      y += leading;
      pages.at(-1)?.push({ ...line, y: y - leading * BELOW });
    }
  }
  return pages;
}

function setParagraph(
  { role, spans, indent, marker }: Paragraph,
  paragraph: number,
  sheet: Sheet,
  setting: Setting,
) {
  const { size, leading, before } = STYLES[role];
  const left = sheet.left + indent * INDENT;
  const lines = breakLines(spans, { width: sheet.right - left, size, setting });
  const sign = marker === "" ? [] : breakLines([plain(marker)], { width: INDENT, size, setting });
  return {
    before,
    leading,
    lines: lines.map((runs, index): PlacedLine => {
      const markers = index === 0 ? moved(sign[0] ?? [], left - SIGN_BACK) : [];
      const placed = [...markers, ...moved(runs, left)];
      return { part: "body", paragraph, role, size, y: 0, runs: placed };
    }),
  };
}

function widthOf({ runs, size }: PlacedLine, left: number, { metrics }: Setting): number {
  const last = runs.at(-1);
  return last ? last.x - left + metrics.widthOf(last, size) : 0;
}

function moved(runs: readonly PlacedRun[], by: number): PlacedRun[] {
  return runs.map((run) => ({ ...run, x: run.x + by }));
}

function plain(text: string): Span {
  return { text, bold: false };
}

const BODY = { size: 10.5, leading: 15, before: 7 } as const;
const STYLES: Readonly<
  Record<Paragraph["role"], { size: number; leading: number; before: number }>
> = {
  H1: { size: 16, leading: 21, before: 16 },
  H2: { size: 12.5, leading: 17, before: 14 },
  H3: { size: 11, leading: 15, before: 10 },
  P: BODY,
  LI: { ...BODY, before: 3 },
  Rule: BODY,
};
/** Share of a line's height that is below its baseline. */
const BELOW = 0.28;
const TIGHT = 1.25;
const DESCENT = 0.3;
const ADDRESS_SIZES = [10.5, 9.5, 8.5, 8] as const;
const ADDRESS_DOWN = 16;
const FACTS_SIZE = 9.5;
const FOOT_SIZE = 8;
const HEAD_SIZE = 14;
const HEAD_TOP = 52;
const INDENT = 16;
/** How far before its text the sign of an item stands. */
const SIGN_BACK = 14;
const PAGES_MAX = 20;
