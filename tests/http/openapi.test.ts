import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ROUTES } from "../../src/http/routes.ts";
import { serve } from "../support/http.ts";
import type { Json, Served } from "../support/http.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let app: Served;
let document: Json;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  document = (await app.call("GET", "/openapi.json")).json;
});
afterAll(async () => {
  await app.close();
  await w.close();
});

describe("the OpenAPI document", () => {
  test("is 3.1 and names every route once, with its right, security and problems", () => {
    expect(document["openapi"]).toBe("3.1.0");
    const operations = Object.values<Json>(document["paths"]).flatMap((path) =>
      Object.values(path),
    );
    expect(operations).toHaveLength(ROUTES.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
    for (const route of ROUTES) {
      const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
      const operation = document["paths"][path][route.method];
      const open = route.permission === "anyone";
      expect(operation.security).toEqual(open ? [] : [{ token: [] }]);
      if (!open) expect(operation.description).toContain(route.permission);
      expect(operation.responses.default.content["application/problem+json"]).toBeDefined();
      expect(operation.responses[String(route.status ?? 200)]).toBeDefined();
    }
  });

  test("declares every parameter of a path, and the headers where they count", () => {
    for (const [path, methods] of Object.entries<Json>(document["paths"]))
      for (const [method, { parameters }] of Object.entries(methods)) {
        const named = (place: string) =>
          parameters
            .filter((each: { in: string }) => each.in === place)
            .map(({ name }: { name: string }) => name);
        expect(named("path")).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
        if (method === "get") expect(named("header")).not.toContain("Idempotency-Key");
      }
    const make = document["paths"]["/v1/me/tokens"].post.parameters;
    expect(make.map(({ name }: { name: string }) => name)).toEqual([
      "Candor-TOTP",
      "Idempotency-Key",
    ]);
  });

  test("refers to nothing that it does not hold", () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      expect(document["components"].schemas).toHaveProperty(String(name));
    expect(text).not.toMatch(/"\$ref":"#\/\$defs/);
    expect(text).not.toContain("$schema");
  });
});

describe("the page for people", () => {
  test("shows every route without a script, under a policy that names its one style", async () => {
    const { text, headers } = await app.call("GET", "/docs");
    for (const route of ROUTES) {
      expect(text).toContain(route.path.replaceAll(/:(\w+)/g, "{$1}"));
    }
    expect(text).not.toMatch(/<script|style="| on\w+="|https?:\/\//);
    expect(text).toMatch(/<meta name="viewport"/);
    expect(text).toContain("prefers-color-scheme: dark");
    expect(headers.get("content-security-policy")).toMatch(/style-src 'sha256-[A-Za-z0-9+/=]+'$/);
    expect(headers.get("content-type")).toMatch(/^text\/html/);
  });
});
