import nodemailer from "nodemailer";
import { afterEach, expect, test } from "vitest";

import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher, CatcherOptions } from "../../src/dev/catcher.ts";

let running: Catcher | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

test("a message is listed and kept byte for byte", async () => {
  const catcher = await given();
  await send(catcher, { subject: "About your data" });
  await send(catcher, { to: "second@example.com" });

  const { total, messages } = await get(catcher, "/api/messages?offset=0&limit=1");
  expect(total).toBe(2);
  expect(messages).toMatchObject([
    { to: "first@example.com", from: "notices@example.org", subject: "About your data" },
  ]);
  const raw = await (await fetch(`${catcher.webUrl}/api/messages/${messages[0].id}/raw`)).text();
  expect(raw).toContain("Subject: About your data\r\n");
  expect(messages[0].bytes).toBe(raw.length);
});

test("a send is in flight until the catcher answers, and its body is already kept", async () => {
  const catcher = await given({ delayMs: 400 });
  const sending = send(catcher, {});
  await expect.poll(() => get(catcher, "/api/in-flight")).toEqual({ inFlight: 1 });
  await expect.poll(() => catcher.counts.taken).toBe(1);
  await sending;
  expect(await get(catcher, "/api/in-flight")).toEqual({ inFlight: 0 });
});

test("a refused address gets the code it was promised, and nothing is kept", async () => {
  const catcher = await given({ reject: (to) => (to === "gone@example.com" ? 550 : undefined) });
  await expect(send(catcher, { to: "gone@example.com" })).rejects.toMatchObject({
    responseCode: 550,
  });
  await send(catcher, { to: "here@example.com" });
  expect(catcher.counts).toMatchObject({ taken: 1, refused: 1, inFlight: 0 });
});

test("the oldest messages go when the limit is reached, and the page says so", async () => {
  const catcher = await given({ bytesMax: 800 });
  for (const name of ["a", "b", "c", "d"]) await send(catcher, { to: `${name}@example.com` });
  expect(catcher.counts.taken).toBe(4);
  expect(catcher.counts.kept + catcher.counts.dropped).toBe(4);
  expect(catcher.list(0, 9).at(-1)?.to).toEqual(["d@example.com"]);
  expect(await page(catcher, "/")).toContain(`${catcher.counts.dropped} older messages`);
});

test("deleting all leaves nothing", async () => {
  const catcher = await given();
  await send(catcher, {});
  await fetch(`${catcher.webUrl}/api/messages`, { method: "DELETE" });
  expect(await get(catcher, "/api/messages")).toEqual({ total: 0, messages: [] });
});

test("nothing a message says becomes markup on our pages", async () => {
  const catcher = await given();
  await send(catcher, { subject: "<script>alert(1)</script>", text: "<img src=x>" });
  const [message] = catcher.list(0, 1);
  for (const path of ["/", `/messages/${message?.id}`]) {
    const html = await page(catcher, path);
    expect(html).toContain("&#60;script&#62;");
    expect(html).not.toMatch(/<script|<img/);
  }
});

test("the HTML form is shown where nothing runs and nothing loads", async () => {
  const catcher = await given();
  await send(catcher, { html: "<style>p{color:red}</style><p>Hello</p>" });
  const [message] = catcher.list(0, 1);
  const response = await fetch(`${catcher.webUrl}/messages/${message?.id}/body`);
  expect(await response.text()).toContain("<p>Hello</p>");
  const policy = response.headers.get("content-security-policy");
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; sandbox;/);
});

test("a page asked for by another name is refused, against DNS rebinding", async () => {
  const catcher = await given();
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => {
    request(`${catcher.webUrl}/api/messages`, { headers: { host: "evil.example" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).end();
  });
  expect(status).toBe(421);
});

async function given(options: CatcherOptions = {}): Promise<Catcher> {
  running = await startCatcher(options);
  return running;
}

async function send(catcher: Catcher, over: Record<string, string>): Promise<void> {
  const transport = nodemailer.createTransport(catcher.smtpUrl);
  const mail = { from: "notices@example.org", to: "first@example.com", text: "Hello", ...over };
  try {
    await transport.sendMail(mail);
  } finally {
    transport.close();
  }
}

async function get(catcher: Catcher, path: string) {
  return JSON.parse(await page(catcher, path));
}

async function page(catcher: Catcher, path: string): Promise<string> {
  return (await fetch(catcher.webUrl + path)).text();
}
