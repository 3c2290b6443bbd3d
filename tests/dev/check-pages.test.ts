import { createServer } from "node:http";
import type { Server } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { pageProblems } from "../../scripts/check-pages.mjs";
import { LOOPBACK } from "../../src/dev/process.ts";

/** What the demo's page says, and in a week is to say again. */
const WEEK_MS = 7 * 24 * 3_600_000;
const NEXT = `${new Date(Date.now() + WEEK_MS).toISOString().slice(0, 10)}T09:00:00.000Z`;
const PEOPLE = [{ name: "Ada Abara", email: "patient0@example.com", reference: "P-100000" }];
const GOOD = [
  `<p class="note">… <strong><time datetime="${NEXT}">then</time></strong></p>`,
  "What we know about the data breach. You do not have to call us to get your notice.",
  "关于数据泄露事件，我们目前了解的情况。您不必打电话来索取通知。",
  "Что нам известно об утечке данных. Чтобы получить уведомление, звонить нам не нужно.",
].join("\n");

let shown = GOOD;
let site: Server;
let url = "";
beforeAll(async () => {
  site = createServer((_request, response) => response.end(shown));
  await new Promise<void>((resolve) => void site.listen(0, LOOPBACK, resolve));
  const address = site.address();
  url = `http://${LOOPBACK}:${typeof address === "object" ? address?.port : ""}/`;
});
afterAll(() => new Promise((resolve) => void site.close(resolve)));

test("the check from outside finds nothing wrong with the page as it should be", async () => {
  shown = GOOD;
  expect(await pageProblems(url, PEOPLE)).toEqual([]);
});

test.for([
  ["an update that is not there in Chinese", "您不必打电话来索取通知。", "", /in zh does not say/],
  ["a promise of another day", NEXT, "2031-01-01T09:00:00.000Z", /promises the next update by/],
  ["a promise that was missed", 'class="note"', 'class="note late"', /promises the next update/],
  ["a script", "…", "<script></script>", /loads or runs something/],
  ["somebody's name", "…", "Ada Abara", /names 1 people/],
  ["somebody's address", "…", "patient0@example.com", /names 1 people/],
] as const)("it notices %s", async ([, from, to, expected]) => {
  shown = GOOD.replace(from, to);
  expect((await pageProblems(url, PEOPLE)).join("\n")).toMatch(expected);
});
