import { DATA_ELEMENTS } from "../element.ts";
import type { Element } from "../element.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Condition, PersonsTest } from "../law/condition.ts";
import { RiskLevel } from "../law/condition.ts";
import type { Scene } from "./scene.ts";
import { decided, opposite, unique, unknown } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Facts that are not yet known, as questions; they are answered in the scope, not here. */
export const FACT_QUESTIONS: Readonly<Record<string, string>> = {
  people: "How many people are affected, and where do they live?",
  encryption: "Were the data encrypted?",
  "key-state": "Was the key to the encrypted data taken too?",
  sector: "In which sector are we?",
  role: "Are we the controller of these data, or a processor?",
  risk: "How great is the risk to the people affected?",
  establishment: "Where is the organisation established?",
};

/** Whether a condition holds in a scene. Kleene 1952: *no* decides an *and*, *yes* an *or*. */
export function evaluate(condition: Condition, scene: Scene): Verdict {
  if ("all" in condition) return every(condition.all, scene, "no");
  if ("any" in condition) return every(condition.any, scene, "yes");
  if ("not" in condition) return opposite(evaluate(condition.not, scene));
  if ("elements" in condition) return exposed(condition.elements, scene);
  if ("persons" in condition) return enough(condition.persons, scene);
  if ("readable" in condition) return readable(scene);
  if ("sector" in condition) return ourSector(condition.sector, scene);
  if ("role" in condition) return ourRole(condition.role, scene);
  if ("risk" in condition) return risky(condition.risk, scene);
  return answered(condition.ask, scene);
}

/** All of them (`no` decides), or any of them (`yes` decides). What decides is the whole reason. */
function every(conditions: readonly Condition[], scene: Scene, decides: "yes" | "no"): Verdict {
  const verdicts: Verdict[] = [];
  for (const condition of conditions) {
    const verdict = evaluate(condition, scene);
    if (verdict.value === decides) return verdict;
    verdicts.push(verdict);
  }
  const unknown = verdicts.filter(({ value }) => value === "unknown");
  // What an *or* rests on while it is unknown are the unknown ones; the others fell away.
  const told = unknown.length > 0 && decides === "yes" ? unknown : verdicts;
  return {
    value: unknown.length > 0 ? "unknown" : decides === "yes" ? "no" : "yes",
    because: unique(told.flatMap(({ because }) => because)),
    open: unique(unknown.flatMap(({ open }) => open)),
  };
}

function exposed(groups: readonly (readonly Element[])[], scene: Scene): Verdict {
  const group = groups.find((each) => each.every((element) => scene.exposed.has(element)));
  if (group) {
    const suspected = group.some((element) => scene.exposed.get(element) === "suspected");
    return decided(true, `Exposed: ${labels(group)}${suspected ? " (suspected)" : ""}.`);
  }
  if (scene.exposed.size === 0) return decided(false, "No personal data were exposed.");
  const some = groups.slice(0, LISTED).map(labels).join("; ");
  const more = groups.length > LISTED ? `; and ${groups.length - LISTED} more` : "";
  return decided(false, `It covers other data than were exposed: ${some}${more}.`);
}

function enough(test: PersonsTest, scene: Scene): Verdict {
  const here = test.in === "place";
  const count = here ? scene.persons : scene.everywhere;
  const where = here ? `in ${scene.place}` : "in all";
  if (count === undefined)
    return unknown("people", `How many people ${where} are affected is not yet known.`);
  if (here && count === 0) return decided(false, `Nobody in ${scene.place} is affected.`);
  const [holds, limit] = compared(test, count);
  return decided(holds, `${people(count)} ${where}; the law speaks of ${limit}.`);
}

function compared(test: PersonsTest, count: number): [holds: boolean, limit: string] {
  const { atLeast, moreThan, fewerThan } = test;
  if (atLeast !== undefined) return [count >= atLeast, `${atLeast} or more`];
  if (moreThan !== undefined) return [count > moreThan, `more than ${moreThan}`];
  const limit = fewerThan ?? 0;
  return [count < limit, `fewer than ${limit}`];
}

function readable({ facts: { encryption, keyState } }: Scene): Verdict {
  if (encryption === "none") return decided(true, "The data were not encrypted.");
  if (encryption === "partial") return decided(true, "The data were encrypted only in part.");
  if (keyState === "taken") return decided(true, "The key to the data was taken too.");
  if (encryption === NOT_YET_KNOWN)
    return unknown("encryption", "Whether the data were encrypted is not yet known.");
  if (keyState === NOT_YET_KNOWN)
    return unknown("key-state", "Whether the key to the data was taken is not yet known.");
  return decided(false, "The data were encrypted, and the key is safe.");
}

function ourSector(sectors: readonly string[], { facts: { sector } }: Scene): Verdict {
  if (sector === NOT_YET_KNOWN) return unknown("sector", "Our sector is not yet known.");
  const fits = sectors.includes(sector);
  return decided(fits, `Our sector is ${sector}${fits ? "" : `, not ${sectors.join(" or ")}`}.`);
}

/** Whether our part in the processing is one of these; joint controllers are controllers. */
export function ourRole(roles: readonly string[], scene: Scene): Verdict {
  const { role } = scene.facts;
  const data = roles.filter((each) => each !== "manufacturer");
  // One who makes the product may well be a controller too: that is asked of its own.
  const made = roles.length > data.length ? answered(MAKES, scene) : undefined;
  if (made?.value === "yes" || data.length === 0) return made ?? decided(false, "No role fits.");
  if (role === NOT_YET_KNOWN)
    return unknown("role", "Our part in the processing is not yet known.");
  const ours = role === "joint-controller" ? "controller" : role;
  if (data.includes(ours)) return decided(true, `We are the ${ours}.`);
  return made?.value === "unknown"
    ? made
    : decided(false, `It binds the ${roles.join(" or the ")}; we are the ${ours}.`);
}

function risky(level: RiskLevel, { answers: { risk } }: Scene): Verdict {
  if (risk === undefined) return unknown("risk", "The risk to people was not judged yet.");
  const holds = RiskLevel.options.indexOf(risk) >= RiskLevel.options.indexOf(level);
  const beyond = holds ? "" : `; the duty begins where it is ${RISK_WORDS[level]}`;
  return decided(holds, `The risk to people was judged ${RISK_WORDS[risk]}${beyond}.`);
}

function answered(code: string, { answers, asks }: Scene): Verdict {
  const given = Object.hasOwn(answers.given, code) ? answers.given[code] : undefined;
  if (given === "yes" || given === "no")
    return decided(given === "yes", `“${asks(code)}” was answered ${given}.`);
  return unknown(code, `“${asks(code)}” was not answered yet.`);
}

/** “name with passport number” */
function labels(group: readonly Element[]): string {
  return group.map((element) => DATA_ELEMENTS[element].label).join(" with ");
}

function people(count: number): string {
  return count === 1 ? "1 person" : `${count} people`;
}

/** The question whether we make the product: a scope does not say. */
const MAKES = "product-manufacturer";
/** Longer lists are not read. */
const LISTED = 4;
const RISK_WORDS = { unlikely: "unlikely", risk: "likely", "high-risk": "high" } as const;
