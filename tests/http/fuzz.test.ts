import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Role } from "../../src/domain/staff.ts";
import { ROUTES } from "../../src/http/routes.ts";
import type { Route } from "../../src/http/route.ts";
import { garbage, nearly } from "../support/arbitrary.ts";
import { givenEverything } from "../support/everything.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const EVERY_ROLE: readonly Role[] = [
  "responder",
  "drafter",
  "approver",
  "counsel",
  "auditor",
  "admin",
];

let w: World;
let app: Served;
let token: string;
let code: () => string;
const reached = new Set<string>();
let ids: Readonly<Record<string, string>>;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  const everything = await givenActor(w.ctx, EVERY_ROLE);
  token = await givenToken(w, everything);
  code = await givenAuthenticator(w, everything);
  const victim = await givenActor(w.ctx, ["drafter"]);
  ids = { ...(await givenEverything(w)), staffId: victim.staffId };
});
afterAll(async () => {
  await app.close();
  await w.close();
});

describe("no input to any route makes a 5xx", () => {
  test.each(ROUTES.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))(
    "%s",
    async (_name, route) => {
      await fc.assert(
        fc.asyncProperty(paths(route), queries(route), bodies(route), async (path, query, body) => {
          w.clock.advance(route.secondFactor ? 31_000 : 1_000);
          const answer = await app.call(route.method.toUpperCase(), `${path}${query}`, {
            token,
            ...(route.method !== "get" && { raw: body }),
            ...(route.secondFactor && { headers: { "candor-totp": code() } }),
          });
          expect(answer.status).toBeLessThan(500);
          if (answer.status < 300) reached.add(route.path);
          if (answer.status >= 400) Problem.parse(answer.json);
          expect(answer.text).not.toMatch(/node_modules|\.ts:\d/);
        }),
        { numRuns: route.method === "get" ? 15 : 30 },
      );
    },
    60_000,
  );
});

test("the input was good enough to get through where it could", () => {
  for (const path of ["/v1/me", "/v1/me/tokens", "/v1/staff", "/v1/incidents"])
    expect(reached).toContain(path);
  expect(reached.size).toBeGreaterThan(20);
});

/** Real things mostly, so that the input reaches the action; and a few that are none. */
function paths(route: Route): fc.Arbitrary<string> {
  const parts = route.path.split("/").map((part) => {
    if (!part.startsWith(":")) return fc.constant(part);
    const real = ids[part.slice(1)];
    const plausible = part === ":role" ? fc.constantFrom(...EVERY_ROLE) : fc.constantFrom("1", "2");
    return fc.oneof(
      { weight: 8, arbitrary: real === undefined ? plausible : fc.constant(real) },
      { weight: 1, arbitrary: fc.uuid() },
      {
        weight: 1,
        arbitrary: fc.string({ unit: "grapheme", minLength: 1 }).map(encodeURIComponent),
      },
    );
  });
  return fc.tuple(...parts).map((chosen) => chosen.join("/"));
}

function queries(route: Route): fc.Arbitrary<string> {
  return fc.option(nearly(route.query), { nil: {} }).map((query) => {
    const pairs = Object.entries(query ?? {}).map(([key, value]): [string, string] => [
      key.toWellFormed(),
      (typeof value === "object" ? JSON.stringify(value) : String(value)).toWellFormed(),
    ]);
    // Node itself refuses longer request lines, before any route.
    return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`.slice(0, 4_000);
  });
}

function bodies(route: Route): fc.Arbitrary<string> {
  const fitting = route.body === "stream" ? garbage : nearly(route.body);
  return fc.oneof(
    { weight: 10, arbitrary: fitting.map((value) => JSON.stringify(value) ?? "") },
    { weight: 1, arbitrary: garbage.map((value) => JSON.stringify(value) ?? "") },
    { weight: 1, arbitrary: fc.string() },
  );
}
