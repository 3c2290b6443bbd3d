import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { secondPerson } from "../../src/actions/countersign.ts";
import * as grants from "../../src/actions/staff/grant.ts";
import * as invitations from "../../src/actions/staff/invitation.ts";
import * as members from "../../src/actions/staff/member.ts";
import * as tokens from "../../src/actions/staff/token.ts";
import * as totp from "../../src/actions/staff/totp.ts";
import type { Actor, Role } from "../../src/domain/staff.ts";
import { codeAt, givenAuthenticator } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const HOUR = 3_600_000;

describe("an invitation", () => {
  test("makes its owner a token and an authenticator, once", async () => {
    const { invitation, staffId } = await added(["responder"]);
    const taken = await accept(invitation);

    expect(taken.token).toMatch(/^cnt_[A-Za-z0-9_-]{43}$/);
    expect(await tokens.authenticate(w.ctx, taken.token, "r")).toMatchObject({
      staffId,
      roles: ["responder"],
      settledRoles: [],
    });
    await expect(accept(invitation)).rejects.toMatchObject({ code: "not-found" });
  });

  test("is taken by one of 20 who hold it at the same moment", async () => {
    const { invitation } = await added(["drafter"]);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => accept(invitation)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("ends after 72 hours, and when a newer one is made", async () => {
    const late = await added(["drafter"]);
    w.clock.advance(72 * HOUR);
    await expect(accept(late.invitation)).rejects.toMatchObject({ code: "not-found" });

    const older = await added(["drafter"]);
    const newer = await invitations.reinvite(w.ctx, w.staff.admin, older.staffId);
    await expect(accept(older.invitation)).rejects.toMatchObject({ code: "not-found" });
    await expect(accept(newer.invitation)).resolves.toBeDefined();
  });

  test("is stored as a hash only", async () => {
    const { invitation } = await added(["drafter"]);
    const { token } = await accept(invitation);
    const dump = JSON.stringify([
      await w.sql`select * from invitation`,
      await w.sql`select * from token`,
      await w.sql`select * from timeline`,
    ]);
    expect(dump).not.toContain(invitation.slice(4));
    expect(dump).not.toContain(token.slice(4));
  });

  test("taken up again ends older tokens, and the roles must settle anew", async () => {
    const person = await added(["approver"]);
    const first = await accept(person.invitation);
    w.clock.advance(25 * HOUR);
    expect(await whoHas(first.token)).toMatchObject({ settledRoles: ["approver"] });

    const again = await invitations.reinvite(w.ctx, w.staff.admin, person.staffId);
    const second = await accept(again.invitation);
    expect(await tokens.authenticate(w.ctx, first.token, "r")).toBe("ended");
    expect(await whoHas(second.token)).toMatchObject({ roles: ["approver"], settledRoles: [] });
    await expect(
      grants.confirm(w.ctx, w.staff.admin, { staffId: person.staffId, role: "approver" }),
    ).rejects.toMatchObject({ code: "four-eyes" });
  });

  test("from the operator does not unsettle roles", async () => {
    const person = await members.addByOperator(w.ctx, somebody(["admin"]));
    await accept(person.invitation);
    const again = await invitations.reinviteByOperator(w.ctx, person.staffId);
    const { token } = await accept(again.invitation);
    expect(await whoHas(token)).toMatchObject({ settledRoles: ["admin"] });
  });
});

describe("a person", () => {
  test("added by the operator has roles that count at once", async () => {
    const { invitation } = await members.addByOperator(w.ctx, somebody(["admin", "approver"]));
    const { token } = await accept(invitation);
    expect(await whoHas(token)).toMatchObject({ settledRoles: ["admin", "approver"] });
  });

  test("has one account per address, however it is written", async () => {
    const person = somebody(["drafter"]);
    await members.add(w.ctx, w.staff.admin, person);
    await expect(
      members.add(w.ctx, w.staff.admin, { ...person, email: person.email.toUpperCase() }),
    ).rejects.toMatchObject({ code: "conflict" });
    expect(await members.idOf(w.ctx, person.email.toUpperCase())).toMatch(/-/);
    await expect(members.idOf(w.ctx, "nobody@example.org")).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("can be mailed while not disabled, and the address is sealed", async () => {
    const person = somebody(["drafter"]);
    const { staffId } = await members.add(w.ctx, w.staff.admin, person);
    expect(await members.emailOf(w.ctx, staffId)).toBe(person.email);
    const dump = JSON.stringify(await w.sql`select * from staff`);
    expect(dump).not.toContain(Buffer.from(person.email).toString("hex"));

    await members.disable(w.ctx, w.staff.admin, staffId, "left");
    await expect(members.emailOf(w.ctx, staffId)).rejects.toMatchObject({ code: "not-found" });
  });

  test("who is disabled has tokens that stop at once", async () => {
    const { staffId, invitation } = await added(["drafter"]);
    const { token } = await accept(invitation);
    await members.disable(w.ctx, w.staff.admin, staffId, "left");
    expect(await tokens.authenticate(w.ctx, token, "r")).toBe("ended");
    await expect(members.disable(w.ctx, w.staff.admin, staffId, "x")).rejects.toMatchObject({
      code: "wrong-state",
    });
    await expect(invitations.reinvite(w.ctx, w.staff.admin, staffId)).rejects.toMatchObject({
      code: "wrong-state",
    });
  });

  test("is listed with roles and without address", async () => {
    const { staff } = w;
    const listed = await members.list(w.ctx);
    const counsel = listed.find(({ id }) => id === staff.counsel.staffId);
    expect(counsel?.roles.map(({ role }) => role)).toEqual(["counsel"]);
    expect(JSON.stringify(listed)).not.toContain("@");
    expect(await members.me(w.ctx, staff.counsel)).toMatchObject({ name: "Casey Example" });
  });
});

describe("a role", () => {
  test("counts for approving after 24 hours, or when a second admin confirms", async () => {
    const { staffId, invitation } = await added(["drafter"]);
    const { token } = await accept(invitation);
    const second = await givenActor(w.ctx, ["admin"]);
    const role: Role = "approver";
    await grants.give(w.ctx, w.staff.admin, { staffId, role });

    expect(await whoHas(token)).toMatchObject({ roles: ["approver", "drafter"], settledRoles: [] });
    w.clock.advance(23 * HOUR);
    expect(await whoHas(token)).toMatchObject({ settledRoles: [] });
    await expect(grants.confirm(w.ctx, w.staff.admin, { staffId, role })).rejects.toMatchObject({
      code: "four-eyes",
    });
    await grants.confirm(w.ctx, second, { staffId, role });
    expect(await whoHas(token)).toMatchObject({ settledRoles: ["approver"] });
    await expect(grants.confirm(w.ctx, second, { staffId, role })).rejects.toMatchObject({
      code: "wrong-state",
    });
    w.clock.advance(HOUR);
    expect(await whoHas(token)).toMatchObject({ settledRoles: ["approver", "drafter"] });
  });

  test("cannot be confirmed by the person who holds it, nor by an admin made just now", async () => {
    const holder = await givenActor(w.ctx, ["admin"]);
    await grants.give(w.ctx, w.staff.admin, { staffId: holder.staffId, role: "approver" });
    await expect(
      grants.confirm(w.ctx, holder, { staffId: holder.staffId, role: "approver" }),
    ).rejects.toMatchObject({ code: "four-eyes" });
    const puppet: Actor = { ...(await givenActor(w.ctx, ["admin"])), settledRoles: [] };
    await expect(
      grants.confirm(w.ctx, puppet, { staffId: holder.staffId, role: "approver" }),
    ).rejects.toMatchObject({ code: "not-allowed" });
  });

  test("ends at once when revoked", async () => {
    const { staffId, invitation } = await added(["drafter", "counsel"]);
    const { token } = await accept(invitation);
    await grants.revoke(w.ctx, w.staff.admin, { staffId, role: "counsel" });
    expect(await whoHas(token)).toMatchObject({ roles: ["drafter"] });
    await expect(
      grants.revoke(w.ctx, w.staff.admin, { staffId, role: "counsel" }),
    ).rejects.toMatchObject({ code: "not-found" });
    await expect(
      grants.give(w.ctx, w.staff.admin, { staffId, role: "drafter" }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  test("of the last admin stays, even when two admins leave at the same moment", async () => {
    const own = await world();
    try {
      const other = await givenActor(own.ctx, ["admin"]);
      const results = await Promise.allSettled([
        members.disable(own.ctx, own.staff.admin, other.staffId, "x"),
        members.disable(own.ctx, other, own.staff.admin.staffId, "x"),
        grants.revoke(own.ctx, other, { staffId: own.staff.admin.staffId, role: "admin" }),
        grants.revoke(own.ctx, other, { staffId: other.staffId, role: "admin" }),
      ]);
      expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
      const [left] = await own.sql`
        select count(*)::int as n from role_grant g join staff s on s.id = g.staff_id
         where role = 'admin' and disabled_at is null`;
      expect(left?.["n"]).toBe(1);
    } finally {
      await own.close();
    }
  });
});

describe("a token", () => {
  test("works for 30 days and can be revoked only by its owner", async () => {
    const { drafter, counsel } = w.staff;
    const made = await tokens.make(w.ctx, drafter, "laptop");
    expect(await whoHas(made.token)).toMatchObject({ staffId: drafter.staffId });
    expect((await tokens.list(w.ctx, drafter)).map(({ id }) => id)).toContain(made.id);
    await expect(tokens.revoke(w.ctx, counsel, made.id)).rejects.toMatchObject({
      code: "not-found",
    });
    w.clock.advance(30 * 24 * HOUR - 1);
    expect(await whoHas(made.token)).toMatchObject({ staffId: drafter.staffId });
    w.clock.advance(1);
    expect(await tokens.authenticate(w.ctx, made.token, "r")).toBe("ended");

    const other = await tokens.make(w.ctx, drafter, "phone");
    await tokens.revoke(w.ctx, drafter, other.id);
    expect(await tokens.authenticate(w.ctx, other.token, "r")).toBe("ended");
    expect(await tokens.authenticate(w.ctx, "cnt_nobody", "r")).toBe("unknown");
  });

  test("is one of at most 20, also when made in parallel", async () => {
    const person = await givenActor(w.ctx, ["drafter"]);
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, () => tokens.make(w.ctx, person, "x")),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  });
});

describe("a second factor", () => {
  test("counts after its first code, and each code is spent once", async () => {
    const { invitation } = await added(["counsel"]);
    const { token, secondFactor } = await accept(invitation);
    const actor = await whoHas(token);
    const code = () => codeAt(secondFactor.secret, w.clock.now());
    expect(secondFactor.uri).toMatch(/^otpauth:\/\/totp\//);

    await expect(totp.spend(w.ctx, actor, code())).rejects.toMatchObject({
      code: "second-factor-needed",
    });
    await totp.confirm(w.ctx, actor, code());
    await expect(totp.spend(w.ctx, actor, code())).rejects.toMatchObject({
      code: "second-factor-wrong",
    });
    w.clock.advance(30_000);
    await totp.spend(w.ctx, actor, code());
    await expect(totp.confirm(w.ctx, actor, code())).rejects.toMatchObject({ code: "wrong-state" });
  });

  test("is spent by one of 20 parallel requests", async () => {
    const person = await givenActor(w.ctx, ["counsel"]);
    const code = await givenAuthenticator(w, person);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => totp.spend(w.ctx, person, code())),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test.each([
    { seconds: -60, good: false },
    { seconds: -30, good: true },
    { seconds: 30, good: true },
    { seconds: 60, good: false },
  ])("takes a code $seconds seconds off: $good", async ({ seconds, good }) => {
    const person = await givenActor(w.ctx, ["counsel"]);
    const code = await givenAuthenticator(w, person);
    w.clock.advance(seconds * 1_000);
    const off = code();
    w.clock.advance(-seconds * 1_000);
    const spent = await totp.spend(w.ctx, person, off).then(
      () => true,
      () => false,
    );
    expect(spent).toBe(good);
  });

  test("locks for 15 minutes after five wrong codes, even for the right one, also in parallel", async () => {
    const person = await givenActor(w.ctx, ["counsel"]);
    const code = await givenAuthenticator(w, person);
    const wrong = () => (code() === "000000" ? "000001" : "000000");
    await Promise.allSettled(Array.from({ length: 20 }, () => totp.spend(w.ctx, person, wrong())));
    await expect(totp.spend(w.ctx, person, code())).rejects.toMatchObject({
      code: "second-factor-wrong",
    });
    const [locks] = await w.sql`
      select count(*)::int as n from timeline
       where action = 'second-factor.lock' and actor = ${person.staffId}`;
    expect(locks?.["n"]).toBe(1);

    w.clock.advance(15 * 60_000 - 1_000);
    await expect(totp.spend(w.ctx, person, code())).rejects.toThrow();
    w.clock.advance(1_000);
    await totp.spend(w.ctx, person, code());
  });
});

describe("an act for two people", () => {
  test("waits for a different person with the same right", async () => {
    const { approver, approver2 } = w.staff;
    const subjectId = crypto.randomUUID();
    const ask = (actor: Actor) => second(actor, subjectId);
    expect(await ask(approver)).toBe("waiting");
    expect(await ask(approver)).toBe("waiting");
    expect(await ask(approver2)).toBe("agreed");
    expect(await ask(approver2)).toBe("waiting");
    await expect(ask(w.staff.responder)).rejects.toMatchObject({ code: "not-allowed" });
    await expect(ask({ ...approver, settledRoles: [] })).rejects.toMatchObject({
      code: "not-allowed",
    });
  });

  test("starts again after 24 hours", async () => {
    const subjectId = crypto.randomUUID();
    expect(await second(w.staff.approver, subjectId)).toBe("waiting");
    w.clock.advance(24 * HOUR + 1);
    expect(await second(w.staff.approver2, subjectId)).toBe("waiting");
    expect(await second(w.staff.approver, subjectId)).toBe("agreed");
  });

  test("is agreed once when two people ask at the same moment", async () => {
    const subjectId = crypto.randomUUID();
    const results = await Promise.all([
      second(w.staff.approver, subjectId),
      second(w.staff.approver2, subjectId),
    ]);
    expect(results.toSorted()).toEqual(["agreed", "waiting"]);
  });

  test.each([
    ["left", (id: string) => w.sql`update staff set disabled_at = now() where id = ${id}`],
    ["lost the role", (id: string) => w.sql`delete from role_grant where staff_id = ${id}`],
  ])("does not count a first call whose caller has %s since", async (_, leave) => {
    const subject = randomUUID();
    const first = await givenActor(w.ctx, ["approver"]);
    expect(await second(first, subject)).toBe("waiting");
    await leave(first.staffId);
    expect(await second(w.staff.approver, subject)).toBe("waiting");
    expect(await second(w.staff.approver2, subject)).toBe("agreed");
  });

  function second(actor: Actor, subjectId: string) {
    return w.sql.begin((tx) =>
      secondPerson(w.ctx, tx, actor, { act: "wave.resume", subjectId, reason: "checked" }),
    );
  }
});

let people = 0;

function somebody(roles: readonly Role[]) {
  people += 1;
  return { name: "Robin Example", email: `robin${people}@example.org`, roles };
}

function added(roles: readonly Role[]) {
  return members.add(w.ctx, w.staff.admin, somebody(roles));
}

function accept(invitation: string) {
  return invitations.accept(w.ctx, { invitation, label: "laptop" }, "request");
}

async function whoHas(token: string): Promise<Actor> {
  const found = await tokens.authenticate(w.ctx, token, "request");
  if (typeof found === "string") throw new Error(`The token is ${found}.`);
  return found;
}
