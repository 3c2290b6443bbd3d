import { request as httpRequest } from "node:http";
import { Writable } from "node:stream";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createLog } from "../../src/log.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { probe, PROBES } from "../support/probe.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const lines: string[] = [];

let w: World;
let app: Served;
let token: string;
beforeAll(async () => {
  w = await world();
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  app = await serve(
    { ...w.ctx, log: createLog("trace", "test", sink) },
    { routes: [...ROUTES, ...PROBES] },
  );
  token = await givenToken(w, w.staff.drafter);
});
afterAll(async () => {
  await app.close();
  await w.close();
});

describe("a body", () => {
  test.each([
    { name: "broken JSON", raw: '{"word":', status: 400 },
    { name: "not JSON", raw: "word=a", status: 400 },
    { name: "bytes that are not UTF-8", raw: Buffer.from([0x22, 0xff, 0x22]), status: 400 },
    { name: "50,000 brackets", raw: "[".repeat(50_000), status: 400 },
    { name: "40 levels", raw: `${'{"a":'.repeat(40)}1${"}".repeat(40)}`, status: 400 },
    { name: "__proto__", raw: '{"word":"a","__proto__":{"x":1}}', status: 400 },
    { name: "a list", raw: "[]", status: 422 },
    { name: "null", raw: "null", status: 422 },
    { name: "a number", raw: "1e999", status: 422 },
    { name: "an unknown field", raw: '{"word":"a","role":"admin"}', status: 422 },
    { name: "constructor", raw: '{"word":"a","constructor":{"prototype":{}}}', status: 422 },
    { name: "CRLF on a line", raw: '{"word":"a\\r\\nBcc: x"}', status: 422 },
    { name: "NUL", raw: '{"word":"a\\u0000"}', status: 422 },
    { name: "half a character", raw: '{"word":"a\\ud800"}', status: 422 },
    { name: "nothing", raw: "", status: 422 },
    { name: "101 KiB", raw: JSON.stringify({ word: "a".repeat(101 * 1024) }), status: 413 },
  ])("of $name is answered $status", async ({ raw, status }) => {
    const before = probe.effects;
    const answer = await app.call("POST", "/v1/probe/act", { token, raw });
    expect(answer.status).toBe(status);
    expect(Problem.parse(answer.json).status).toBe(status);
    expect(probe.effects).toBe(before);
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "",
  ])("of type %j is refused", async (type) => {
    const headers = { "content-type": type };
    const answer = await app.call("POST", "/v1/probe/act", { token, raw: '{"word":"a"}', headers });
    expect(answer.status).toBe(415);
  });

  test("that is compressed is refused", async () => {
    const headers = { "content-encoding": "gzip" };
    const answer = await app.call("POST", "/v1/probe/act", { token, raw: "x", headers });
    expect(answer.status).toBe(415);
  });

  test("of 100 MB is refused without being kept, while others are served", async () => {
    const before = process.memoryUsage().rss;
    const [big, small] = await Promise.all([
      upload(100 * 1024 * 1024),
      app.call("POST", "/v1/probe/act", { token, body: { word: "a" } }),
    ]);
    expect(big).toBe(413);
    expect(small.status).toBe(201);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  test("names every field that needs attention, of path, query and body at once", async () => {
    const answer = await app.call("POST", "/v1/probe/act?extra=1", {
      token,
      body: { word: 7, "a b<script>": 1, role: "admin" },
    });
    const { errors } = Problem.parse(answer.json);
    expect(errors.map(({ field, code }) => `${field} ${code}`).toSorted()).toEqual([
      "? unknown-field",
      "extra unknown-field",
      "role unknown-field",
      "word invalid-type",
    ]);
    expect(answer.text).not.toContain("script");
  });
});

describe("an error", () => {
  test("says nothing of what went wrong inside, in the answer or the log", async () => {
    for (const word of ["break", "database"]) {
      const answer = await app.call("DELETE", `/v1/probe/${word}`, { token });
      expect(answer.status).toBe(500);
      expect(Problem.parse(answer.json).code).toBe("internal");
      expect(answer.text).not.toMatch(/canary|Error|at .*\.ts|node_modules/);
    }
    expect(lines.join("")).not.toContain("canary");
    const classes = lines.flatMap((each) => JSON.parse(each).err?.type ?? []);
    expect(classes).toEqual(expect.arrayContaining(["PostgresError"]));
    expect(classes).not.toContain("[removed]");
  });

  test("that is a database away is a 503 to try again", async () => {
    const away = await world();
    const served = await serve(away.ctx, { routes: ROUTES });
    const mine = await givenToken(away, away.staff.admin);
    await away.close();
    const answer = await served.call("GET", "/v1/me", { token: mine });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect((await served.call("GET", "/healthz")).status).toBe(503);
    await served.close();
  });

  test.each(["/v1", "/v1/unknown", "/v1/%ff", "/%2e%2e/etc/passwd", "/v1/me/../../x"])(
    "for %s is a problem that says not found",
    async (path) => {
      const headers = { accept: "application/json" };
      const answer = await app.call("GET", path, { token, headers });
      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(Problem.parse(answer.json).code).toBe("not-found");
    },
  );

  test("in the middle of a file breaks the connection, and before it is a problem", async () => {
    const early = await app.call("GET", "/v1/probe/file?fault=early", { token });
    expect(Problem.parse(early.json).code).toBe("audience-empty");
    await expect(app.call("GET", "/v1/probe/file?fault=late", { token })).rejects.toThrow();
  });
});

describe("a file", () => {
  test("comes as an attachment whose name cannot add a header", async () => {
    const answer = await app.call("GET", "/v1/probe/file", { token });
    expect(answer.text).toBe("a,b\r\n1,2\r\n");
    expect(answer.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(answer.headers.get("x-evil")).toBeNull();
  });
});

describe("a guess", () => {
  test("at a token is limited, without locking out a token that works", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 7; i += 1)
      statuses.push((await app.call("GET", "/v1/me", { token: `cnt_aaaaaaaa${i}` })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    for (let i = 0; i < 20; i += 1) await app.call("GET", "/v1/me", { token: `cnt_${i}bbbbbbbbb` });
    const limited = await app.call("GET", "/v1/me", { token: "cnt_cccccccccccc" });
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await app.call("GET", "/v1/me", { token })).status).toBe(200);
  });

  test("at an invitation is limited", async () => {
    const invitation = `cni_${"a".repeat(43)}`;
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1)
      statuses.push(
        (await app.call("POST", "/v1/invitations/accept", { body: { invitation, label: "x" } }))
          .status,
      );
    expect(statuses).toEqual([...Array(10).fill(404), 429, 429]);
  });
});

