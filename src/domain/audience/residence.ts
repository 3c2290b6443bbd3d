import type { Person } from "./person.ts";
import { isCountry } from "./country.ts";

/**
 * Where a person lives, as ISO 3166: `DE`, `US-MA`. A region is told apart where laws differ by it
 * and it is written as its name or code (the United States, Canada), or in full for any country
 * (`DE-BY`). A region nobody can read leaves the country, which is then a place not fully known.
 * Nothing where no country is known.
 */
export function placeOf(person: Pick<Person, "country" | "region" | "postal">): string | undefined {
  const country = person.country ?? person.postal?.country;
  const region = person.region ?? person.postal?.region;
  if (country === undefined && region === undefined) return undefined;
  const key = `${country ?? ""}/${region ?? ""}`;
  const known = KNOWN.get(key);
  if (known !== undefined) return known === "" ? undefined : known;
  const place = read(country, region?.trim() ?? "");
  // A column holds few distinct places; what a hostile one holds is read anew each time.
  if (KNOWN.size < KNOWN_MAX) KNOWN.set(Buffer.from(key).toString(), place ?? "");
  return place;
}

/** Whether the law of a place may hang on a part of it that is not known: all of one country. */
export function isPartOf(part: string, whole: string): boolean {
  return part.startsWith(`${whole}-`);
}

/** The country of a place: `US` for `US-MA`. */
export function countryOf(place: string): string {
  return place.slice(0, 2);
}

function read(country: string | undefined, region: string): string | undefined {
  const [, within, part] = /^([A-Za-z]{2})-([A-Za-z0-9]{1,3})$/.exec(region) ?? [];
  const home = country ?? within?.toUpperCase();
  if (home === undefined || !isCountry(home)) return undefined;
  if (TERRITORIES.has(home)) return `US-${home}`;
  const regions = REGIONS.get(home);
  const named = within?.toUpperCase() === home && part !== undefined ? part : region;
  if (regions) {
    const code = regions.get(folded(named));
    return code === undefined ? home : `${home}-${code}`;
  }
  return named === part ? `${home}-${part.toUpperCase()}` : home;
}

/** Letters alone, without case and accents: `D.C.` is `DC`, `Québec` is `QUEBEC`. */
function folded(region: string): string {
  return region
    .normalize("NFKD")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .toUpperCase();
}

/** Countries of ISO 3166-1 whose people have the law of a part of the United States. */
const TERRITORIES: ReadonlySet<string> = new Set(["AS", "GU", "MP", "PR", "VI"]);

const STATES = `AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,
DE Delaware,DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,
IA Iowa,KS Kansas,KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,
MN Minnesota,MS Mississippi,MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,
NJ New Jersey,NM New Mexico,NY New York,NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,
OR Oregon,PA Pennsylvania,RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,
UT Utah,VT Vermont,VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming,
AS American Samoa,GU Guam,MP Northern Mariana Islands,PR Puerto Rico,VI Virgin Islands`;
const PROVINCES = `AB Alberta,BC British Columbia,MB Manitoba,NB New Brunswick,
NL Newfoundland and Labrador,NS Nova Scotia,NT Northwest Territories,NU Nunavut,ON Ontario,
PE Prince Edward Island,QC Quebec,SK Saskatchewan,YT Yukon`;

/** Country → name or code of a region, folded → its code. */
const REGIONS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["US", regionsOf(STATES)],
  ["CA", regionsOf(PROVINCES)],
]);

function regionsOf(table: string): ReadonlyMap<string, string> {
  return new Map(
    table.split(",").flatMap((row) => {
      const [code = "", ...name] = row.trim().split(" ");
      return [[code, code] as const, [folded(name.join(" ")), code] as const];
    }),
  );
}

const KNOWN_MAX = 2_000;
const KNOWN = new Map<string, string>();
