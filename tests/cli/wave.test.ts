import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { sweep } from "../../src/actions/wave.ts";
import { heldCommands } from "../../src/cli/held.ts";
import { unknownCommands } from "../../src/cli/unknown.ts";
import { MessageHold } from "../../src/domain/delivery/message.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { desk } from "../support/cli.ts";
import { givenAuthenticator } from "../support/staff.ts";
import { givenWave, sendDue, states } from "../support/wave.ts";
import type { World } from "../support/world.ts";

const at = desk(unknownCommands, heldCommands);
let w: World;
let folder: string;
beforeAll(() => void ({ w, folder } = at));

/** The lines that `candor …` said to this person. */
async function candor(actor: Actor, ...args: string[]): Promise<string[]> {
  return (await at.candor(actor, ...args)).split("\n").slice(0, -1);
}

const WHY = ["--reason", "The log of the relay."];

describe("what nobody knows the outcome of", () => {
  async function givenUnknown() {
    const given = await givenWave(w, { people: 3 });
    w.email.answer(() => ({ kind: "unknown", code: "ETIMEDOUT", provider: "one" }));
    await sendDue(w, given.waveId, "email");
    return { ...given, path: [given.incidentId, given.waveId] };
  }

  test("is listed, with why and what happens next, and for programs", async () => {
    const { path } = await givenUnknown();
    const lines = await candor(w.staff.auditor, "unknown", "list", ...path);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^\d+ {2}email by one, attempt 1, 0 min, ETIMEDOUT; receipts have time/,
    );
    const json = await candor(w.staff.auditor, "unknown", "list", ...path, "--json");
    expect(json.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { channel: "email", relay: "one", next: "wait" },
      {},
      {},
    ]);
    expect(await candor(w.staff.auditor, "unknown", "list", ...path, "--channel", "sms")).toEqual(
      [],
    );
  });

  test("is decided one by one, or all that options fit; never all by mistake", async () => {
    const { path, waveId } = await givenUnknown();
    const [line = ""] = await candor(w.staff.approver, "unknown", "list", ...path);
    const [id = ""] = line.split(" ");
    const decide = (...more: string[]) =>
      candor(w.staff.approver, "unknown", "decide", ...path, ...more, ...WHY);
    await expect(decide("resend")).rejects.toThrow(/Say which/);
    await expect(decide("accepted", "--ids", "999")).rejects.toThrow(/not unknown any more/);
    expect(await decide("accepted", "--ids", id)).toEqual(["1 decided."]);
    expect(await decide("resend", "--all", "--code", "EOTHER")).toEqual(["0 decided."]);
    expect(await decide("resend", "--all", "--code", "ETIMEDOUT")).toEqual(["2 decided."]);
    expect(await states(w, waveId)).toEqual({ accepted: 1, planned: 2 });
    const mayNot = candor(w.staff.auditor, "unknown", "decide", ...path, "resend", "--all", ...WHY);
    await expect(mayNot).rejects.toThrow();
  });
});

test("held messages are counted by reason, released, and given up", async () => {
  const { waveId, incidentId } = await givenWave(w, { people: 3 });
  const path = [incidentId, waveId];
  const compose = () => {
    throw new MessageHold("missing:name");
  };
  await sendDue(w, waveId, "email", { prepare: async () => ({ compose }) });
  const [reason, ...listed] = await candor(w.staff.auditor, "held", "list", ...path, "--ids");
  expect(reason).toBe("3  email  missing:name");
  const [first = ""] = listed.map((line) => line.trim().split(" ")[0] ?? "");
  const act = (verb: string, ...more: string[]) =>
    candor(w.staff.approver, "held", verb, ...path, ...more, ...WHY);
  await expect(act("release")).rejects.toThrow(/Say which/);
  expect(await act("release", "--ids", first)).toEqual(["1 released."]);
  expect(await act("drop", "--all", "--because", "address")).toEqual([
    "0 given up by this channel.",
  ]);
  expect(await act("drop", "--all")).toEqual(["2 given up by this channel."]);
  expect(await states(w, waveId)).toEqual({ planned: 1, rejected: 2 });
});

test("people whom nothing reached are listed without a name, and by name in a file", async () => {
  const person = { name: "Ada Example", email: "ada@example.com", agreed: "yes" } as const;
  w.email.answer(() => ({ kind: "rejected", fault: "recipient", code: "550" }));
  const { waveId, incidentId, recipientIds } = await givenWave(w, {
    people: [person],
    channels: ["email"],
  });
  await sendDue(w, waveId, "email");
  await sweep(w.ctx);
  const path = [incidentId, waveId];
  const lines = await candor(w.staff.counsel, "not-reached", ...path);
  expect(lines).toEqual([`${recipientIds[0]}  email: recipient`]);
  const out = join(folder, "people.csv");
  const code = await givenAuthenticator(w, w.staff.counsel);
  const more = ["--out", out, "--totp", code(), ...WHY];
  expect((await candor(w.staff.counsel, "not-reached", ...path, ...more)).join()).toContain(out);
  expect(await readFile(out, "utf8")).toContain("Ada Example");
  expect((await stat(out)).mode & 0o077).toBe(0);
});
