import { expect, test } from "vitest";

import { box } from "../../src/gateways/box.ts";

test("what is sealed to a key opens with its other half, and with nothing else", async () => {
  const [mine, yours] = await Promise.all([box.newKeys(), box.newKeys()]);
  const blob = await box.seal(mine.publicKey, "a purpose", { name: "Ada Example" });
  expect(blob.includes("Ada")).toBe(false);
  expect(await box.open(mine.privateKey, "a purpose", blob)).toEqual({ name: "Ada Example" });
  await expect(box.open(yours.privateKey, "a purpose", blob)).rejects.toThrow();
});

test("a blob made for one purpose does not open for another", async () => {
  const { publicKey, privateKey } = await box.newKeys();
  const blob = await box.seal(publicKey, "intake one", 1);
  await expect(box.open(privateKey, "intake two", blob)).rejects.toThrow();
});

test("the same value never looks the same twice", async () => {
  const { publicKey } = await box.newKeys();
  const [one, two] = await Promise.all([1, 2].map(() => box.seal(publicKey, "p", "value")));
  expect(one?.equals(two ?? Buffer.alloc(0))).toBe(false);
});

test.for([
  ["cut off", (blob: Buffer) => blob.subarray(0, 20)],
  ["of another version", (blob: Buffer) => Buffer.concat([Buffer.from([9]), blob.subarray(1)])],
  ["changed by one bit", (blob: Buffer) => flipped(blob)],
] as const)("a blob that is %s is refused", async ([, change]) => {
  const { publicKey, privateKey } = await box.newKeys();
  const blob = await box.seal(publicKey, "p", "value");
  await expect(box.open(privateKey, "p", change(blob))).rejects.toThrow();
});

function flipped(blob: Buffer): Buffer {
  const copy = Buffer.from(blob);
  copy[40] = (copy[40] ?? 0) ^ 1;
  return copy;
}
