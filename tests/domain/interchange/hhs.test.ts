import { expect, test } from "vitest";

import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import { readHhs, zoneIn } from "../../../src/domain/interchange/hhs-file.ts";
import { replay } from "../../../src/domain/interchange/replay.ts";
import { Refusal } from "../../../src/domain/refusal.ts";
import { LIBRARY } from "../../support/law.ts";

// Organisations and their breaches are invented.
const PORTAL =
  "Name of Covered Entity,State,Covered Entity Type,Individuals Affected,Breach Submission Date,Type of Breach,Location of Breached Information,Business Associate Present,Web Description";
const ARCHIVE =
  "Number,State,Individuals_Affected,Date_of_Breach,Type_of_Breach,Location_of_Breached_Information,Business_Associate_Involved";

const read = (...lines: string[]) => readHhs(`${lines.join("\n")}\n`, zoneIn(LIBRARY));
const only = (...lines: string[]) => {
  const [first, ...more] = read(...lines).lines;
  if (!first || !("read" in first) || more.length > 0) throw new Error(JSON.stringify(first));
  return first.read;
};
const problems = (row: string, header = ARCHIVE) =>
  read(header, row).lines.flatMap((each) => ("problems" in each ? each.problems : []));

test("a row of the portal becomes an incident that is not the organisation’s alone to read", () => {
  const { facts, declaration } = only(
    PORTAL,
    '"Example Clinic, Inc.",tx,Health Plan,"12,345",3/9/2024,"Hacking/IT Incident, Theft",Network Server,Yes,"Ada Example, MD, lost it."',
  );
  expect(facts).toMatchObject({
    people: [{ jurisdiction: "US-TX", count: 12_345 }],
    sector: "health-plan",
    role: "controller",
    encryption: "none",
    occurredFrom: NOT_YET_KNOWN,
    occurredTo: NOT_YET_KNOWN,
    place: "Network Server",
    how: "Hacking/IT Incident, Theft",
    dataElements: [
      { element: "medical", state: "confirmed" },
      { element: "name", state: "suspected" },
    ],
  });
  expect([declaration.awareAt, declaration.awareZone]).toEqual([
    new Date("2024-03-09T18:00:00Z"),
    "America/Chicago",
  ]);
  expect(JSON.stringify([facts, declaration])).not.toMatch(/Example|Ada/);
});

test("a business associate is a processor", () => {
  const row = "Example Billing,CA,Business Associate,700,01/02/2024,Loss,Laptop,Yes,";
  expect(only(PORTAL, row).facts.role).toBe("processor");
});

test("an archived row tells when the breach was, from its first day to its last", () => {
  const row = '7,PR,501,12/31/2011 -1/2/2012,Loss,"Laptop, Paper",No';
  const { facts, declaration } = only(ARCHIVE, row);
  expect([facts.occurredFrom, facts.occurredTo]).toMatchObject([
    { at: new Date("2011-12-31T16:00:00Z"), zone: "America/Puerto_Rico", precision: "day" },
    { at: new Date("2012-01-02T16:00:00Z") },
  ]);
  expect(declaration.awareAt).toEqual(new Date("2012-01-02T16:00:00Z"));
});

test("a last day that is none is said and left unknown; the row stands", () => {
  const { facts, remarks } = only(ARCHIVE, "7,CA,501,10/01/2011-11/31/2011,Loss,Laptop,No");
  expect(facts.occurredTo).toBe(NOT_YET_KNOWN);
  expect(facts.occurredFrom).toMatchObject({ at: new Date("2011-10-01T19:00:00Z") });
  expect(remarks.map(({ code }) => code)).toEqual(["end-not-a-date"]);
});

test.each([
  ["7,ZZ,501,1/2/2012,Loss,Laptop,No", ["not-a-state"]],
  ["7,CA,0,1/2/2012,Loss,Laptop,No", ["not-a-count"]],
  ["7,CA,-5,1/2/2012,Loss,Laptop,No", ["not-a-count"]],
  ["7,CA,500.5,1/2/2012,Loss,Laptop,No", ["not-a-count"]],
  ['7,CA,"1,00",1/2/2012,Loss,Laptop,No', ["not-a-count"]],
  ["7,CA,501,2/30/2012,Loss,Laptop,No", ["not-a-date"]],
  ["7,CA,501,in March,Loss,Laptop,No", ["not-a-date"]],
  ["7,CA,501,,Loss,Laptop,No", ["no-date"]],
  ["7,CA,501,3/2/2012-3/1/2012,Loss,Laptop,No", ["end-before-start"]],
  ["7,CA,501,1/2/2012,Ada Example,Laptop,No", ["unknown-type"]],
  ["7,CA,501,1/2/2012,Loss,Her house,No", ["unknown-location"]],
  ["7,CA,501,1/2/2012,Loss,Laptop", ["width"]],
  ['7,CA,501,1/2/2012,"Loss,Laptop,No', ["quote-not-closed"]],
  ["7,,x,,Loss,Laptop,No", ["not-a-state", "not-a-count", "no-date"]],
])("%s is refused whole, with every reason and without its words", (row, codes) => {
  const found = problems(row);
  expect(found.map(({ code }) => code)).toEqual(codes);
  expect(JSON.stringify(found)).not.toMatch(/Ada|house|ZZ/);
});

test("a row that says exactly what one before says is named; good rows around stand", () => {
  const row = "7,CA,501,1/2/2012,Loss,Laptop,No";
  const { lines } = read(ARCHIVE, row, "8,CA,501,1/2/2012,Loss,Laptop,No", row, "9,CA,x,,,,");
  expect(lines.map((each) => [each.line, "read" in each])).toEqual([
    [2, true],
    [3, true],
    [4, false],
    [5, false],
  ]);
  expect(lines[2]).toMatchObject({ problems: [{ message: "Line 2 says exactly the same." }] });
});

test("a file without the columns that matter is refused, and each is named", () => {
  const refusal = refused(() => read("Name,State,State,When", "a,b,c,d"));
  expect(refusal.code).toBe("file-unreadable");
  expect(refusal.fields.map(({ message }) => message)).toEqual([
    "State: this column is there twice.",
    "Individuals Affected: this column is missing.",
    "Type of Breach: this column is missing.",
    "Location of Breached Information: this column is missing.",
    "Breach Submission Date: this column, or Date of Breach, is missing.",
  ]);
  expect(refused(() => read("")).code).toBe("file-unreadable");
});

test("columns of which nothing is kept are named", () => {
  expect(read(PORTAL, "").ignored).toEqual(["Web Description"]);
  // A name that objects have by themselves is no column of ours, and a terminal obeys no header.
  const strange = `${PORTAL},constructor,\u001b[2J`;
  expect(read(strange, "").ignored).toEqual(["Web Description", "constructor", "?[2J"]);
});

test("the size of a breach decides which duties HIPAA makes", () => {
  const rows = [499, 500, 501].map((people, i) => `${i},WY,${people},9/23/2009,Loss,Laptop,No`);
  const replayed = replay(read(ARCHIVE, ...rows, "9,WY,501,9/22/2009,Loss,Laptop,No"), LIBRARY);
  expect(replayed.map(({ duties }) => duties.map(({ duty }) => duty).toSorted())).toEqual([
    ["individuals", "regulator-2"],
    ["individuals", "regulator"],
    ["individuals", "media", "regulator"],
    ["individuals", "media", "regulator"],
  ]);
  expect(replayed.map(({ underRule }) => underRule)).toEqual([true, true, true, false]);
});

function refused(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error("It was not refused.");
}
