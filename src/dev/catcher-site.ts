import { createHash } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { readMessage } from "./mailbox.ts";
import type { CaughtMessage, Mailbox, SmsBox } from "./mailbox.ts";

/** The catcher's pages and API. Answers only to loopback names, so that no web site can read it by DNS rebinding. */
export function catcherSite(box: Mailbox, sms?: SmsBox): RequestListener {
  return (request, response) => {
    answer({ box, sms }, request, response).catch(() => {
      if (!response.headersSent) send(response, 500, "text/plain", "This message cannot be shown.");
    });
  };
}

interface Boxes {
  readonly box: Mailbox;
  readonly sms: SmsBox | undefined;
}

async function answer(
  { box, sms }: Boxes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  if (!LOCAL_HOST.test(request.headers.host ?? ""))
    return send(response, 421, "text/plain", "Ask by a loopback name.");
  const url = new URL(request.url ?? "/", "http://localhost");
  const route = `${request.method} ${url.pathname.replace(/\/+$/, "") || "/"}`;
  const page = { offset: number(url, "offset", 0, 1e9), limit: number(url, "limit", 100, 1_000) };

  if (route === "GET /") return send(response, 200, HTML, await listPage(box, page, sms));
  if (route === "GET /sms" && sms) return send(response, 200, HTML, smsPage(sms, page));
  if (route === "GET /api/sms" && sms)
    return json(response, { total: sms.counts.taken, messages: sms.list(page.offset, page.limit) });
  if (route === "GET /api/messages") return json(response, await listing(box, page));
  if (route === "GET /api/in-flight") return json(response, { inFlight: box.counts.inFlight });
  if (route === "GET /api/counts") return json(response, box.counts);
  if (route === "DELETE /api/messages") {
    box.clear();
    return response.writeHead(204).end();
  }
  const [, id = "", form] = MESSAGE_ROUTE.exec(route) ?? [];
  const message = box.find(id);
  if (!message) return send(response, 404, "text/plain", "There is no such message.");
  if (form === "raw") return send(response, 200, "text/plain; charset=utf-8", message.raw);
  if (form === "body") return bodyPage(response, message);
  return send(response, 200, HTML, await messagePage(message));
}

interface Page {
  readonly offset: number;
  readonly limit: number;
}

async function listing(box: Mailbox, { offset, limit }: Page) {
  const messages = box.list(offset, limit).map(async (message) => {
    const { from, subject } = await readMessage(message);
    const { id, to, at, raw } = message;
    return { id, to: to.join(", "), from, subject, at: at.toISOString(), bytes: raw.length };
  });
  return { total: box.counts.kept, messages: await Promise.all(messages) };
}

async function listPage(box: Mailbox, page: Page, sms: SmsBox | undefined): Promise<string> {
  const { total, messages } = await listing(box, page);
  const rows = messages.map(
    ({ id, to, from, subject, at }) =>
      `<li><a href="/messages/${id}"><strong>${escape(subject) || "(no subject)"}</strong>` +
      `<span>to ${escape(to)}</span><span>from ${escape(from)}</span><time datetime="${at}">${clock(at)}</time></a></li>`,
  );
  const { where, steps } = pager("/", page, { shown: messages.length, total });
  const dropped =
    box.counts.dropped > 0 ? `<p>${box.counts.dropped} older messages were given up.</p>` : "";
  return layout(
    "Caught mail",
    `<h1>Caught mail</h1><p>${where} None of it left this machine.</p>${dropped}` +
      (sms ? `<p><a href="/sms">Caught SMS (${sms.counts.taken})</a></p>` : "") +
      `<ul>${rows.join("")}</ul><nav>${steps}</nav>`,
  );
}

function smsPage(sms: SmsBox, page: Page): string {
  const messages = sms.list(page.offset, page.limit);
  const total = sms.counts.taken;
  const { where, steps } = pager("/sms", page, { shown: messages.length, total });
  const rows = messages.map(({ to, body, at, status, errorCode }) => {
    const became = errorCode === null ? status : `${status} (${errorCode})`;
    const time = at.toISOString();
    return (
      `<li>${escape(body)}<span>to ${escape(to)}</span><span>${escape(became)}</span>` +
      `<time datetime="${time}">${clock(time)}</time></li>`
    );
  });
  return layout(
    "Caught SMS",
    `<p><a href="/">All mail</a></p><h1>Caught SMS</h1><p>${where} None of it left this machine.</p>` +
      `<ul>${rows.join("")}</ul><nav>${steps}</nav>`,
  );
}

