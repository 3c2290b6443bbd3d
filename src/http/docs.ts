import { readFileSync } from "node:fs";

import Handlebars from "handlebars";

import type { Document, Operation } from "./openapi.ts";

/** The OpenAPI document as a page to read: no script, one style, made once at start. */
export function docsPage(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => shown(path, method, operation)),
  );
  const groups = Map.groupBy(operations, ({ path }) => path.split("/")[2] ?? "");
  const template = Handlebars.create().compile(readFileSync(TEMPLATE, "utf8"), { strict: true });
  return template({
    introduction: document.info["description"],
    groups: [...groups].map(([name, members]) => ({ name, operations: members })),
  });
}

function shown(path: string, method: string, operation: Operation) {
  const { parameters, requestBody, responses, operationId, summary, description } = operation;
  const { default: _, ...answers } = responses;
  return {
    path,
    id: operationId,
    method: method.toUpperCase(),
    summary,
    description: description.replaceAll("`", ""),
    parameters: parameters.map(({ name, in: place, required, schema }) => ({
      name,
      place,
      need: required ? "required" : "optional",
      schema: JSON.stringify(schema),
    })),
    body: requestBody === undefined ? "" : pretty(requestBody["content"]),
    answers: pretty(answers),
  };
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const TEMPLATE = new URL("../../templates/console/docs.hbs", import.meta.url);
