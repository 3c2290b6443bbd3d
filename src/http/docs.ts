import { readFileSync } from "node:fs";

import Handlebars from "handlebars";
import { z } from "zod";

import type { Document, Operation } from "./openapi.ts";

/** The OpenAPI document as a page to read: no script, one style. */
export function docsPage(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => shown(path, method, operation)),
  );
  const groups = Map.groupBy(operations, ({ path }) => noun(path));
  const template = Handlebars.create().compile(readFileSync(TEMPLATE, "utf8"), { strict: true });
  return template({
    introduction: document.info["description"],
    groups: [...groups].map(([name, members]) => ({ name, operations: members })),
  });
}

/** What a route is about: nearly everything lies below an incident, so the noun after it counts. */
function noun(path: string): string {
  const [, , first = "", , second] = path.split("/");
  return first === "incidents" && second ? second : first;
}

function shown(path: string, method: string, operation: Operation) {
  const { parameters, requestBody, responses, operationId, summary, description } = operation;
  const { default: _, ...answers } = responses;
  return {
    path,
    id: operationId,
    method: method.toUpperCase(),
    summary: summary.replaceAll("`", "").replace(/\.$/, ""),
    description: description.replaceAll("`", ""),
    parameters: parameters.map(({ name, in: place, required, schema, description: why }) => ({
      name,
      place,
      need: required ? "required" : "optional",
      kind: kind(schema),
      description: why?.replace(/\.$/, "") ?? "",
    })),
    body: requestBody === undefined ? "" : pretty(requestBody["content"]),
    answers: pretty(answers),
  };
}

/** A parameter's schema in a few words; what has none is shown as it is. */
function kind(schema: unknown): string {
  const { type, format, enum: values, minimum, maximum } = Simple.safeParse(schema).data ?? {};
  if (values) return `one of ${values.join(", ")}`;
  if (format) return format;
  if (type === "integer" && minimum !== undefined && maximum !== undefined)
    return `whole number from ${minimum} to ${maximum}`;
  return type ?? JSON.stringify(schema);
}

/** JSON to read: what fits on a line stays on one, and nothing is said that a format says. */
function pretty(value: unknown): string {
  return folded(JSON.parse(JSON.stringify(value, plain)), "", 0);
}

function folded(value: unknown, margin: string, before: number): string {
  const fits = before + JSON.stringify(value).length <= LINE;
  if (fits || typeof value !== "object" || value === null)
    return JSON.stringify(value, null, 1).replaceAll(/\n */g, " ");
  const inner = `${margin}\t`;
  const listed = Array.isArray(value);
  const parts = Object.entries(value).map(([key, part]) => {
    const name = listed ? "" : `${JSON.stringify(key)}: `;
    return `${inner}${name}${folded(part, inner, 2 * inner.length + name.length)}`;
  });
  const [open, close] = listed ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${margin}${close}`;
}

/** Without the pattern beside a format, and without the limits of every whole number. */
function plain(this: unknown, key: string, value: unknown): unknown {
  const isNoise =
    key === "pattern"
      ? typeof this === "object" && this !== null && "format" in this
      : (key === "minimum" || key === "maximum") &&
        Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  return isNoise ? undefined : value;
}

const LINE = 90;
const Simple = z.object({
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
const TEMPLATE = new URL("../../templates/console/docs.hbs", import.meta.url);
