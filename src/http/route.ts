import type { Readable } from "node:stream";

import { z } from "zod";

import type { Context } from "../context.ts";
import type { Actor, Permission } from "../domain/staff.ts";

/**
 * A route is data. Express, the OpenAPI document and the rights test read the same table.
 * A route for `anyone` asks for no token, and its handler must not touch `actor`.
 */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: `/v1/${string}`;
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  readonly permission: Permission | "anyone";
  readonly params: P;
  readonly query: Q;
  /** The JSON body, or "stream" for a raw upload that the handler reads. */
  readonly body: B | "stream";
  readonly returns: R;
  /** HTTP status on success; 200 unless said. */
  readonly status?: number;
  /** Needs a fresh code from the actor's authenticator in the `Candor-TOTP` header. */
  readonly secondFactor?: boolean;
  /** The answer holds a secret or personal data: it is never kept for a repeated request. */
  readonly secretAnswer?: boolean;
  /** Answers a file instead of JSON: the handler returns a `Download`. */
  readonly download?: boolean;
  /** Answers an HTML page of ours: the handler returns it whole. */
  readonly page?: boolean;
  readonly handle: (
    request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<z.output<R> | Download>;
}

export interface RouteRequest<P = unknown, Q = unknown, B = unknown> {
  readonly ctx: Context;
  readonly actor: Actor;
  readonly requestId: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The raw body of a "stream" route. */
  readonly stream: Readable;
  /** Media type of the body, lower case, without parameters. */
  readonly contentType: string;
}

/** A file to download. */
export interface Download {
  readonly filename: string;
  readonly contentType: string;
  readonly content: AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
}

/** Define a route: `params`, `query` and `body` default to nothing at all. */
export function route<
  P extends z.ZodType = typeof Nothing,
  Q extends z.ZodType = typeof Nothing,
  B extends z.ZodType = typeof Nothing,
  R extends z.ZodType = z.ZodType,
>(
  definition: Omit<Route<P, Q, B, R>, "params" | "query" | "body"> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B | "stream";
  },
): Route {
  return { params: Nothing, query: Nothing, body: Nothing, ...definition } as unknown as Route;
}

const Nothing = z.strictObject({});
