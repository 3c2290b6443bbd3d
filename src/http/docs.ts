import { readFileSync } from "node:fs";

import Handlebars from "handlebars";
import { z } from "zod";

import type { Document, Operation } from "./openapi.ts";

/** The OpenAPI document as a page to read: no script, one style, made once at start. */
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

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const Simple = z.object({
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
const TEMPLATE = new URL("../../templates/console/docs.hbs", import.meta.url);
