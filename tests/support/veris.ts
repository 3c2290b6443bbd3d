import { z } from "zod";

/*
 * What VERIS 1.4 demands of an incident, written down from its documentation and by hand: the
 * fields that must be there, and of those that Candor fills their form and their words. Anything
 * beside is refused, so that a slip in a name shows. (The schema file itself is under a share-alike
 * licence and is not brought in.)
 */

const some = <T extends z.ZodType>(each: T) =>
  z
    .array(each)
    .min(1)
    .refine((all) => new Set(all.map((one) => JSON.stringify(one))).size === all.length);
const unknown = z.strictObject({ notes: z.string().min(1).optional() });
const Duration = z.strictObject({
  unit: z.enum([
    "Seconds",
    "Minutes",
    "Hours",
    "Days",
    "Weeks",
    "Months",
    "Years",
    "Never",
    "NA",
    "Unknown",
  ]),
  value: z.number().optional(),
});

const Confidentiality = z.strictObject({
  data_disclosure: z.enum(["No", "Potentially", "Yes", "Unknown"]),
  data_total: z.int().optional(),
  data: z
    .array(
      z.strictObject({
        variety: z.enum([
          "Bank",
          "Credentials",
          "Medical",
          "Multi-factor credential",
          "Payment",
          "Personal",
          "Sensitive Personal",
          "Other",
          "Unknown",
        ]),
        amount: z.int().optional(),
      }),
    )
    .min(1)
    .optional(),
  data_victim: some(z.enum(["Customer", "Employee", "Patient", "Student", "Other", "Unknown"])),
  state: some(z.enum(["Stored", "Stored encrypted", "Stored unencrypted", "Unknown"])),
});

export const VerisIncident = z.strictObject({
  schema_version: z.literal("1.4.0"),
  schema_name: z.literal("verisc"),
  incident_id: z.string(),
  source_id: z.string(),
  security_incident: z.enum(["Confirmed", "Suspected", "Near miss", "False positive"]),
  summary: z.string(),
  notes: z.string().min(1).optional(),
  timeline: z.strictObject({
    incident: z.strictObject({
      year: z.int().min(1950).max(2050),
      month: z.int().min(1).max(12).optional(),
      day: z.int().min(1).max(31).optional(),
    }),
    discovery: Duration,
    containment: Duration,
  }),
  victim: z.strictObject({
    country: some(z.literal("Unknown")),
    employee_count: z.literal("Unknown"),
    government: some(z.enum(["Federal", "Regional", "Local", "Unknown", "Other", "NA"])),
    industry: z
      .string()
      .min(2)
      .max(6)
      .regex(/^(00|11|2[1-3]|3[1-3]|4[24589]|5[1-6]|6[1-2]|7[12]|81|92)-?\d{0,4}$/),
  }),
  actor: z.strictObject({ unknown }),
  action: z.strictObject({ unknown }),
  asset: z.strictObject({
    assets: some(z.strictObject({ variety: z.literal("Unknown") })),
    cloud: some(z.literal("Unknown")),
  }),
  attribute: z.strictObject({ confidentiality: Confidentiality }),
  discovery_method: z.strictObject({ unknown: z.boolean() }),
  plus: z.looseObject({}),
});
