import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sweep } from "../../src/actions/followup/tick.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, localAt, stored } from "../support/followup.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenToken } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let app: Served;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  w.clock.set(new Date(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS));
});
afterAll(async () => {
  await app.close();
  await w.close();
});

describe("over HTTP", () => {
  test("a plan is made, shown, carried out and found in the inbox", async () => {
    const { id } = await givenIncident(w);
    const owner = await givenActor(w.ctx, ["drafter"]);
    const token = await givenToken(w, owner);
    const at = `/v1/incidents/${id}`;
    expect((await app.call("GET", `${at}/followup-plan`, { token })).status).toBe(404);
    const body = {
      version: 0,
      zone: "UTC",
      rule: { kind: "dates", dates: [localAt(w, HOUR_MS), localAt(w, DAY_MS)] },
      owners: [owner.staffId],
    };
    const put = await app.call("PUT", `${at}/followup-plan`, { token, body });
    expect(put.json).toMatchObject({ plan: { version: 1 }, followups: [{ state: "armed" }, {}] });
    const wrong = {
      ...body,
      rule: { kind: "dates", dates: [{ date: "2027-02-31", time: "09:00" }] },
    };
    const refused = await app.call("PUT", `${at}/followup-plan`, { token, body: wrong });
    expect([refused.status, refused.json["errors"][0].field]).toEqual([422, "rule.dates.0.date"]);
    expect((await app.call("GET", `${at}/followup-plan`, { token })).json["version"]).toBe(1);

    w.clock.advance(2 * HOUR_MS);
    await sweep(w.ctx);
    const inboxed = await app.call("GET", "/v1/inbox", { token });
    const [item] = inboxed.json["items"];
    expect(item).toMatchObject({ kind: "followup-offered", incidentId: id });
    const taken = await app.call("POST", `${at}/followups/${item.subjectId}/take`, { token });
    expect(taken.json["followups"][0]).toMatchObject({ state: "fired", missed: true });
    const shown = await app.call("GET", `${at}/followups`, { token });
    expect(shown.json).toEqual(taken.json);
    const second = shown.json["followups"][1].id;
    const skipped = await app.call("POST", `${at}/followups/${second}/skip`, {
      token,
      body: { reason: "Nothing new." },
    });
    expect(skipped.json["followups"][1]).toMatchObject({ state: "skipped", missed: false });
  });
});

describe("by the command line", () => {
  const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

  /** What `candor …` says, as this person. */
  async function candor(token: string, ...args: string[]): Promise<string> {
    const env = { PATH: process.env["PATH"] ?? "", CANDOR_URL: app.url, CANDOR_TOKEN: token };
    return (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
  }

  test("a plan is made and replaced, its follow-ups listed, and the inbox read", async () => {
    const { id } = await givenIncident(w);
    const token = await givenToken(w, await givenActor(w.ctx, ["drafter"]));
    expect(await candor(token, "followup", "list", id)).toContain("No follow-ups are planned.");
    expect(await candor(token, "inbox")).toContain("Nothing waits for you.");
    const { date, time } = localAt(w, HOUR_MS);
    const zone = ["--zone", "UTC"];
    const dates = ["--dates", `${date}T${time}`];
    expect(await candor(token, "followup", "plan", id, ...zone, ...dates)).toContain(
      `${date} ${time} UTC`,
    );
    const from = localAt(w, 2 * DAY_MS).date;
    const cadence = ["--every", "2-weeks", "--from", from, "--at", "08:30", "--until", "2"];
    const planned = await candor(token, "followup", "plan", id, ...zone, ...cadence);
    expect(planned.match(/08:30 UTC/g)).toHaveLength(2);
    expect((await stored(w, id)).map(({ state }) => state)).toEqual([
      "cancelled",
      "armed",
      "armed",
    ]);

    w.clock.advance(3 * DAY_MS);
    await sweep(w.ctx);
    const [, offered] = await stored(w, id);
    expect(await candor(token, "followup", "list", id)).toContain(
      `missed, offered  ${offered?.id}`,
    );
    const inboxed = await candor(token, "inbox");
    expect(inboxed).toContain("Take it, or skip it with a reason.");
    expect(inboxed).toContain(`/v1/incidents/${id}/followups`);
  });

  test.each([
    [["--dates", "2027-02-31T09:00"], /rule\.dates\.0\.date: Write a day that exists/],
    [["--every", "fortnight", "--from", "2027-02-01"], /Give --every as/],
    [[], /Give --dates, or --every and --from/],
  ])("%j is refused with what to do", async (args, said) => {
    const { id } = await givenIncident(w);
    const token = await givenToken(w, await givenActor(w.ctx, ["drafter"]));
    const refused = await candor(token, "followup", "plan", id, "--zone", "UTC", ...args).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(said) });
  });
});
