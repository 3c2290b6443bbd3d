import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { createKnown } from "../../../src/domain/notice/known.ts";

const hashOf = (key: string) => createHash("sha256").update(key).digest();
const hashesOf = (keys: readonly string[]) => keys.map(hashOf);

describe("people known by their hashes", () => {
  test("are found by any of them, and nobody else is", () => {
    const known = createKnown(2_000, 2);
    for (let n = 0; n < 2_000; n += 1)
      expect(known.add(hashesOf([`mail ${n}`, `phone ${n}`]))).toBe(n);
    for (let n = 0; n < 2_000; n += 1) {
      expect(known.find([hashOf(`mail ${n}`)])).toEqual([n]);
      expect(known.find(hashesOf([`phone ${n}`, `mail ${n}`]))).toEqual([n]);
      expect(known.find([hashOf(`mail ${n + 2_000}`)])).toEqual([]);
    }
    expect(known.find(hashesOf(["mail 1999", "phone 0"]))).toEqual([1_999, 0]);
  });

  test("are one where they share a key, and where somebody joins them", () => {
    const known = createKnown(4, 3);
    known.add(hashesOf(["a"]));
    known.add(hashesOf(["b"]));
    known.add(hashesOf(["c"]));
    expect(known.add(hashesOf(["x", "c", "b"]))).toBe(1);
    expect([0, 1, 2, 3].map((n) => known.numberOf(n))).toEqual([0, 1, 1, 1]);
    expect(known.find(hashesOf(["x", "b", "c"]))).toEqual([1]);
    expect(known.find(hashesOf(["a"]))).toEqual([0]);
  });

  test("whose hashes begin alike are told apart by the rest of 128 bits", () => {
    const known = createKnown(8, 2);
    const alike = Array.from({ length: 16 }, (_, at) => {
      const hash = Buffer.alloc(32);
      hash[at] = 1;
      return hash;
    });
    for (let n = 0; n < 8; n += 1) known.add(alike.slice(2 * n, 2 * n + 2));
    expect(alike.map((hash) => known.find([hash]))).toEqual(alike.map((_, at) => [at >> 1]));
  });

  test("are no more than room was made for; nobody is found among none", () => {
    const known = createKnown(1, 2);
    known.add(hashesOf(["a", "b"]));
    expect(() => known.add(hashesOf(["c"]))).toThrow("more people");
    expect(createKnown(0, 3).find(hashesOf(["a"]))).toEqual([]);
  });
});
