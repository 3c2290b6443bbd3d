import { z } from "zod";

import type { Element } from "../element.ts";
import { Id } from "../id.ts";
import { Instant } from "../instant.ts";
import type { NoticeKind } from "./notice.ts";

/*
 * A scope that changes changes who must be told, and of what. The people who were told are compared
 * with those who are affected as is known now, person by person.
 */

export const DeltaGroup = z.enum(["newly-affected", "more-data", "no-longer", "unchanged"]);
export type DeltaGroup = z.output<typeof DeltaGroup>;

/** What the people of a group are to be told; nothing where nothing changed for them. */
export const NOTICE_OF_GROUP = {
  "newly-affected": "initial",
  "more-data": "update",
  /** "We were wrong." */
  "no-longer": "correction",
} as const satisfies Readonly<Partial<Record<DeltaGroup, NoticeKind>>>;
/** The groups whose people are told something, in the order in which they should be. */
export const TOLD_GROUPS = ["newly-affected", "more-data", "no-longer"] as const;
export type ToldGroup = (typeof TOLD_GROUPS)[number];

export const NewDelta = z.strictObject({
  /** The audience that was told. */
  told: Id,
  /** The people affected as is known now. */
  current: Id,
});
export type NewDelta = z.output<typeof NewDelta>;

const Told = z.object({
  people: z.int(),
  /** Its people, open until somebody freezes it; null where there are none. */
  audienceId: z.uuid().nullable(),
  /** A draft; null where whoever asked may not write notices, or the facts cannot be told yet. */
  noticeId: z.uuid().nullable(),
});

export const DeltaGroups = z.object({
  "newly-affected": Told,
  "more-data": Told,
  "no-longer": Told,
  unchanged: z.object({
    people: z.int(),
    /** Of them, those of whom less was exposed than they were told. */
    lessData: z.int(),
  }),
});
export type DeltaGroups = z.output<typeof DeltaGroups>;

export const Delta = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  toldId: z.uuid(),
  currentId: z.uuid(),
  state: z.enum(["comparing", "done"]),
  groups: DeltaGroups.nullable(),
  askedBy: z.uuid(),
  askedAt: Instant,
  finishedAt: Instant.nullable(),
});
export type Delta = z.output<typeof Delta>;

/** What changed for one person: the data they were told of, and what is known now. */
export function groupOf(
  told: ReadonlySet<Element> | undefined,
  current: readonly Element[],
): Exclude<DeltaGroup, "no-longer"> {
  if (told === undefined) return "newly-affected";
  return current.some((element) => !told.has(element)) ? "more-data" : "unchanged";
}

/** Whether they were told of data that were not exposed after all, and of nothing too little. */
export function isLess(told: ReadonlySet<Element>, current: readonly Element[]): boolean {
  const now = new Set(current);
  return [...told].some((element) => !now.has(element));
}
