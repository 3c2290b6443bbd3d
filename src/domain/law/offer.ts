import { z } from "zod";

import { Element } from "../element.ts";
import { text } from "../text.ts";
import { Code, Condition } from "./condition.ts";

const words = text(2_000);
const Months = z.int().min(1).max(120);

/** Credit monitoring that people must be offered free of charge. */
export const CreditMonitoring = z.strictObject({
  months: Months,
  /** Owed where any one of these was exposed, with a name. */
  elements: z.array(Element).min(1),
  when: Condition.exactOptional(),
  note: words.exactOptional(),
  /** Other terms: for whom → months. */
  otherwise: z.array(z.strictObject({ when: Condition, months: Months })).exactOptional(),
});

/** When and how a public notice may stand in for letters. Any one of the tests is enough. */
export const SubstituteNotice = z.strictObject({
  costOver: z.int().min(1).exactOptional(),
  /** ISO 4217 code of `costOver`. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .exactOptional(),
  personsOver: z.int().min(1).exactOptional(),
  smallEntity: z
    .strictObject({ maxEmployees: z.int().min(1), costOver: z.int().min(1) })
    .exactOptional(),
  /** Other limits: for whom → from when. */
  otherwise: z
    .array(
      z.strictObject({
        when: Condition,
        costOver: z.int().min(1).exactOptional(),
        personsOver: z.int().min(1).exactOptional(),
      }),
    )
    .exactOptional(),
  rule: words.exactOptional(),
  means: z.array(Code),
  websitePostingDays: z.int().min(1).exactOptional(),
});
