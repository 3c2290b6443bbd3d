import { z } from "zod";

import { line } from "./text.ts";

/** Why a person gets nothing more in an incident. *Erased* is set by erasing only. */
export const SuppressionReason = z.enum(["deceased", "opted-out", "hard-bounce", "other"]);
export type SuppressionReason = z.output<typeof SuppressionReason>;

/** Why somebody looks at, exports or erases contact data; kept in the timeline for ever. */
export const Reason = z.strictObject({ reason: line(500) });
