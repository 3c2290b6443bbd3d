import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { probe, PROBES } from "../support/probe.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let app: Served;
let token: string;
let other: string;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx, { routes: PROBES });
  token = await givenToken(w, w.staff.drafter);
  other = await givenToken(w, w.staff.counsel);
});
afterAll(async () => {
  await app.close();
  await w.close();
});

describe("a repeated request", () => {
  test("has one effect and one answer, 50 times in parallel", async () => {
    const before = probe.effects;
    let open = () => {};
    probe.gate = new Promise((resolve) => (open = resolve));
    const calls = Array.from({ length: 50 }, () => act("fifty", { word: "same" }));
    setTimeout(open, 300);
    const answers = await Promise.all(calls);
    probe.gate = Promise.resolve();

    expect(probe.effects - before).toBe(1);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
  });

  test("is the same whatever the order of its fields", async () => {
    const first = await act("order", { word: "a", nested: { x: 1, y: 2 } });
    const again = await act("order", { nested: { y: 2, x: 1 }, word: "a" });
    expect(again.json).toEqual(first.json);
  });

  test("with another body or another route is refused", async () => {
    await act("other", { word: "one" });
    const changed = await act("other", { word: "two" });
    expect(changed.status).toBe(422);
    expect(changed.json["code"]).toBe("idempotency-key-reused");
    const moved = await app.call("POST", "/v1/probe/secret", { token, headers: key("other") });
    expect(moved.json["code"]).toBe("idempotency-key-reused");
  });

  test("by another person is another request", async () => {
    const mine = await act("shared", { word: "same" });
    const theirs = await act("shared", { word: "same" }, other);
    expect(theirs.json["count"]).not.toBe(mine.json["count"]);
  });

  test("gets the same refusal, and one that broke off does not act again", async () => {
    const before = probe.effects;
    const refusals = [await remove("refuse", "r1"), await remove("refuse", "r1")];
    expect(refusals.map(({ json }) => json["code"])).toEqual(["wrong-state", "wrong-state"]);
    expect(probe.effects - before).toBe(1);

    const broken = [await remove("break", "r2"), await remove("break", "r2")];
    expect(broken.map(({ status }) => status)).toEqual([500, 409]);
    expect(probe.effects - before).toBe(2);
    expect((await remove("fine", "r3")).status).toBe(204);
    expect((await remove("fine", "r3")).status).toBe(204);
    expect(probe.effects - before).toBe(3);
  });

  test("never has a secret kept for it", async () => {
    const send = () => app.call("POST", "/v1/probe/secret", { token, headers: key("secret") });
    const first = await send();
    const second = await send();
    expect(second.json["code"]).toBe("conflict");
    const rows = await w.sql`select response from idempotency where key = 'secret'`;
    expect(rows[0]?.["response"]).toBeNull();
    expect(first.json["secret"]).toMatch(/^cnt_/);
  });

  test("keeps its answer sealed", async () => {
    await act("sealed", { word: "plainword" });
    const [row] = await w.sql`select response from idempotency where key = 'sealed'`;
    expect(String(row?.["response"])).not.toContain("plainword");
  });

  test("spends one code, and a wrong code frees the key", async () => {
    const code = await givenAuthenticator(w, w.staff.drafter);
    const send = (digits: string) =>
      app.call("POST", "/v1/probe/guarded", {
        token,
        headers: { ...key("coded"), "candor-totp": digits },
      });
    const wrong = code() === "000000" ? "000001" : "000000";
    expect((await send(wrong)).json["code"]).toBe("second-factor-wrong");
    const first = await send(code());
    expect(first.status).toBe(200);
    expect((await send(code())).json).toEqual(first.json);
    const fresh = await app.call("POST", "/v1/probe/guarded", {
      token,
      headers: { "candor-totp": code() },
    });
    expect(fresh.json["code"]).toBe("second-factor-wrong");
    const bare = await app.call("POST", "/v1/probe/guarded", { token });
    expect(bare.json["code"]).toBe("second-factor-needed");
  });

  test.each(["", "ä", "a b", "x".repeat(201)])("refuses the key %j", async (bad) => {
    const raw = await rawRequest(
      `DELETE /v1/probe/fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nIdempotency-Key: ${bad}\r\n\r\n`,
    );
    expect(raw).toMatch(/^HTTP\/1.1 422 /);
  });

  test("forgets a key after 24 hours", async () => {
    const first = await act("old", { word: "a" });
    await w.sql`update idempotency set created_at = now() - interval '25 hours' where key = 'old'`;
    const again = await act("old", { word: "b" });
    expect(again.json["count"]).not.toBe(first.json["count"]);
  });
});

function act(name: string, body: unknown, as = token) {
  return app.call("POST", "/v1/probe/act", { token: as, body, headers: key(name) });
}

function remove(word: string, name: string) {
  return app.call("DELETE", `/v1/probe/${word}`, { token, headers: key(name) });
}

const key = (name: string) => ({ "idempotency-key": name });

/** Bytes as they are, for requests that fetch would not make. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(app.url);
    let received = "";
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => socket.write(Buffer.from(text, "latin1")));
    socket.on("data", (chunk) => (received += String(chunk)));
    socket.on("end", () => resolve(received)).on("error", reject);
  });
}