/** Which part of a list is shown, and the links to the parts before and after. */
function pager(
  path: string,
  { offset, limit }: Page,
  { shown, total }: { readonly shown: number; readonly total: number },
) {
  const last = offset + shown;
  const step = (to: number, name: string) =>
    `<a href="${path}?offset=${to}&amp;limit=${limit}">${name}</a>`;
  const steps = [
    offset > 0 ? step(Math.max(0, offset - limit), "Earlier") : "",
    last < total ? step(last, "Later") : "",
  ];
  const where = total === 0 ? "Nothing yet." : `${offset + 1} to ${last} of ${total}.`;
  return { where, steps: steps.join(" ") };
}

async function messagePage(message: CaughtMessage): Promise<string> {
  const { fromName, from, subject, text, html, headers } = await readMessage(message);
  const facts = [
    ["To", message.to.join(", ")],
    ["From", `${fromName} <${from}>`],
    ["Envelope from", message.from],
    ["Taken", message.at.toISOString()],
  ].map(([name = "", value = ""]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`);
  const source = headers.map(({ originalKey, value }) => `${originalKey}: ${value}`).join("\n");
  const shown = html
    ? `<h2>As HTML</h2><iframe sandbox title="The HTML form" src="/messages/${message.id}/body"></iframe>`
    : "";
  return layout(
    subject || "(no subject)",
    `<p><a href="/">All mail</a></p><h1>${escape(subject) || "(no subject)"}</h1>` +
      `<dl>${facts.join("")}</dl><h2>As text</h2><pre>${escape(text)}</pre>${shown}` +
      `<details><summary>Headers</summary><pre>${escape(source)}</pre></details>` +
      `<p><a href="/api/messages/${message.id}/raw">The message as it came</a></p>`,
  );
}

/** The HTML form, on a page of its own that may run nothing and load nothing; its styles pass by their hash. */
async function bodyPage(response: ServerResponse, message: CaughtMessage) {
  // A browser hashes a style as it reads it, and it reads CRLF as one line end.
  const html = (await readMessage(message)).html.replaceAll("\r\n", "\n");
  const styles = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/gi)].map(([, css = ""]) =>
    hashSource(css),
  );
  const policy = `default-src 'none'; style-src ${styles.join(" ") || "'none'"}; sandbox; frame-ancestors 'self'`;
  response.setHeader("content-security-policy", policy);
  return send(response, 200, HTML, html);
}

function layout(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta name="color-scheme" content="light dark"><style>${STYLE}</style></head>` +
    `<body><main>${body}</main></body></html>`
  );
}

/** "2026-03-02 14:05:09 UTC" */
function clock(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function number(url: URL, name: string, usual: number, max: number): number {
  const given = Number(url.searchParams.get(name) ?? usual);
  return Number.isInteger(given) && given >= 0 ? Math.min(given, max) : usual;
}

function json(response: ServerResponse, value: unknown) {
  return send(response, 200, "application/json", JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer) {
  if (!response.hasHeader("content-security-policy"))
    response.setHeader("content-security-policy", POLICY);
  response.writeHead(status, {
    "content-type": type,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  response.end(body);
}

function hashSource(css: string): string {
  return `'sha256-${createHash("sha256").update(css).digest("base64")}'`;
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3d434b); --link: light-dark(#1a4f9c, #8ab8ff); }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#fff, #16191d); color: light-dark(#1c2024, #e6e9ec); }
main { max-width: 50rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
ul { list-style: none; padding: 0; }
li:has(time):not(:has(a)) { padding: .6rem 0; border-top: 1px solid var(--line); }
li a { display: block; padding: .6rem 0; border-top: 1px solid var(--line); text-decoration: none; }
li span, li time { display: block; font-size: .875rem; color: light-dark(#565e66, #a9b1b9); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: .75rem; }
iframe { width: 100%; height: 40rem; border: 1px solid var(--line); background: #fff; }
`;
const POLICY = `default-src 'none'; style-src ${hashSource(STYLE)}; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
const HTML = "text/html; charset=utf-8";
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
const MESSAGE_ROUTE = /^GET \/(?:api\/)?messages\/([0-9a-f-]{36})(?:\/(raw|body))?$/;
