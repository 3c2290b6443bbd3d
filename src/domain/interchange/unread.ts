/** A field of a file that Candor did not take over, and why. */
export interface Unread {
  /** Its path, such as `actor.external.variety.0`. A name that is no plain word is `?`: it may be data. */
  readonly field: string;
  readonly because: string;
}

/**
 * The ends of a JSON value: every text, number and truth in it, and every list or object that is
 * empty, each by its path.
 */
export function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (typeof value !== "object" || value === null) return [{ path, value }];
  const inside = Object.entries(value);
  return inside.length === 0
    ? [{ path, value }]
    : inside.flatMap(([key, each]) => leavesOf(each, [...path, key]));
}

/** The path as a person reads it. */
export function fieldOf(path: readonly string[]): string {
  return path.map((part) => (/^[A-Za-z0-9_ -]{1,40}$/.test(part) ? part : "?")).join(".");
}

export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}
