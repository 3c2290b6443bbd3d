import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";
import { z } from "zod";

import { Runbook } from "../domain/task.ts";

/**
 * Read every runbook of a folder: Markdown files whose front matter says what the runbook is
 * for, and whose sections of the second level are its steps. Each section starts with a list of
 * `phase`, `owner` and `due`; the prose below it is the step's detail.
 *
 * Throws, naming every file and field that is not usable: a runbook that nobody can load must
 * be found at start and not at 3 a.m.
 */
export function readRunbooks(folder: string): Runbook[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .toSorted();
  const problems: string[] = [];
  const runbooks = names.flatMap((name) => {
    const { success, data, error } = Runbook.safeParse(
      parseRunbook(readFileSync(join(folder, name), "utf8")),
    );
    if (success && `${data.id}.md` === name) return [data];
    problems.push(`${name}: ${success ? "its id is not its file name" : z.prettifyError(error)}`);
    return [];
  });
  if (problems.length > 0) throw new Error(`Runbooks cannot be used:\n${problems.join("\n")}`);
  return runbooks;
}

/** The parts of a runbook's Markdown, not yet checked; nothing where it has no readable head. */
function parseRunbook(markdown: string): unknown {
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(markdown) ?? [];
  if (head === undefined || body === undefined) return undefined;
  const document = parseDocument(head);
  if (document.errors.length > 0) return undefined;
  const [, ...sections] = `\n${body}`.split(/\n## /);
  const front = z.record(z.string(), z.unknown()).catch({}).parse(document.toJS());
  return { ...front, steps: sections.map(parseStep) };
}

function parseStep(section: string) {
  const [title = "", ...lines] = section.split("\n");
  const settings = lines.flatMap((line) => {
    const [, key, value] = /^- (phase|owner|due): (.+)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value]];
  });
  const detail = lines.filter((line) => !/^- (phase|owner|due): /.test(line)).join("\n");
  return { title: title.trim(), ...Object.fromEntries(settings), detail: detail.trim() };
}
