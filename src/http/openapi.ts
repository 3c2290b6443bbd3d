import { z } from "zod";

import { PERMISSIONS } from "../domain/staff.ts";
import type { Route } from "./route.ts";

type Json = { readonly [key: string]: unknown };

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Json[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Json;
  readonly responses: Json;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: unknown;
}

export interface Document {
  readonly openapi: "3.1.0";
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: Json;
}

/** The OpenAPI 3.1 document. It is derived, so it cannot disagree with the routes. */
export function openapi(routes: readonly Route[], server: string): Document {
  const schemas: Record<string, unknown> = { Problem: PROBLEM };
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method] = operation(route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Candor", version: "1", description: INTRODUCTION },
    servers: [{ url: server }],
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer", description: TOKEN } },
    },
  };
}

function operation(route: Route, schemas: Record<string, unknown>): Operation {
  const status = String(route.status ?? 200);
  const schemaOf = (schema: z.ZodType) => hoist(schema, operationId(route), schemas);
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: describe(route),
    tags: [route.path.split("/").findLast((part) => part && !part.startsWith(":")) ?? "candor"],
    security: route.permission === "anyone" ? [] : [{ token: [] }],
    parameters: [
      ...fields("path", schemaOf(route.params)),
      ...fields("query", schemaOf(route.query)),
      ...headersOf(route),
    ],
    ...bodyOf(route, schemaOf),
    responses: {
      [status]: { description: "Done.", ...answerOf(route, schemaOf) },
      default: { description: "Refused; `code` says why.", content: { [MEDIA]: REF } },
    },
  };
}

function operationId({ method, path }: Route): string {
  return [method, ...path.split("/").slice(2)]
    .map((part) => part.replace(":", "by-"))
    .join("-")
    .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function describe({ permission, secondFactor, secretAnswer }: Route): string {
  if (permission === "anyone") return "Open to anyone; asks for no token.";
  const sentences = [`Right \`${permission}\`: ${PERMISSIONS[permission].join(", ")}.`];
  if (secondFactor) sentences.push("Needs a fresh authenticator code.");
  if (secretAnswer) sentences.push("The answer is shown once and never kept.");
  return sentences.join(" ");
}

/** Each property of a params or query schema is one parameter. */
function fields(place: "path" | "query", schema: Json): Parameter[] {
  const { properties = {}, required = [] } = Properties.parse(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

function headersOf({ method, body, download, permission, secondFactor }: Route): Parameter[] {
  const repeatable = method !== "get" && body !== "stream" && !download && permission !== "anyone";
  return [
    ...(secondFactor ? [{ ...TOTP_HEADER, in: "header" as const }] : []),
    ...(repeatable ? [{ ...KEY_HEADER, in: "header" as const }] : []),
  ];
}

function bodyOf({ method, body }: Route, schemaOf: (schema: z.ZodType) => Json): Json {
  if (method === "get") return {};
  if (body === "stream")
    return {
      requestBody: { required: true, content: { "*/*": { schema: { format: "binary" } } } },
    };
  const schema = schemaOf(body);
  if (Object.keys(Properties.parse(schema).properties ?? { other: true }).length === 0) return {};
  return { requestBody: { required: true, content: { "application/json": { schema } } } };
}

function answerOf(route: Route, schemaOf: (schema: z.ZodType) => Json): Json {
  if (route.status === 204) return {};
  if (route.page) return { content: { "text/html": { schema: { type: "string" } } } };
  if (route.download) return { content: { "*/*": { schema: { format: "binary" } } } };
  return { content: { "application/json": { schema: schemaOf(route.returns) } } };
}

/**
 * JSON Schema of what a client sends and sees: the outer spelling. Parts that refer to
 * themselves move to the document's components, where a `$ref` can find them.
 */
function hoist(schema: z.ZodType, name: string, schemas: Record<string, unknown>): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  const moved = text.replaceAll(
    /"\$ref":"#\/\$defs\/(\w+)"/g,
    `"$ref":"#/components/schemas/${name}_$1"`,
  );
  const { $defs, $schema: _, ...rest } = Hoisted.parse(JSON.parse(moved));
  for (const [key, part] of Object.entries($defs ?? {})) schemas[`${name}_${key}`] = part;
  return rest;
}

const Hoisted = z.looseObject({
  $defs: z.record(z.string(), z.unknown()).optional(),
  $schema: z.string().optional(),
});
const Properties = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

const MEDIA = "application/problem+json";
const REF = { schema: { $ref: "#/components/schemas/Problem" } };
const PROBLEM = {
  type: "object",
  description: "RFC 9457 problem details. `code` is stable; `errors` names the fields to change.",
  required: ["type", "title", "status", "detail", "code", "errors", "requestId"],
  properties: {
    type: { type: "string", examples: ["urn:candor:problem:invalid-input"] },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    requestId: { type: "string", format: "uuid" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "code", "message"],
        properties: {
          field: { type: "string" },
          code: { type: "string" },
          message: { type: "string" },
          line: { type: "integer" },
        },
      },
    },
  },
} as const;

const TOTP_HEADER = {
  name: "Candor-TOTP",
  required: true,
  description: "Six digits from your authenticator. A code works once.",
  schema: { type: "string", pattern: "^[0-9]{6}$" },
} as const;
const KEY_HEADER = {
  name: "Idempotency-Key",
  required: false,
  description: "Repeat the request under the same key: one effect, the same answer, for 24 hours.",
  schema: { type: "string", minLength: 1, maxLength: 200 },
} as const;
const TOKEN = "A token of your own, made by accepting your invitation. It expires in 30 days.";
const INTRODUCTION =
  "Breach incident response and customer notification. Every refusal is a problem with a stable code.";
