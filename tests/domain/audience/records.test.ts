import fc from "fast-check";
import { expect, test } from "vitest";

import { csvLine, unguarded } from "../../../src/domain/audience/cells.ts";
import {
  csvScan,
  delimiterOf,
  jsonKeys,
  jsonScan,
  rowReader,
} from "../../../src/domain/audience/records.ts";
import type { Row, Scan } from "../../../src/domain/audience/records.ts";

/** All rows of a text that arrives in pieces of this size. */
function read(text: string, scan: Scan = csvScan(","), size = text.length || 1): Row[] {
  const reader = rowReader(scan);
  const rows: Row[] = [];
  for (let at = 0; at < text.length; at += size)
    rows.push(...reader.push(text.slice(at, at + size)));
  return [...rows, ...reader.end()];
}

const cell = fc.string({
  unit: fc.constantFrom("a", "b", ",", '"', "\n", "\r\n", " ", "é"),
  maxLength: 8,
});

test("what csvLine writes is read back, in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 40 }),
      (table, size) => {
        const rows = read(table.map(csvLine).join(""), csvScan(","), size);
        expect(rows.map((row) => ("cells" in row ? row.cells.map(unguarded) : row))).toEqual(table);
      },
    ),
  );
});

test("line numbers count the lines inside quotes and blank lines", () => {
  expect(read('a,b\r\n\r\n"x\ny",1\r\nlast,2')).toEqual([
    { line: 1, cells: ["a", "b"] },
    { line: 3, cells: ["x\ny", "1"] },
    { line: 5, cells: ["last", "2"] },
  ]);
});

test("a quote that is never closed costs its own row and no other", () => {
  const rows = read('h,i\n1,"open\n2,x\n3,"y"\n4,"z, z"\n');
  expect(rows).toEqual([
    { line: 1, cells: ["h", "i"] },
    { line: 2, fault: "quote-not-closed" },
    { line: 3, cells: ["2", "x"] },
    { line: 4, cells: ["3", "y"] },
    { line: 5, cells: ["4", "z, z"] },
  ]);
});

test("a quote that is never closed before the end of the file is reported where it opens", () => {
  const good = Array.from({ length: 50_000 }, (_, i) => `${i},good row`).join("\n");
  const rows = read(`h,i\n1,"open\n${good}`, csvScan(","), 65_536);
  expect(rows[1]).toEqual({ line: 2, fault: "quote-not-closed" });
  expect(rows).toHaveLength(50_002);
  expect(rows.at(-1)).toEqual({ line: 50_002, cells: ["49999", "good row"] });
});

test("a line of 10 MB is one fault, and the next row is read", () => {
  for (const start of ["x", '"x'])
    expect(read(`h\n${start}${"y".repeat(10_000_000)}\nnext\n`, csvScan(","), 1_048_576)).toEqual([
      { line: 1, cells: ["h"] },
      { line: 2, fault: "record-too-long" },
      { line: 3, cells: ["next"] },
    ]);
});

test("a row of 10,000 cells is just a row", () => {
  const [row] = read(`${"x,".repeat(9_999)}x\n`);
  expect(row && "cells" in row && row.cells.length).toBe(10_000);
});

test("quotes inside a plain cell are text, and spaces around a quoted one are let pass", () => {
  expect(read('Jane "JJ" Doe,x\n "a, b" ,y\n')).toEqual([
    { line: 1, cells: ['Jane "JJ" Doe', "x"] },
    { line: 2, cells: ["a, b", "y"] },
  ]);
});

test.each([
  ["a,b,c", ","],
  ["a;b;c", ";"],
  ["a\tb\tc", "\t"],
  ["single", ","],
])("the delimiter of %j is %j", (header, expected) => {
  expect(delimiterOf(header)).toBe(expected);
});

test("JSON lines become cells; lists are joined, other shapes are faults, new keys are named", () => {
  const rows = read(
    '{"email":"a@example.com","n":1,"list":["x","y"]}\n\n[1]\n{"email":{"a":1}}\n{oops\n{"other":true,"n":null}\n',
    jsonScan(["email", "n", "list"]),
    7,
  );
  expect(rows).toEqual([
    { line: 1, cells: ["a@example.com", "1", "x;y"], extra: [] },
    { line: 3, fault: "not-json" },
    { line: 4, fault: "wrong-type" },
    { line: 5, fault: "not-json" },
    { line: 6, cells: ["", "", ""], extra: ["other"] },
  ]);
});

test("a JSON number that was rounded as it was read is a fault: it may be two people's", () => {
  const rows = read(
    '{"id":12345678901234567890}\n{"id":1e400}\n{"id":0.1}\n{"id":9007199254740991}\n',
    jsonScan(["id"]),
  );
  expect(rows).toEqual([
    { line: 1, fault: "wrong-type" },
    { line: 2, fault: "wrong-type" },
    { line: 3, fault: "wrong-type" },
    { line: 4, cells: ["9007199254740991"], extra: [] },
  ]);
});

test("a JSON key called __proto__ is a key like any other", () => {
  expect(jsonKeys('{"__proto__":{"x":1},"a":2}')).toEqual(["__proto__", "a"]);
  const [row] = read('{"__proto__":"hit","constructor":"x"}', jsonScan(["constructor"]));
  expect(row).toEqual({ line: 1, cells: ["x"], extra: ["__proto__"] });
});

test.each(["=1+1", "+1", "-1", "@x", "\tx", "＝1", "'=1", "'"])(
  "the cell %j is not run by a spreadsheet and comes back as it was",
  (given) => {
    const [row] = read(csvLine([given, "x"]));
    const written = row && "cells" in row ? (row.cells[0] ?? "") : "";
    expect(written).toBe(`'${given}`);
    expect(unguarded(written)).toBe(given);
  },
);
