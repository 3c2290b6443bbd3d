import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { exportNotReached, listNotReached } from "../../src/actions/delivery/not-reached.ts";
import { keepReceipts, sweep, sweepUnproven } from "../../src/actions/receipt.ts";
import { keepBounce, sweepBounces } from "../../src/actions/receipt/bounce.ts";
import { sweep as sweepWaves } from "../../src/actions/wave.ts";
import { ORGANISATION } from "../../src/context.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { messageReference } from "../../src/domain/delivery/reference.ts";
import { dsnReceipt } from "../../src/domain/receipt/dsn.ts";
import { createBounceFolder, reportParts } from "../../src/gateways/bounce.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import { arfOf, dsnOf } from "../support/report.ts";
import { givenStarted, givenWave, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const ALL = ["email", "sms", "letter"] as const;
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const everything = {
  email: "a@example.com",
  phone: "+12025550142",
  postal,
  agreed: "yes",
} as const;

let w: World;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-bounces-"));
  await mkdir(join(folder, "new"));
  w = await world({ BOUNCE_FOLDER: folder });
});
afterAll(async () => {
  await w.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
});

/** A wave of e-mails that were taken, and the Message-ID of the first. */
async function givenSent(people: readonly Partial<Person>[] = [everything], channels = ALL) {
  const given = await givenWave(w, { people, channels });
  await sendDue(w, given.waveId, "email");
  return { ...given, messageId: await messageIdOf(given.waveId) };
}

async function messageIdOf(waveId: string): Promise<string> {
  const [row] = await deliveries(w.sql, waveId, { limit: 1 });
  const { hash } = await w.ctx.vault.keys(ORGANISATION);
  return `<${messageReference(hash, row?.id ?? "")}@example.org>`;
}

async function hear(mail: string): Promise<string> {
  const parts = await reportParts(Buffer.from(mail));
  if (typeof parts === "string") return parts;
  const kept = await keepBounce(w.ctx, parts);
  await sweep(w.ctx);
  return kept;
}

async function ways(waveId: string): Promise<string[]> {
  await sweepWaves(w.ctx);
  const rows = await deliveries(w.sql, waveId, { limit: 100 });
  return rows.map(({ channel, state, reason }) => `${channel} ${state} ${reason}`);
}

const bounce = (messageId: string, status = "5.1.1") =>
  dsnOf({ messageId, action: "failed", status });

