import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { z } from "zod";

import type { Context } from "../../src/context.ts";
import { createApp } from "../../src/http/app.ts";
import type { Door } from "../../src/http/app.ts";
import type { Route } from "../../src/http/route.ts";

export interface Call {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the answer; an empty object where it is not JSON. */
  readonly json: Json;
}

/** JSON that a test looks into, asserting its shape as it goes. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>;

export interface Served {
  readonly url: string;
  call(method: string, path: string, call?: Call): Promise<Answered>;
  close(): Promise<void>;
}

/** The real app on a free port. Close it, or the run hangs. */
export async function serve(
  ctx: Context,
  { door = "both", routes }: { door?: Door; routes?: readonly Route[] } = {},
): Promise<Served> {
  const server = createServer(createApp(ctx, door, routes));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    call: (method, path, call = {}) => send(url, method, path, call),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A refusal as RFC 9457 writes it. Parsing it is the assertion that nothing else is in there. */
export const Problem = z.strictObject({
  type: z.string().startsWith("urn:candor:problem:"),
  title: z.string().min(1),
  status: z.number().int().min(400),
  detail: z.string().min(1),
  code: z.string(),
  errors: z.array(
    z.strictObject({
      field: z.string(),
      code: z.string(),
      message: z.string(),
      line: z.number().optional(),
    }),
  ),
  requestId: z.uuid(),
});

async function send(url: string, method: string, path: string, call: Call): Promise<Answered> {
  const body = call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...call.headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): Json {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
