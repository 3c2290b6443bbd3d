import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  DATA_ELEMENTS,
  Element,
  SENSITIVITY_DEFAULTS,
  Sensitivity,
  worstSensitivity,
} from "../../src/domain/element.ts";
import { elementLabel, elementMailLabel } from "../../src/domain/element/label.ts";
import { PageLanguage } from "../../src/domain/language.ts";

const anyElements = fc.array(fc.constantFrom(...Element.options), { maxLength: 10 });
const SCRIPT = { en: /^[A-Za-z]/, zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u };
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

describe.each(PageLanguage.options)("labels in %s", (language) => {
  const full = Element.options.map((element) => elementLabel(element, language));

  test("are there for every kind of data, each another one, in that language", () => {
    expect(new Set(full).size).toBe(Element.options.length);
    for (const label of full) expect(label).toMatch(SCRIPT[language]);
  });

  test("name special categories by one class in mail, and everything else in full", () => {
    const named = Element.options.map((element) => elementMailLabel(element, language));
    const special = Element.options.map(
      (element) => DATA_ELEMENTS[element].sensitivity === "special-category",
    );
    const classes = new Set(named.filter((_, i) => special[i]));
    expect(classes.size).toBe(1);
    expect(full).not.toContain([...classes][0]);
    expect([...classes][0]).toMatch(SCRIPT[language]);
    expect(named.filter((_, i) => !special[i])).toEqual(full.filter((_, i) => !special[i]));
  });
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
