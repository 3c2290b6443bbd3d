import fc from "fast-check";
import { expect, test } from "vitest";

import {
  DATA_ELEMENTS,
  Element,
  SENSITIVITY_DEFAULTS,
  Sensitivity,
  worstSensitivity,
} from "../../src/domain/element.ts";

const anyElements = fc.array(fc.constantFrom(...Element.options), { maxLength: 10 });
const rank = (sensitivity: Sensitivity) => Sensitivity.options.indexOf(sensitivity);

test.for([
  [[], "ordinary"],
  [["purchase-history"], "ordinary"],
  [["name", "email-address"], "contact"],
  [["name", "payment-card"], "financial"],
  [["payment-card", "ssn", "name"], "identity"],
  [["date-of-birth"], "identity"],
  [["medical", "ssn"], "special-category"],
  [["trade-union", "name"], "special-category"],
] as const)("%j together are %s", ([elements, expected]) => {
  expect(worstSensitivity(elements)).toBe(expected);
});

test("one more kind of data never makes a set less sensitive, and order does not matter", () => {
  fc.assert(
    fc.property(anyElements, fc.constantFrom(...Element.options), (elements, one) => {
      const more = worstSensitivity([...elements, one]);
      expect(rank(more)).toBe(
        Math.max(rank(worstSensitivity(elements)), rank(DATA_ELEMENTS[one].sensitivity)),
      );
      expect(worstSensitivity([one, ...elements.toReversed()])).toBe(more);
    }),
  );
});

test("mail names a special category by its class only, and everything else by its label", () => {
  for (const { label, mailLabel, sensitivity } of Object.values(DATA_ELEMENTS))
    expect(mailLabel).toBe(
      sensitivity === "special-category" ? "sensitive personal information" : label,
    );
});

test("special-category data start with silent subjects and two approvers", () => {
  expect(SENSITIVITY_DEFAULTS["special-category"]).toEqual({
    tone: "gentle",
    channels: ["email", "letter"],
    discreet: true,
    approvals: 2,
  });
});

test("no label says the same as another", () => {
  const labels = Object.values(DATA_ELEMENTS).map(({ label }) => label);
  expect(new Set(labels).size).toBe(Element.options.length);
});
