import { z } from "zod";

/** The code of a kind of personal data that a breach can expose. */
export const Element = z.enum([
  "name",
  "email-address",
  "phone-number",
  "postal-address",
  "date-of-birth",
  "ssn",
  "drivers-licence",
  "state-id",
  "passport",
  "military-id",
  "tax-id",
  "national-id",
  "financial-account",
  "payment-card",
  "access-code",
  "online-credentials",
  "password",
  "security-question",
  "medical",
  "health-insurance",
  "biometric",
  "genetic",
  "sex-life",
  "religion",
  "political-opinion",
  "ethnic-origin",
  "trade-union",
  "criminal-record",
  "location",
  "mothers-maiden-name",
  "student-record",
  "employment-record",
  "purchase-history",
  "device-identifier",
  "digital-signature",
  "photo",
  "government-id",
  "tribal-id",
  "student-id",
  "employee-id",
  "tax-pin",
  "tax-information",
  "financial-record",
  "electronic-identifier",
  "security-token",
  "private-key",
  "birth-certificate",
  "marriage-certificate",
  "licence-plate",
  "work-evaluation",
  "call-records",
  "other",
]);
export type Element = z.output<typeof Element>;

/** A kind of data, and whether it was exposed as far as anybody knows. */
export const ExposedElement = z.strictObject({
  element: Element,
  state: z.enum(["suspected", "confirmed", "ruled-out"]),
});
export type ExposedElement = z.output<typeof ExposedElement>;

/** How much harm a kind of data can do, from least to most. */
export const Sensitivity = z.enum([
  "ordinary",
  "contact",
  "financial",
  "identity",
  "special-category",
]);
export type Sensitivity = z.output<typeof Sensitivity>;

export interface ElementRow {
  /** What a frightened reader sees; it completes "your …". */
  readonly label: string;
  /**
   * What mail and SMS say instead. Kinds of a special category are named there by their
   * class only, because others may read the screen.
   */
  readonly mailLabel: string;
  readonly sensitivity: Sensitivity;
}

// Above the table, because the table is built while the module loads.
const SPECIAL_IN_MAIL = "sensitive personal information";

/** Every kind of data. The special category follows GDPR Articles 9 and 10. */
export const DATA_ELEMENTS: Readonly<Record<Element, ElementRow>> = {
  name: plain("name", "contact"),
  "email-address": plain("e-mail address", "contact"),
  "phone-number": plain("phone number", "contact"),
  "postal-address": plain("postal address", "contact"),
  "date-of-birth": plain("date of birth", "identity"),
  ssn: plain("Social Security number", "identity"),
  "drivers-licence": plain("driver’s license number", "identity"),
  "state-id": plain("state identity card number", "identity"),
  passport: plain("passport number", "identity"),
  "military-id": plain("military identity card number", "identity"),
  "tax-id": plain("tax number", "identity"),
  "national-id": plain("national identity number", "identity"),
  "financial-account": plain("bank or other financial account number", "financial"),
  "payment-card": plain("payment card number", "financial"),
  "access-code": plain("PIN or security code of a card or account", "financial"),
  "online-credentials": plain("user name and password for an online account", "identity"),
  password: plain("password", "identity"),
  "security-question": plain("security question and its answer", "identity"),
  medical: special("medical information"),
  "health-insurance": special("health insurance information"),
  biometric: special("biometric data, such as a fingerprint or face scan"),
  genetic: special("genetic data"),
  "sex-life": special("information about sex life or sexual orientation"),
  religion: special("religious or philosophical beliefs"),
  "political-opinion": special("political opinions"),
  "ethnic-origin": special("racial or ethnic origin"),
  "trade-union": special("trade union membership"),
  "criminal-record": special("information about criminal offences or convictions"),
  location: plain("location data", "contact"),
  "mothers-maiden-name": plain("mother’s maiden name", "identity"),
  "student-record": plain("student record", "ordinary"),
  "employment-record": plain("employment record", "ordinary"),
  "purchase-history": plain("purchase history", "ordinary"),
  "device-identifier": plain("device identifier, such as an IP address", "ordinary"),
  "digital-signature": plain("digital signature", "identity"),
  photo: plain("photograph", "contact"),
  "government-id": plain("identity number issued by a government", "identity"),
  "tribal-id": plain("tribal identity number", "identity"),
  "student-id": plain("student number", "identity"),
  "employee-id": plain("employee number", "identity"),
  "tax-pin": plain("identity protection PIN of the tax office", "identity"),
  "tax-information": plain("tax information", "financial"),
  "financial-record": plain("payments, debts or credit history", "financial"),
  "electronic-identifier": plain(
    "electronic identifier or routing code of a financial account",
    "financial",
  ),
  "security-token": plain("security token or shared secret used to sign in", "identity"),
  "private-key": plain("private key that signs or decrypts in your name", "identity"),
  "birth-certificate": plain("birth certificate", "identity"),
  "marriage-certificate": plain("marriage certificate", "identity"),
  "licence-plate": plain("licence plate reading, with time and place", "contact"),
  "work-evaluation": plain("evaluation of your work", "ordinary"),
  "call-records": plain("records of your calls and of how you use the service", "contact"),
  other: plain("other information you gave us", "ordinary"),
};

/**
 * What each class of sensitivity sets by default: the tone of the text, the order in which
 * channels are tried, whether subjects keep silent about the matter, and how many people must
 * approve at least. People may choose otherwise; this is where a plan starts.
 */
export const SENSITIVITY_DEFAULTS: Readonly<Record<Sensitivity, SensitivityDefaults>> = {
  ordinary: { tone: "plain", channels: ["email", "letter"], discreet: false, approvals: 1 },
  contact: { tone: "plain", channels: ["email", "letter"], discreet: false, approvals: 1 },
  financial: { tone: "urgent", channels: ["email", "letter"], discreet: false, approvals: 1 },
  identity: { tone: "urgent", channels: ["email", "letter"], discreet: false, approvals: 1 },
  "special-category": {
    tone: "gentle",
    channels: ["email", "letter"],
    discreet: true,
    approvals: 2,
  },
};

/** The worst class among these kinds of data; `ordinary` where there are none. */
export function worstSensitivity(elements: readonly Element[]): Sensitivity {
  const ranks = elements.map((element) => rank(DATA_ELEMENTS[element].sensitivity));
  return Sensitivity.options[Math.max(0, ...ranks)] ?? "ordinary";
}

function rank(sensitivity: Sensitivity): number {
  return Sensitivity.options.indexOf(sensitivity);
}

function plain(label: string, sensitivity: Sensitivity): ElementRow {
  return { label, mailLabel: label, sensitivity };
}

function special(label: string): ElementRow {
  return { label, mailLabel: SPECIAL_IN_MAIL, sensitivity: "special-category" };
}

interface SensitivityDefaults {
  readonly tone: "plain" | "urgent" | "gentle";
  readonly channels: readonly ("email" | "letter")[];
  readonly discreet: boolean;
  readonly approvals: number;
}
