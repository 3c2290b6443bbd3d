import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// What a person sees at the public door where there is nothing to show.

let w: World;
let away: Database;
let door: Served;
let dark: Served;
beforeAll(async () => {
  w = await world();
  away = connect("postgres://nobody@127.0.0.1:9/nothing", 12);
  door = await serve(w.ctx, { door: "public" });
  dark = await serve({ ...w.ctx, sql: away, feedback: away }, { door: "public" });
});
afterAll(async () => {
  await door.close();
  await dark.close();
  await away.end();
  await w.close();
});

const A_FORM = { "content-type": "application/x-www-form-urlencoded" };

// All at once: each waits a while for the database.
describe.concurrent("while the database is away", () => {
  test.each([
    ["GET", "/", ""],
    ["GET", "/incidents/shop-2026", ""],
    ["GET", "/incidents/shop-2026/feed.atom", ""],
    ["GET", `/subscriptions/${"x".repeat(43)}`, ""],
    ["POST", "/check", "code=ABCD-EFGH"],
    ["POST", "/my", "code=ABCD-EFGH-JKMN"],
    ["POST", "/lookup", "email=mary%40example.com"],
    ["POST", `/stop/${"x".repeat(90)}`, "List-Unsubscribe=One-Click"],
    ["POST", "/incidents/shop-2026/subscription", "email=mary%40example.com"],
  ])("%s %s is a page to come back to, and nobody keeps it", async (method, path, raw) => {
    const answer = await dark.call(method, `${path}?language=ru`, {
      headers: A_FORM,
      ...(method === "POST" && { raw }),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-robots-tag")).toBe("noindex");
    expect(answer.text).toContain('<html lang="ru">');
    expect(answer.text).toContain("<h1>Сейчас мы не можем ответить</h1>");
    expect(answer.text).not.toMatch(/mary|ABCD/);
  });

  test("a program that asks for JSON gets JSON", async () => {
    for (const accept of ["application/json", "application/problem+json"]) {
      const answer = await dark.call("GET", "/", { headers: { accept } });
      expect([answer.status, Problem.parse(answer.json).code]).toEqual([503, "unavailable"]);
    }
    expect((await dark.call("GET", "/healthz")).headers.get("content-type")).toContain("json");
  });
});

test.each(["/nope", "/my/nope", "/incidents", "/%ff", "/survey/../x", "/.env", "/v2"])(
  "there is a page for what is not there: %s",
  async (path) => {
    const headers = { "accept-language": "zh-CN", accept: "text/html,*/*;q=0.8" };
    const { status, text } = await door.call("GET", path, { headers });
    expect([status, text]).toEqual([404, expect.stringContaining("<h1>没有这个页面</h1>")]);
  },
);

test("a mistake of ours says so, gives its number, and nothing of what went wrong", async () => {
  const templates = {
    ...w.ctx.templates,
    page: (...[name, language, view]: Parameters<typeof w.ctx.templates.page>) => {
      if (name === "check") throw new Error("a secret of the house");
      return w.ctx.templates.page(name, language, view);
    },
  };
  const broken = await serve({ ...w.ctx, templates }, { door: "public" });
  const { status, text, headers } = await broken.call("GET", "/check");
  await broken.close();
  expect(status).toBe(500);
  expect(text).toContain("<h1>Something went wrong here</h1>");
  expect(text).toContain(headers.get("candor-request-id"));
  expect(text).not.toContain("secret");
});

test("where the API lives beside the pages, it answers as before", async () => {
  const both = await serve(w.ctx, { door: "both" });
  const answer = await both.call("GET", "/v1/nope", { headers: { accept: "text/html" } });
  expect(Problem.parse(answer.json).code).toBe("not-found");
  await both.close();
});
