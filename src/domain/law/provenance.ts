import { z } from "zod";

import { Day } from "../instant.ts";
import { text } from "../text.ts";
import { Code } from "./condition.ts";

const Month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "Write a month such as 2026-04.");

/** How far a rule was checked, and by whom. Shown beside every duty. */
export const Provenance = z.strictObject({
  established: z.enum(["source", "source+recall", "recall"]),
  /** The main facts that were read in a source, where only some were. */
  sourceCovers: z.array(Code).exactOptional(),
  confidence: z.enum(["high", "medium", "low"]).exactOptional(),
  /** The month in which it was believed true. */
  asOf: Month,
  sources: z.array(
    z.strictObject({ url: z.url({ protocol: /^https?$/ }).nullable(), title: text(500) }),
  ),
  secondCheck: z
    .strictObject({
      on: Month,
      fields: z.int().min(0),
      agree: z.int().min(0),
      corrected: z.int().min(0),
      open: z.array(z.strictObject({ field: text(200), note: text(2_000) })).exactOptional(),
    })
    .exactOptional(),
  reviewedBy: text(200).exactOptional(),
  reviewedOn: Day.exactOptional(),
});
export type Provenance = z.output<typeof Provenance>;
