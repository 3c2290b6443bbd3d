import { isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/min";

/**
 * A phone number in E.164, or nothing. A number without `+` is read as one of `country`
 * (ISO 3166-1). Checks that the number is possible, not that it is assigned: numbering plans
 * change more often than the tables we ship, and an unassigned number harms nobody.
 */
export function phoneOf(text: string, country: string | undefined): string | undefined {
  if (text.length > 40) return undefined;
  const parsed = parsePhoneNumberFromString(text, {
    extract: false,
    ...(country !== undefined && isSupportedCountry(country) && { defaultCountry: country }),
  });
  if (!parsed?.isPossible() || parsed.ext !== undefined) return undefined;
  return E164.test(parsed.number) ? parsed.number : undefined;
}

const E164 = /^\+[1-9]\d{3,14}$/;
