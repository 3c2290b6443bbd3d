import { LetterHold } from "./letter-hold.ts";
import type { Span } from "./letter-text.ts";

/** The typefaces that letters are set in: Latin, Greek and Cyrillic; Chinese. */
export type Face = "sans" | "han";

/** Words in one face and weight. */
export interface Run {
  readonly text: string;
  readonly face: Face;
  readonly bold: boolean;
}

/** A run at its place in a line. */
export interface PlacedRun extends Run {
  readonly x: number;
}

/** What setting needs to know of the typefaces. */
export interface Metrics {
  /** The face for a character, the first of these that has it; nothing where none does. */
  faceOf(character: string, order: readonly Face[]): Face | undefined;
  /** Points. */
  widthOf(run: Run, size: number): number;
}

export interface Setting {
  readonly metrics: Metrics;
  /** Which face a character is taken from where several have it. */
  readonly order: readonly Face[];
}

/**
 * Words broken into lines no wider than `width` points. Breaks come at spaces and between
 * Chinese characters, never before closing or after opening punctuation; a word that is wider
 * than a line is broken where it must be. Throws a `LetterHold` for a character no face has.
 */
export function breakLines(
  spans: readonly Span[],
  { width, size, setting }: { width: number; size: number; setting: Setting },
): PlacedRun[][] {
  const lines: PlacedRun[][] = [];
  const spaceWidth = setting.metrics.widthOf({ text: " ", face: "sans", bold: false }, size);
  let line: PlacedRun[] = [];
  let x = 0;
  const end = () => {
    lines.push(line);
    line = [];
    x = 0;
  };
  const put = (runs: readonly Measured[]) => {
    for (const { run, width: wide } of runs) {
      line.push({ ...run, x });
      x += wide;
    }
  };
  for (const atom of atomsOf(spans)) {
    if (atom === "break") {
      end();
      continue;
    }
    const runs = atom.letters.length === 0 ? [] : measured(atom.letters, size, setting);
    const wide = sum(runs);
    const gap = atom.spaced && line.length > 0 ? spaceWidth : 0;
    if (line.length > 0 && x + gap + wide > width) end();
    else if (gap > 0) {
      // A space of its own, so that copied and read-out text keeps its words apart.
      line.push({ text: " ", face: "sans", bold: false, x });
      x += gap;
    }
    if (wide <= width) put(runs);
    else
      for (const letter of atom.letters) {
        const [one] = measured([letter], size, setting);
        if (!one) continue;
        if (line.length > 0 && x + one.width > width) end();
        put([one]);
      }
  }
  if (line.length > 0 || lines.length === 0) end();
  return lines.map(joined);
}

interface Letter {
  readonly character: string;
  readonly bold: boolean;
}

/** What is never broken: a word, or one Chinese character with its punctuation. */
interface Atom {
  readonly letters: Letter[];
  readonly spaced: boolean;
}

interface Measured {
  readonly run: Run;
  readonly width: number;
}

function atomsOf(spans: readonly Span[]): (Atom | "break")[] {
  const atoms: (Atom | "break")[] = [];
  let current: Atom = { letters: [], spaced: false };
  let before = "";
  const close = (spaced: boolean) => {
    if (current.letters.length > 0) atoms.push(current);
    current = { letters: [], spaced: spaced || (current.letters.length === 0 && current.spaced) };
  };
  for (const { text, bold } of spans)
    for (const character of printable(text)) {
      if (character === "\n") {
        close(false);
        atoms.push("break");
        current = { letters: [], spaced: false };
      } else if (SPACE.test(character)) close(true);
      else {
        if (current.letters.length > 0 && mayBreak(before, character)) close(false);
        current.letters.push({ character, bold });
      }
      before = character;
    }
  close(false);
  return atoms;
}

/** Composed characters without invisible ones; the narrow spaces of dates and times as wide. */
function printable(text: string): string {
  return text.normalize("NFC").replaceAll(INVISIBLE, "").replaceAll(FIXED_SPACES, "\u00a0");
}

function mayBreak(before: string, after: string): boolean {
  if (NEVER_FIRST.includes(after) || NEVER_LAST.includes(before)) return false;
  return WIDE.test(before) || WIDE.test(after);
}

/** The letters of an atom as runs of one face and weight, and how wide each is. */
function measured(letters: readonly Letter[], size: number, setting: Setting): Measured[] {
  const runs: Run[] = [];
  for (const { character, bold } of letters) {
    const face = setting.metrics.faceOf(character, setting.order);
    if (face === undefined) throw new LetterHold("character-missing");
    const last = runs.at(-1);
    if (last?.face === face && last.bold === bold)
      runs[runs.length - 1] = { ...last, text: last.text + character };
    else runs.push({ text: character, face, bold });
  }
  return runs.map((run) => ({ run, width: setting.metrics.widthOf(run, size) }));
}

/** Neighbours of one face and weight as one run, spaces between them included. */
function joined(runs: readonly PlacedRun[]): PlacedRun[] {
  const out: PlacedRun[] = [];
  for (const run of runs) {
    const last = out.at(-1);
    const same = last?.face === run.face && (last.bold === run.bold || run.text === " ");
    if (last && same) out[out.length - 1] = { ...last, text: last.text + run.text };
    else out.push(run);
  }
  return out;
}

function sum(runs: readonly Measured[]): number {
  return runs.reduce((total, { width }) => total + width, 0);
}

const SPACE = /[\t\r \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]/u;
/** No line breaks at these. */
const FIXED_SPACES = /[\u2007\u202f]/g;
const WIDE = /[\p{Script=Han}\u3001-\u30ff\uff01-\uff60]/u;
const NEVER_FIRST = "，。、；：？！）》」』】〕…—·”’％,.;:?!)]}%";
const NEVER_LAST = "（《「『【〔“‘([{";
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;
