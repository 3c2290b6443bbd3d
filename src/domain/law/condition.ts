import { z } from "zod";

import { Element } from "../element.ts";
import { Sector } from "../scope.ts";

/** A code of the law's own words: a question, a duty, a method. Lower case, joined by hyphens. */
export const Code = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "Write a code such as key-taken.");

/** How great the risk to people is (GDPR Articles 33 and 34), from least to most. */
export const RiskLevel = z.enum(["unlikely", "risk", "high-risk"]);
export type RiskLevel = z.output<typeof RiskLevel>;

/** Our part in the processing, as a rule asks for it. */
export const LawRole = z.enum(["controller", "processor", "manufacturer"]);
export type LawRole = z.output<typeof LawRole>;

/**
 * What must hold for a rule or a duty. It is answered *yes*, *no* or *unknown* (Kleene's logic of
 * three values), and *unknown* takes the safe branch: the duty stands, marked so.
 *
 * `elements`: any one of the groups is exposed whole. `persons`: how many are affected in the
 * place the rule is of, or everywhere. `readable`: the data were not encrypted, or the key went
 * too. `sector` and `role` are read from the scope, `risk` from the assessment of the risk, and
 * `ask` is a question to a person, answered yes.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly elements: readonly (readonly Element[])[] }
  | { readonly persons: PersonsTest }
  | { readonly readable: true }
  | { readonly sector: readonly z.output<typeof Sector>[] }
  | { readonly role: readonly LawRole[] }
  | { readonly risk: RiskLevel }
  | { readonly ask: string };

const Count = z.int().min(0).max(10_000_000_000);

/** A test of how many people: at least, more than or fewer than. */
export const PersonsTest = z
  .strictObject({
    in: z.enum(["place", "everywhere"]),
    atLeast: Count.exactOptional(),
    moreThan: Count.exactOptional(),
    fewerThan: Count.exactOptional(),
  })
  .refine(
    ({ atLeast, moreThan, fewerThan }) =>
      [atLeast, moreThan, fewerThan].filter((given) => given !== undefined).length === 1,
    { message: "Give one of atLeast, moreThan and fewerThan." },
  );
export type PersonsTest = z.output<typeof PersonsTest>;

export const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(Condition).min(1) }),
    z.strictObject({ any: z.array(Condition).min(1) }),
    z.strictObject({ not: Condition }),
    z.strictObject({ elements: z.array(z.array(Element).min(1)).min(1) }),
    z.strictObject({ persons: PersonsTest }),
    z.strictObject({ readable: z.literal(true) }),
    z.strictObject({ sector: z.array(Sector).min(1) }),
    z.strictObject({ role: z.array(LawRole).min(1) }),
    z.strictObject({ risk: RiskLevel.exclude(["unlikely"]) }),
    z.strictObject({ ask: Code }),
  ]),
);
