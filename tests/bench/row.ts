/** One line of the table of goals: what was measured beside what it should be. */
export interface Row {
  readonly what: string;
  readonly measured: number;
  readonly unit: "×" | "/s" | "s" | "ms" | "MB" | "%" | "";
  /** Without one the figure is told and not judged. */
  readonly floor?: number;
  readonly aim?: number;
  /** Whether more is better or less; `less` unless said. */
  readonly better?: "more" | "less";
  /** How it came about, where the figure alone would say too much. */
  readonly note?: string;
  /** Which work to profile where the floor is missed. */
  readonly profile?: "send" | "receipts";
}

/** What one part found: its lines for the table, and all of its rounds as Markdown. */
export interface Found {
  readonly rows: readonly Row[];
  readonly lines: readonly string[];
}

export type Verdict = "aim" | "floor" | "missed" | "short" | "told";

/** How a figure compares with its goals. */
export function verdictOf({ measured, floor, aim, better = "less" }: Row): Verdict {
  const reaches = (goal: number) => (better === "more" ? measured >= goal : measured <= goal);
  if (aim !== undefined && reaches(aim)) return "aim";
  if (floor !== undefined) return reaches(floor) ? "floor" : "missed";
  return aim === undefined ? "told" : "short";
}

/** The table of goals as Markdown. */
export function rowLines(rows: readonly Row[]): string[] {
  return [
    "| what | floor | aim | measured | |",
    "|---|---|---|---|---|",
    ...rows.map((row) => {
      const goal = (value: number | undefined) => (value === undefined ? "" : sized(row, value));
      const note = row.note === undefined ? "" : ` (${row.note})`;
      const shown = `**${sized(row, row.measured)}**${note}`;
      const word = WORDS[verdictOf(row)];
      return `| ${row.what} | ${goal(row.floor)} | ${goal(row.aim)} | ${shown} | ${word} |`;
    }),
  ];
}

/** A table as Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value that this share of all is not above; the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Whole numbers where they are large, three figures where they are small. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return "none";
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function sized({ unit }: Row, value: number): string {
  return unit === "/s" || unit === "%" || unit === "×"
    ? `${shown(value)}${unit}`
    : `${shown(value)} ${unit}`.trim();
}

const WORDS: Readonly<Record<Verdict, string>> = {
  aim: "aim reached",
  floor: "floor met",
  missed: "**missed**",
  short: "short of the aim",
  told: "",
};
