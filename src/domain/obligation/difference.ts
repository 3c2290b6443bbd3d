import { z } from "zod";

import { Instant } from "../instant.ts";
import type { Obligation, WhyNot } from "../obligation.ts";

/** What a change of facts did to the duties. */
export const DutyDifference = z.object({
  added: z.array(z.object({ id: z.string(), who: z.string(), dueAt: Instant.nullable() })),
  /** With why it is no longer owed, where a rule says so. */
  gone: z.array(z.object({ id: z.string(), who: z.string(), because: z.string().nullable() })),
  moved: z.array(
    z.object({
      id: z.string(),
      who: z.string(),
      before: Instant.nullable(),
      after: Instant.nullable(),
      because: z.string(),
    }),
  ),
  /** Duties that are owed as before, of another number of people. */
  people: z.array(
    z.object({ id: z.string(), before: z.int().nullable(), after: z.int().nullable() }),
  ),
});
export type DutyDifference = z.output<typeof DutyDifference>;

interface Side {
  readonly obligations: readonly Pick<Obligation, "id" | "who" | "due" | "persons">[];
  readonly whyNot: readonly Pick<WhyNot, "rule" | "duty" | "place" | "because">[];
}

/** Duties new, gone, and changed in date or in people, from one assessment to another. */
export function dutyDifference(before: Side, after: Side): DutyDifference {
  const was = new Map(before.obligations.map((each) => [each.id, each]));
  const is = new Map(after.obligations.map((each) => [each.id, each]));
  const kept = after.obligations.flatMap((each) => {
    const old = was.get(each.id);
    return old ? [{ old, each }] : [];
  });
  return {
    added: after.obligations
      .filter(({ id }) => !was.has(id))
      .map(({ id, who, due }) => ({ id, who, dueAt: due.at ?? null })),
    gone: before.obligations
      .filter(({ id }) => !is.has(id))
      .map(({ id, who }) => ({ id, who, because: whyGone(id, after.whyNot) })),
    moved: kept
      .filter(({ old, each }) => old.due.at?.getTime() !== each.due.at?.getTime())
      .map(({ old, each: { id, who, due } }) => ({
        id,
        who,
        before: old.due.at ?? null,
        after: due.at ?? null,
        because: due.because,
      })),
    people: kept
      .filter(({ old, each }) => old.persons !== each.persons)
      .map(({ old, each }) => ({
        id: each.id,
        before: old.persons ?? null,
        after: each.persons ?? null,
      })),
  };
}

/** The sentence of the duty itself, or of its whole rule. */
function whyGone(id: string, whyNot: Side["whyNot"]): string | null {
  const [rule, duty] = id.split("/");
  const own = whyNot.filter((each) => each.rule === rule);
  const found =
    own.find((each) => each.duty === duty) ?? own.find(({ duty: of }) => of === undefined);
  return found?.because ?? null;
}
