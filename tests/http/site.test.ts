import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { writeSite } from "../../src/actions/publication/site.ts";
import { connect } from "../../src/store/db.ts";
import { serve } from "../support/http.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenPublished } from "../support/publication.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/** Nothing listens there. */
const AWAY = "postgres://nobody@127.0.0.1:9/nothing";

let w: World;
let folder: string;
let files: { url: string; close(): Promise<void> };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-site-"));
  w = await world({ PUBLIC_FOLDER: folder });
  const { id } = await givenIncident(w, { dataElements: ["password"] });
  const open = [{ days: [1, 2, 3, 4, 5], from: "08:00", to: "20:00" }];
  await givenScope(w, id, {
    contactLines: [
      { kind: "phone", value: "+1 202 555 0142", hours: "x", zone: "America/New_York", open },
    ],
  });
  await givenPublished(w, id, {}, "laptop-2026");
  await writeSite(w.ctx);
  files = await fileServer(folder);
});
afterAll(async () => {
  await files.close();
  await w.close();
  await rm(folder, { recursive: true });
});

describe("the standing copy", () => {
  test("is whole: from the first page every link between files leads to a file", async () => {
    const seen = new Map<string, string>();
    const open = [`${files.url}/index.html`];
    for (let url = open.pop(); url !== undefined; url = open.pop()) {
      if (seen.has(url)) continue;
      const response = await fetch(url);
      expect([url, response.status]).toEqual([url, 200]);
      const text = await response.text();
      seen.set(url, text);
      if (!url.endsWith(".html")) continue;
      for (const [, href = ""] of text.matchAll(/href="([^"#]+)"/g)) {
        const target = new URL(href.replaceAll("&#x3D;", "="), url);
        if (target.origin === files.url) open.push(target.href);
        else expect(target.href).toMatch(/^(tel:|mailto:|https:\/\/incident\.example\.org\/)/);
      }
    }
    const paths = [...seen.keys()].map((url) => url.slice(files.url.length)).toSorted();
    expect(paths).toEqual([
      "/candor.css",
      ...["feed.atom", "feed.json", "feed.ru.atom", "feed.ru.json", "feed.zh.atom", "feed.zh.json"]
        .concat(["index.html", "index.ru.html", "index.zh.html"])
        .map((name) => `/incidents/laptop-2026/${name}`),
      "/index.html",
      "/index.ru.html",
      "/index.zh.html",
    ]);
  });

  test("tells the same, says hours and not whether a line is open, and has no form", async () => {
    const response = await fetch(`${files.url}/incidents/laptop-2026/index.html`);
    const text = await response.text();
    expect(text).toContain("Change your password with us now");
    expect(text).toContain("Monday to Friday, 08:00 to 20:00, New York time");
    expect(text).not.toMatch(/Open now|Closed now|<form|<script/);
    expect(text.replaceAll("&#x3D;", "=")).toContain(
      'href="https://incident.example.org/incidents/laptop-2026?language=en#subscribe"',
    );
  });

  test("is written anew only where something changed, and leaves nothing half", async () => {
    const before = await stat(join(folder, "index.html"));
    w.clock.advance(3 * 3_600_000);
    expect(await writeSite(w.ctx)).toBe(0);
    expect((await stat(join(folder, "index.html"))).mtimeMs).toBe(before.mtimeMs);
    const names = await readdir(folder, { recursive: true });
    expect(names.filter((name) => name.includes(".new"))).toEqual([]);
  });

  test("is never read half while it is written", async () => {
    const path = join(folder, "incidents/laptop-2026/index.html");
    const { id } = await givenIncident(w);
    const [row] = await w.sql<{ id: string }[]>`
      select incident_id as id from publication where slug = 'laptop-2026'`;
    const writing = (async () => {
      for (let i = 0; i < 5; i += 1) {
        const title = `Change ${i}`;
        await givenPublished(
          w,
          row?.id ?? id,
          {
            kind: "update",
            languages: { en: { title, body: "x ".repeat(5_000), faq: [] } },
          },
          "laptop-2026",
        );
        await Promise.all([writeSite(w.ctx), writeSite(w.ctx)]);
      }
      return "written";
    })();
    for (;;) {
      const text = await readFile(path, "utf8");
      expect([text.startsWith("<!doctype html>"), text.trimEnd().endsWith("</html>")]).toEqual([
        true,
        true,
      ]);
      if ((await Promise.race([writing, Promise.resolve("writing")])) === "written") break;
    }
    expect(await readFile(path, "utf8")).toContain("Change 4");
  });
});

test("a door that has nothing in memory shows the copy while the database is away", async () => {
  const away = connect(AWAY, 1);
  const door = await serve({ ...w.ctx, sql: away }, { door: "public" });
  const { status, text, headers } = await door.call("GET", "/incidents/laptop-2026?language=zh");
  expect(status).toBe(200);
  expect(text).toContain('<html lang="zh-Hans">');
  expect(headers.get("content-type")).toContain("text/html");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(headers.get("cache-control")).toMatch(/^public/);
  for (const [, href = ""] of text.matchAll(/href="((?:\.|\/)[^"#]*)"/g)) {
    const target = new URL(href, `${door.url}/incidents/laptop-2026`);
    expect([href, (await fetch(target)).status]).toEqual([href, 200]);
  }
  expect((await door.call("GET", "/incidents/no-such-copy")).status).toBe(503);
  expect((await door.call("GET", "/incidents/..%2f..%2fetc%2fpasswd")).status).toBe(503);
  await door.close();
  await away.end();
});

test("the door starts while the databases are away, where there are copies to show", async () => {
  const port = await freePort();
  const { ORGANISATION, PUBLIC_URL } = w.config;
  const environment = {
    DATABASE_URL: AWAY,
    FEEDBACK_URL: AWAY,
    ORGANISATION,
    PUBLIC_URL,
    PORT: String(port),
    NODE_ENV: "test",
    LOG_LEVEL: "info",
  };
  expect(await started(environment).exited).toBe(1);
  const door = started({ ...environment, PUBLIC_FOLDER: folder });
  await door.listening;
  const response = await fetch(`http://127.0.0.1:${port}/incidents/laptop-2026`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("Change your password with us now");
  door.stop();
});

function started(env: Record<string, string>) {
  const child = spawn(process.execPath, ["src/server.ts", "--door", "public"], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const listening = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => {
      if (text.toString().includes("listening")) resolve();
    });
    child.once("exit", () => reject(new Error("The door ended.")));
  });
  listening.catch(() => {});
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { listening, exited, stop: () => child.kill("SIGKILL") };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A web server that knows files and nothing of Candor. */
async function fileServer(root: string) {
  const server = createServer((req, res) => {
    const path = normalize(new URL(req.url ?? "/", "http://x").pathname);
    readFile(join(root, path)).then(
      (bytes) => res.end(bytes),
      () => res.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, close };
}
