import { readFileSync } from "node:fs";

import { parse } from "csv-parse/sync";
import { z } from "zod";

/**
 * Kind, place, size and dates of real breaches, for the demo. The organisation and every
 * person in the demo are invented.
 *
 * Source: US Department of Health and Human Services, Office for Civil Rights, breaches of
 * unsecured protected health information affecting 500 or more individuals (45 CFR 164.408),
 * public record; `number` is the record's number in the archived list. Data elements are as
 * the record's own summary names them.
 */
export const Breach = z.object({
  number: z.coerce.number().int(),
  state: z.string(),
  people: z.coerce.number().int(),
  from: z.iso.date(),
  to: z.iso.date(),
  kind: z.enum(["hacking", "theft", "loss"]),
  place: z.string(),
  elements: z.string().transform((codes) => codes.split(";")),
});
export type Breach = z.output<typeof Breach>;

/** The breaches the demo can play, the default first. */
export function breaches(): Breach[] {
  const file = readFileSync(new URL("./breaches.csv", import.meta.url));
  return z.array(Breach).parse(parse(file, { columns: true }));
}

/** How the demo tells each kind of breach, and the runbook that fits it. */
export const KINDS = {
  hacking: {
    title: "Intrusion on a network server",
    what: "Someone broke into our network with a computer virus and reached patient records.",
    how: "The virus came in with an e-mail that looked like an invoice.",
    runbook: "ransomware",
  },
  theft: {
    title: "Stolen computers",
    what: "Someone broke into our office and stole computers with patient records.",
    how: "They forced a window at night and took what they could carry.",
    runbook: "stolen-device-or-paper",
  },
  loss: {
    title: "Lost backup tape",
    what: "A backup tape with patient records was lost on its way to the store.",
    how: "The parcel was handed to a courier and did not arrive.",
    runbook: "stolen-device-or-paper",
  },
};