describe("every answer", () => {
  test("forbids caching, framing, sniffing and scripts, and hides the server", async () => {
    for (const path of ["/healthz", "/docs", "/openapi.json", "/v1/me", "/nowhere"]) {
      const { headers } = await app.call("GET", path, { token });
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      expect(headers.get("content-security-policy")).toMatch(/frame-ancestors 'none'/);
      expect(headers.get("content-security-policy")).not.toMatch(/unsafe/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("strict-transport-security")).toBeNull();
    }
    const secure = await serve({
      ...w.ctx,
      config: { ...w.config, CONSOLE_URL: "https://console.example.org" },
    });
    const { headers } = await secure.call("GET", "/healthz");
    expect(headers.get("strict-transport-security")).toMatch(/max-age=63072000/);
    await secure.close();
  });

  test("is logged by pattern, status and person, never by path, query or header", async () => {
    lines.length = 0;
    await app.call("DELETE", "/v1/probe/needle-word?needle=1", {
      token,
      headers: { "user-agent": "needle" },
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lines.join("")).not.toMatch(/needle|cnt_/);
    const entry = JSON.parse(lines.find((each) => each.includes('"route"')) ?? "{}");
    expect(entry).toMatchObject({
      route: "DELETE /v1/probe/:word",
      status: 422,
      actorId: w.staff.drafter.staffId,
    });
  });

  test("leaves through the schema of its route", async () => {
    const answer = await app.call("POST", "/v1/probe/act", { token, body: { word: "a" } });
    expect(Object.keys(answer.json).toSorted()).toEqual(["count", "word"]);
  });
});

describe("the doors", () => {
  test("are apart: the public one has no API, the console one no public page", async () => {
    const open = await serve(w.ctx, { door: "public" });
    for (const path of ["/v1/me", "/openapi.json", "/docs", "/v1/invitations/accept"])
      expect((await open.call("GET", path, { token })).status).toBe(404);
    expect((await open.call("GET", "/healthz")).json).toEqual({ status: "ok" });
    await open.close();
    const console = await serve(w.ctx, { door: "console" });
    expect((await console.call("GET", "/v1/me", { token })).status).toBe(200);
    await console.close();
  });
});

/** Send so many bytes without holding them, and answer the status. */
function upload(bytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sending = httpRequest(
      `${app.url}/v1/probe/act`,
      { method: "POST", headers },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    sending.on("error", reject);
    const piece = Buffer.alloc(1024 * 1024, "a");
    let left = bytes / piece.length;
    const more = () => {
      while (left > 0) {
        left -= 1;
        if (!sending.write(piece)) return void sending.once("drain", more);
      }
      sending.end();
    };
    more();
  });
}