describe("a bounce", () => {
  test("of an address where nobody is moves the person on, in later waves too", async () => {
    const { waveId, incidentId, messageId, recipientIds } = await givenSent();
    await hear(bounce(messageId));
    expect(await ways(waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    const closed = await w.sql`
      select channel, reason from closed_channel
       where incident_id = ${incidentId} and recipient_id = ${recipientIds[0] ?? ""}`;
    expect([...closed]).toEqual([{ channel: "email", reason: "hard-bounce" }]);
  });

  test("comes after the server had said that it was delivered, and counts all the same", async () => {
    const { waveId, messageId } = await givenSent();
    await hear(dsnOf({ messageId, action: "delivered", status: "2.0.0" }));
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
    await hear(bounce(messageId));
    await hear(dsnOf({ messageId, action: "delivered", status: "2.0.0" }));
    expect(await ways(waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
  });

  test("for what was in the message says nothing of the address", async () => {
    const { waveId, incidentId, messageId } = await givenSent();
    await hear(bounce(messageId, "5.7.1"));
    expect(await ways(waveId)).toEqual(["email rejected undelivered", "sms planned null"]);
    const closed = await w.sql`select from closed_channel where incident_id = ${incidentId}`;
    expect(closed).toHaveLength(0);
  });

  test("that is only a delay changes nothing", async () => {
    const { waveId, messageId } = await givenSent();
    await hear(dsnOf({ messageId, action: "delayed", status: "4.4.1" }));
    expect(await ways(waveId)).toEqual(["email accepted null"]);
  });

  test("at once, by the server's reply, does the same; by a reply that names no reason, not", async () => {
    const refused = (code: string) => async () => {
      w.email.answer(() => ({ kind: "rejected", fault: "recipient", code }));
      const { waveId, incidentId } = await givenSent();
      await sweepWaves(w.ctx);
      const closed = await w.sql`select from closed_channel where incident_id = ${incidentId}`;
      return [await states(w, waveId), closed.length];
    };
    const onward = { rejected: 1, planned: 1 };
    expect(await refused("550 5.1.1")()).toEqual([onward, 1]);
    expect(await refused("EENVELOPE")()).toEqual([onward, 1]);
    expect(await refused("550 5.7.1")()).toEqual([onward, 0]);
    // A relay that is set up wrong says this to everybody.
    expect(await refused("550")()).toEqual([onward, 0]);
  });

  test("that anybody could have written changes nothing", async () => {
    const { waveId } = await givenSent();
    const forged = `<${"0123456789abcdef".repeat(2)}@example.org>`;
    expect(await hear(bounce(forged))).toBe("kept");
    expect(await ways(waveId)).toEqual(["email accepted null"]);
    const rows = () => w.sql`
      select effect, delivery_id from receipt where message_ref = ${forged.slice(1, 33)}`;
    expect([...(await rows())]).toEqual([{ effect: "unproven", deliveryId: null }]);
    await sweepUnproven(w.ctx);
    expect(await rows()).toHaveLength(1);
    await w.sql`update receipt set applied_at = now() - interval '25 hours' where effect = 'unproven'`;
    await sweepUnproven(w.ctx);
    expect(await rows()).toHaveLength(0);
  });
});

describe("a complaint", () => {
  test("leaves what the law requires, and stops courtesies", async () => {
    const { waveId, incidentId, messageId, recipientIds } = await givenSent();
    await hear(arfOf({ messageId, type: "abuse" }));
    await hear(arfOf({ messageId, type: "abuse" }));
    expect(await ways(waveId)).toEqual(["email accepted null"]);
    const [recipientId = ""] = recipientIds;
    const [row] = await w.sql`select reason from suppression where recipient_id = ${recipientId}`;
    expect(row).toEqual({ reason: "opted-out" });
    const entries = await w.sql<{ after: object }[]>`
      select after from timeline where incident_id = ${incidentId} and action = 'recipient.suppress'`;
    expect(entries.map(({ after }) => after)).toEqual([
      { reason: "opted-out", because: "complained" },
    ]);
    // A legal notice of the same incident is planned for them as before.
    const again = async () => {
      await w.sql`update wave set state = 'sending' where id = ${waveId}`;
      await w.sql`update delivery set state = 'planned', next_at = now() where wave_id = ${waveId}`;
      await sendDue(w, waveId, "email");
      return states(w, waveId);
    };
    expect(await again()).toEqual({ accepted: 1 });
    await w.sql`
      update notice set class = 'courtesy' where id = (
        select v.notice_id from notice_version v join wave w on w.notice_version_id = v.id
         where w.id = ${waveId})`;
    expect(await again()).toEqual({ excluded: 1 });
  });
});

describe("people whom no channel reaches", () => {
  test("are counted, listed with the reasons, and exported by name", async () => {
    const people = [
      { name: "Ada Example", email: "ada@example.com", agreed: "yes", country: "US" },
      { name: "Bo Example", email: "bo@example.com", agreed: "yes" },
      { name: "Cy Example", email: undefined, phone: "+12025550142" },
    ] as const;
    w.email.answer(() => ({ kind: "rejected", fault: "recipient", code: "550 5.1.1" }));
    const { waveId, incidentId } = await givenStarted(w, {
      people: [...people],
      plan: { channels: ["email"], consent: "any" },
    });
    const path = { incidentId, waveId };
    await sendDue(w, waveId, "email");
    // Refused, and not yet known whether another channel follows.
    expect((await progressOf(w.sql, incidentId, waveId)).notReached).toBe(1);
    await sweepWaves(w.ctx);
    expect((await progressOf(w.sql, incidentId, waveId)).notReached).toBe(3);

    const one = await listNotReached(w.ctx, path, { limit: 2 });
    const two = await listNotReached(w.ctx, path, { limit: 2, after: one.next ?? "" });
    expect(two.next).toBeNull();
    const all = [...one.people, ...two.people].map(({ tried }) => tried);
    expect(all.filter((tried) => tried.length === 0)).toHaveLength(1);
    expect(all).toContainEqual([{ channel: "email", reason: "recipient" }]);

    const file = await exportNotReached(w.ctx, w.staff.counsel, path, "A notice in the paper.");
    const text = (await Array.fromAsync(file.content)).join("");
    expect(text.split("\r\n")[0]).toBe("recipient,reference,name,language,region,country,tried");
    for (const { name } of people) expect(text).toContain(name);
    expect(text).toContain("email: recipient");
    expect(text).not.toContain("@example.com");
    const [entry] = await w.sql`
      select after ->> 'count' as count from timeline where action = 'recipient.export-not-reached'`;
    expect(entry).toEqual({ count: "3" });
  });
});

describe("the bounce folder", () => {
  const put = (name: string, mail: string) => writeFile(join(folder, "new", name), mail);
  const names = async (under: string) => (await readdir(join(folder, under))).toSorted();

  test("is read by any number of workers; what is nothing to us is put aside for a day", async () => {
    const [one, two] = [await givenSent(), await givenSent()];
    await put("1.a.host", bounce(one.messageId));
    await put("2.b.host", bounce(two.messageId));
    await put("3.c.host", "From: a@example.com\r\n\r\nWho are you?\r\n");
    await put("4.d.host", "x".repeat(1_100_000));
    await put("5.e.host", bounce("<of@somebody.else>"));
    await Promise.all([sweepBounces(w.ctx), sweepBounces(w.ctx), sweepBounces(w.ctx)]);
    await sweep(w.ctx);
    for (const { waveId } of [one, two])
      expect(await ways(waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    expect(await names("new")).toEqual([]);
    expect(await names(".aside")).toEqual(["3.c.host", "4.d.host", "5.e.host"]);
    expect((await stat(join(folder, ".aside"))).mode & 0o077).toBe(0);
    const bounces = createBounceFolder(folder);
    const hour = 3_600_000;
    expect(await bounces.removeAside(new Date(Date.now() - hour))).toBe(0);
    expect(await bounces.removeAside(new Date(Date.now() + hour))).toBe(3);
    expect(await names(".aside")).toEqual([]);
  });

  test("is not stopped by what is no mail, or takes too long to read", async () => {
    const { waveId, messageId } = await givenSent();
    await mkdir(join(folder, "new", "1.folder"));
    await promisify(execFile)("mkfifo", [join(folder, "new", "2.pipe")]);
    await symlink(join(folder, "new", "9.mail"), join(folder, "new", "3.link"));
    await put(
      "4.parts",
      `Content-Type: multipart/report; boundary=a\n\n${"--a\n".repeat(100_000)}`,
    );
    await put("5.headers", `To: ${"a:".repeat(100_000)}\n\n`);
    await put("9.mail", bounce(messageId));
    await sweepBounces(w.ctx);
    await sweep(w.ctx);
    expect(await ways(waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    expect(await names("new")).toEqual([]);
    expect(await names(".aside")).toEqual(["1.folder", "2.pipe", "3.link", "4.parts", "5.headers"]);
    await createBounceFolder(folder).removeAside(new Date(Date.now() + 3_600_000));
    expect(await names(".aside")).toEqual([]);
  });

  test("keeps a mail that could not be written down until it can", async () => {
    const { messageId } = await givenSent();
    await put("6.f.host", bounce(messageId));
    const away = await world();
    const ctx = { ...w.ctx, sql: away.sql };
    await away.close();
    await expect(sweepBounces(ctx)).rejects.toThrow();
    expect(await names("new")).toEqual(["6.f.host"]);
    await sweepBounces(w.ctx);
    expect(await names("new")).toEqual([]);
  });

  test("takes from a pipe too, and tells a mail server when to come again", async () => {
    const { waveId, messageId } = await givenSent();
    const { DATABASE_URL, FEEDBACK_URL, ORGANISATION: name, PUBLIC_URL } = w.config;
    const settings = { DATABASE_URL, FEEDBACK_URL, ORGANISATION: name, PUBLIC_URL };
    const pipe = (mail: string, env: Record<string, string>) =>
      new Promise<number | null>((resolve) => {
        const child = spawn(process.execPath, [CLI, "bounce"], {
          env,
          stdio: ["pipe", "ignore", "pipe"],
        });
        child.on("close", resolve);
        child.stdin.end(mail);
      });
    expect(await pipe(bounce(messageId), settings)).toBe(0);
    await sweep(w.ctx);
    expect(await ways(waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    expect(await pipe("Hello", { ...settings, BOUNCE_FOLDER: folder })).toBe(0);
    const [aside = ""] = await names(".aside");
    expect(await readFile(join(folder, ".aside", aside), "utf8")).toBe("Hello");
    expect(
      await pipe(bounce(messageId), { ...settings, DATABASE_URL: "postgresql://127.0.0.1:1/x" }),
    ).toBe(75);
  });
});

test("a report that comes while the message is still being sent waits for the outcome", async () => {
  const { waveId } = await givenWave(w, { people: 1 });
  const messageId = await messageIdOf(waveId);
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
  const receipt = dsnReceipt(await parts(bounce(messageId)));
  if (typeof receipt === "string") throw new Error(receipt);
  await w.sql`update delivery set state = 'sending', attempt = 1 where wave_id = ${waveId}`;
  await keepReceipts(w.ctx, [receipt]);
  await sweep(w.ctx);
  expect(await states(w, waveId)).toEqual({ sending: 1 });
  await w.sql`update delivery set state = 'accepted' where wave_id = ${waveId}`;
  await sweep(w.ctx);
  expect(await states(w, waveId)).toEqual({ rejected: 1 });
});

async function parts(mail: string) {
  const read = await reportParts(Buffer.from(mail));
  if (typeof read === "string") throw new Error(read);
  return read;
}
