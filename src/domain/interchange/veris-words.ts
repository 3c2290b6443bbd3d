import type { z } from "zod";

import type { Element } from "../element.ts";
import type { Moment } from "../instant.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import { Sector } from "../scope.ts";
import type { ScopeFacts } from "../scope.ts";

/*
 * VERIS, the Vocabulary for Event Recording and Incident Sharing (verisframework.org), and our
 * words for the same. Names of its fields and values are quoted from its documentation; its
 * schema file is no part of this project.
 */

/** Kinds of data as VERIS counts them (`attribute.confidentiality.data.variety`). */
export const VARIETIES = [
  "API key",
  "Bank",
  "Classified",
  "Copyrighted",
  "Credentials",
  "Digital certificate",
  "Internal",
  "Medical",
  "Multi-factor credential",
  "Payment",
  "Personal",
  "Sensitive Personal",
  "Secrets",
  "Session key",
  "Source code",
  "System",
  "Virtual currency",
  "Other",
  "Unknown",
] as const;
export type Variety = (typeof VARIETIES)[number];

/** Every kind of data of ours as VERIS counts it. */
export const VARIETY_OF: Readonly<Record<Element, Variety>> = {
  name: "Personal",
  "email-address": "Personal",
  "phone-number": "Personal",
  "postal-address": "Personal",
  "date-of-birth": "Personal",
  ssn: "Sensitive Personal",
  "drivers-licence": "Sensitive Personal",
  "state-id": "Sensitive Personal",
  passport: "Sensitive Personal",
  "military-id": "Sensitive Personal",
  "tax-id": "Sensitive Personal",
  "national-id": "Sensitive Personal",
  "financial-account": "Bank",
  "payment-card": "Payment",
  "access-code": "Payment",
  "online-credentials": "Credentials",
  password: "Credentials",
  "security-question": "Credentials",
  medical: "Medical",
  "health-insurance": "Medical",
  biometric: "Sensitive Personal",
  genetic: "Sensitive Personal",
  "sex-life": "Sensitive Personal",
  religion: "Sensitive Personal",
  "political-opinion": "Sensitive Personal",
  "ethnic-origin": "Sensitive Personal",
  "trade-union": "Sensitive Personal",
  "criminal-record": "Sensitive Personal",
  location: "Personal",
  "mothers-maiden-name": "Personal",
  "student-record": "Personal",
  "employment-record": "Personal",
  "purchase-history": "Personal",
  "device-identifier": "Personal",
  "digital-signature": "Personal",
  photo: "Personal",
  "government-id": "Sensitive Personal",
  "tribal-id": "Sensitive Personal",
  "student-id": "Personal",
  "employee-id": "Personal",
  "tax-pin": "Sensitive Personal",
  "tax-information": "Sensitive Personal",
  "financial-record": "Bank",
  "electronic-identifier": "Bank",
  "security-token": "Multi-factor credential",
  "private-key": "Digital certificate",
  "birth-certificate": "Sensitive Personal",
  "marriage-certificate": "Sensitive Personal",
  "licence-plate": "Personal",
  "work-evaluation": "Personal",
  "call-records": "Personal",
  other: "Other",
};

/**
 * What a variety of VERIS is read as, where it is a kind of personal data at all. VERIS is coarser:
 * of several kinds it is the one that most duties hang on, and a person is told to look.
 */
export const ELEMENT_OF: Readonly<Partial<Record<Variety, Element>>> = {
  Bank: "financial-account",
  Credentials: "online-credentials",
  Medical: "medical",
  Payment: "payment-card",
  Personal: "name",
  "Sensitive Personal": "national-id",
  Other: "other",
  Unknown: "other",
};

type SectorName = z.output<typeof Sector>;

/** Sector → NAICS 2022, as `victim.industry` asks for it. VERIS writes an unknown one 000. */
export const INDUSTRY_OF: Readonly<Record<SectorName, string>> = {
  "health-care": "62",
  "health-plan": "524114",
  finance: "52",
  insurance: "524",
  telecom: "517",
  "digital-service": "51",
  education: "61",
  "public-authority": "92",
  energy: "22",
  transport: "48",
  retail: "44",
  "non-profit": "813",
  other: "000",
};
export const INDUSTRY_UNKNOWN = "000";

/** The sector of a NAICS code: by its longest beginning that we know. */
export function sectorOf(industry: string): ScopeFacts["sector"] {
  if (industry.startsWith("00")) return NOT_YET_KNOWN;
  const codes = Sector.options.flatMap((sector) => [
    { sector, code: INDUSTRY_OF[sector] },
    // Transport and retail have two each, for which NAICS writes 48-49 and 44-45.
    ...(SECOND_CODE[sector] === undefined ? [] : [{ sector, code: SECOND_CODE[sector] }]),
  ]);
  const known = codes.filter(({ code }) => industry.startsWith(code));
  const [closest] = known.toSorted((one, other) => other.code.length - one.code.length);
  return closest?.sector ?? "other";
}

const SECOND_CODE: Readonly<Partial<Record<SectorName, string>>> = {
  retail: "45",
  transport: "49",
};

/** How VERIS says how long something took. */
export const UNITS = [
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
] as const;

/** A unit → how precisely it tells a time. Those that tell none are absent. */
export const PRECISION_OF: Readonly<Partial<Record<(typeof UNITS)[number], Moment["precision"]>>> =
  {
    Seconds: "minute",
    Minutes: "minute",
    Hours: "hour",
    Days: "day",
    Weeks: "week",
    Months: "month",
    Years: "year",
  };

/** Roughly how long a unit is: enough to tell a slip of the keyboard. */
export const SECONDS_IN: Readonly<Partial<Record<(typeof UNITS)[number], number>>> = {
  Seconds: 1,
  Minutes: 60,
  Hours: 3_600,
  Days: 86_400,
  Weeks: 604_800,
  Months: 2_629_800,
  Years: 31_557_600,
};

/** How precisely a time is known, from most to least. */
export const PRECISIONS = ["minute", "hour", "day", "week", "month", "year"] as const;
