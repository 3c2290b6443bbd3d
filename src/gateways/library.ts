import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { YAMLException, load } from "js-yaml";
import { LineCounter, isNode, parseDocument } from "yaml";
import type { z } from "zod";

import type { Library } from "../domain/law.ts";
import { lawProblems } from "../domain/law/check.ts";
import { Pack } from "../domain/law/pack.ts";
import type { Located } from "../domain/law/pack.ts";
import { canonicalHash } from "../domain/timeline.ts";
import { createHolidays } from "./holidays.ts";

/**
 * Read the library of rules: the YAML files of a folder, and those of a folder of one's own.
 * Throws where it does not fit, naming the file and line of every problem: a rule that cannot be
 * relied on must be found at start, and not when somebody asks who must be told.
 */
export function readLibrary(folder: string, own?: string): Library {
  // One's own by their whole paths: they may be called like those that ship.
  const files = [...readFolder(folder), ...(own === undefined ? [] : readFolder(own, own))];
  const problems = files.flatMap(({ problems: each }) => each);
  if (problems.length === 0)
    for (const { file, path, message } of lawProblems(files)) {
      const text = files.find(({ name }) => name === file)?.text ?? "";
      problems.push(`${file}:${lineOf(text, path)}: ${message}`);
    }
  if (problems.length > 0) throw new Error(`The law cannot be used:\n${problems.join("\n")}`);
  return libraryOf(files.map(({ pack }) => pack));
}

/**
 * The library as a process has it: one's own rules are read at once, so that a bad one stops the
 * start. The shipped rules are tested, and 0.6 MB: they are read when somebody first asks.
 */
export function createLibrary(folder: string, own?: string): Library {
  if (own !== undefined) return readLibrary(folder, own);
  const library = () => {
    const known = SHIPPED.get(folder) ?? readLibrary(folder);
    SHIPPED.set(folder, known);
    return known;
  };
  return {
    get rules() {
      return library().rules;
    },
    get questions() {
      return library().questions;
    },
    get places() {
      return library().places;
    },
    get authorities() {
      return library().authorities;
    },
    get versions() {
      return library().versions;
    },
    isHoliday: (calendar, day) => library().isHoliday(calendar, day),
  };
}

const SHIPPED = new Map<string, Library>();

interface Source extends Located {
  readonly text: string;
  /** Sentences that begin with the file and the line. */
  readonly problems: readonly string[];
}

function readFolder(folder: string, prefix = ""): Source[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => readPack(join(prefix, name), readFileSync(join(folder, name), "utf8")));
}

function readPack(name: string, text: string): Source {
  const empty = { name, text, pack: Pack.parse({}) };
  try {
    const { success, data, error } = Pack.safeParse(load(text));
    if (success) return { ...empty, pack: data, problems: [] };
    const problems = deepest(error.issues).map(
      ({ path, message }) => `${name}:${lineOf(text, path)}: ${path.join(".")}: ${message}`,
    );
    return { ...empty, problems };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { ...empty, problems: [`${name}:${(error.mark?.line ?? 0) + 1}: ${error.reason}`] };
  }
}

/** The line of what a path leads to, or of the nearest thing around it that is there. */
function lineOf(text: string, path: readonly PropertyKey[]): number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** The problems themselves: where a union wraps them, those of the one alternative that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[] = []): Flat[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: [...path, key], message: UNKNOWN_FIELD }));
    if (issue.code !== "invalid_union") return [{ path, message: issue.message }];
    const meant = issue.errors
      .map((each) => deepest(each, path))
      .filter((each) => !each.some(({ message }) => message === UNKNOWN_FIELD));
    const [best] = meant.toSorted((one, other) => one.length - other.length);
    return best ?? [{ path, message: "It has none of the forms that it may have." }];
  });
}

const UNKNOWN_FIELD = "There is no such field.";

interface Flat {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function libraryOf(packs: readonly Pack[]): Library {
  const rules = packs.flatMap((pack) => pack.rules);
  const places = packs.flatMap((pack) => pack.places);
  return {
    rules,
    questions: new Map(packs.flatMap((pack) => pack.questions).map((each) => [each.code, each])),
    places: new Map(places.map((each) => [each.code, each])),
    authorities: packs.flatMap((pack) => pack.authorities),
    versions: new Map(rules.map((rule) => [rule.id, canonicalHash(rule).slice(0, 12)])),
    isHoliday: createHolidays(places),
  };
}
