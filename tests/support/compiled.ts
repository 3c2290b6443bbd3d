import { fileURLToPath } from "node:url";

import { compile } from "../../src/domain/notice/compile.ts";
import type { Reader } from "../../src/domain/notice/render.ts";
import { firstFacts } from "../../src/domain/scope.ts";
import type { ScopeFacts } from "../../src/domain/scope.ts";
import { readTemplates } from "../../src/gateways/templates.ts";
import { aSource } from "./notice.ts";

/** Where the shipped templates are. */
export const FOLDER = fileURLToPath(new URL("../../templates", import.meta.url));
export const TEMPLATES = readTemplates(FOLDER);
export const SENDER = {
  organisation: "Harbour & Light <Clinic>",
  from: "notices@example.org",
  replyTo: "privacy@example.org",
  checkAddress: "notices.example.org/check",
  linkHosts: ["notices.example.org"],
  layoutVersion: TEMPLATES.mail.version,
  discreet: false,
};
/** An incident of which little is known, and the same when all is. */
export const UNKNOWN = firstFacts({
  whatHappened: "A laptop was stolen from a car.\n\nIt held a list of patients.",
  dataElements: [
    { element: "name", state: "confirmed" },
    { element: "ssn", state: "suspected" },
    { element: "medical", state: "confirmed" },
    { element: "genetic", state: "suspected" },
    { element: "passport", state: "ruled-out" },
  ],
});
export const KNOWN: ScopeFacts = {
  ...UNKNOWN,
  occurredFrom: moment("2026-03-01T22:10:00Z", "minute"),
  occurredTo: moment("2026-03-02T05:00:00Z", "day"),
  discoveredAt: moment("2026-03-02T08:00:00Z", "hour"),
  containedAt: moment("2026-03-02T08:00:00Z", "month"),
  place: "Springfield",
  how: "The car was broken into.",
  people: [
    { jurisdiction: "US-CA", count: 1_200 },
    { jurisdiction: "DE", count: 34 },
  ],
  encryption: "full",
  keyState: "taken",
  whatWeDo: "We encrypt every laptop by 14 March 2026.",
  actions: ["Freeze your credit.", "Watch your accounts."],
  contactLines: [
    {
      kind: "phone",
      value: "+1 555 555 0142",
      hours: "Mon to Fri 8 to 20",
      zone: "America/Chicago",
    },
    { kind: "email", value: "privacy@example.org" },
    { kind: "post", value: "Harbour Light Clinic\n1 Quay Street" },
  ],
};
export const ANA: Reader = { name: "Ana Example", exposure: ["name", "ssn"], sharedMailbox: false };

function moment(at: string, precision: "minute" | "hour" | "day" | "month") {
  return { at: new Date(at), zone: "America/Chicago", precision };
}

/** A source compiled in English, as a version of it would be. */
export function compiled(source: string, facts: ScopeFacts = KNOWN, sender = SENDER) {
  const version = { languages: { en: source }, sender, codes: { en: "7K2M-9QXT" } };
  return compile(version, facts, TEMPLATES.mail);
}

export const body = (text: string) => aSource({ body: text });
