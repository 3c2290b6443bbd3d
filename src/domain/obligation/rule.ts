import type { WhyNot } from "../obligation.ts";
import type { Considered } from "./affected.ts";
import { countOf, isPart } from "./affected.ts";
import { catalogueOf } from "./catalogue.ts";
import { evaluate, ourRole } from "./condition.ts";
import { obligationsOf } from "./duty.ts";
import type { Outcome } from "./duty.ts";
import { sceneOf } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { inTime } from "./in-time.ts";
import type { Scene } from "./scene.ts";
import { HOLDS, both, oneSentence } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Assess one rule. */
export function assessRule(considered: Considered, ground: Ground): Outcome {
  const { rule, people } = considered;
  const time = inTime(rule, ground.day, catalogueOf(ground.library));
  if ("because" in time) return none(considered, time);
  const untouched = untouchedBecause(considered, ground);
  if (untouched !== undefined) return none(considered, { because: untouched });
  const scene = sceneOf(ground, rule.jurisdiction, countOf(people));
  const applies = both(roleVerdict(considered, scene), rule.when && evaluate(rule.when, scene));
  if (applies.value === "no") return none(considered, { because: oneSentence(applies.because) });
  const displaced = rule.unless.find(
    ({ when, duties }) => when && !duties && evaluate(when, scene).value === "yes",
  );
  if (displaced) return none(considered, { because: displaced.because });
  const outcomes = rule.duties.map((duty) =>
    obligationsOf(duty, { considered, ground, applies, marks: time.marks }),
  );
  return {
    obligations: outcomes.flatMap(({ obligations }) => obligations),
    whyNot: outcomes.flatMap(({ whyNot }) => whyNot),
  };
}

/** Why law about people's data says nothing here: no data, nobody, or nobody whom it protects. */
function untouchedBecause({ rule, people }: Considered, ground: Ground): string | undefined {
  if (rule.about === "incident") return undefined;
  if (ground.exposed.size === 0) return "No personal data were exposed.";
  if (ground.everywhere === 0) return "Nobody is affected.";
  // The law of a state protects its residents; that of a country also binds who is established there.
  if (people?.size === 0 && isPart(rule.jurisdiction))
    return `Nobody affected lives in ${rule.jurisdiction}.`;
  return undefined;
}

function roleVerdict({ rule }: Considered, scene: Scene): Verdict {
  return rule.role === "either" ? HOLDS : ourRole([rule.role], scene);
}

function none({ rule }: Considered, why: Pick<WhyNot, "because" | "upcoming">): Outcome {
  return { obligations: [], whyNot: [{ rule: rule.id, place: rule.jurisdiction, ...why }] };
}
