import { WORDING } from "../notice/wording.ts";
import type { ContactLine } from "../scope.ts";
import { opennessAt } from "./hours.ts";
import { nearTime } from "./time.ts";
import type { ShownTime, Viewpoint } from "./time.ts";

/** A way to reach somebody, and whether somebody is there now. */
export interface ShownContact {
  readonly text: string;
  /** The same in three parts, where the one in the middle can be called or written to at a touch. */
  readonly link: ContactLink | undefined;
  /** Absent where nobody said the hours in a form to reckon with, and on standing copies. */
  readonly now: { readonly open: boolean; readonly until: ShownTime | undefined } | undefined;
}

interface ContactLink {
  readonly before: string;
  readonly value: string;
  readonly after: string;
  readonly href: string;
}

/** The lines in the order of the scope. */
export function contactLines(lines: readonly ContactLine[], view: Viewpoint): ShownContact[] {
  return lines.map((line) => {
    const text = textOf(line, view);
    return { text, link: linkOf(line, text), now: nowOf(line, view) };
  });
}

function linkOf({ kind, value }: ContactLine, text: string): ContactLink | undefined {
  const at = text.indexOf(value);
  if (kind === "post" || at < 0) return undefined;
  const href = kind === "email" ? `mailto:${value}` : `tel:${value.replaceAll(/[^+\d]/g, "")}`;
  return { before: text.slice(0, at), value, after: text.slice(at + value.length), href };
}

function textOf(line: ContactLine, { language }: Viewpoint): string {
  const wording = WORDING.get(language);
  if (!wording) throw new TypeError(`There is no wording for ${language}.`);
  if (line.kind === "email") return wording.email(line.value);
  if (line.kind === "post") return wording.post(line.value);
  const hours = line.open ? wording.hours(line.open) : line.hours;
  return wording.phone(line.value, hours, line.zone);
}

function nowOf(line: ContactLine, { now, language, standing }: Viewpoint): ShownContact["now"] {
  if (line.kind !== "phone" || !line.open || standing) return undefined;
  const { open, until } = opennessAt(line.open, line.zone, now);
  return { open, until: until && nearTime(until, line.zone, language) };
}
