import { z } from "zod";

import { approve, draft, edit, read, report } from "../actions/filing.ts";
import { fileOf } from "../actions/filing/file.ts";
import { register } from "../actions/filing/register.ts";
import { csvLine } from "../domain/audience/cells.ts";
import {
  FiledReport,
  Filing,
  FilingApproval,
  FilingEdit,
  FilingPath,
  FilingView,
  NewFiling,
} from "../domain/filing.ts";
import { REGISTER_COLUMNS, registerCells } from "../domain/filing/register.ts";
import type { RegisterRow } from "../domain/filing/register.ts";
import { Id } from "../domain/id.ts";
import { list } from "../views/filing.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });

export const filingRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/filings",
    summary: "List the filings to authorities.",
    permission: "incident:read",
    params: IncidentPath,
    returns: z.object({ filings: z.array(Filing) }),
    handle: async ({ ctx, params }) => ({ filings: await list(ctx.sql, params.incidentId) }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/filings",
    summary: "Begin a filing for an obligation, filled from the facts.",
    permission: "incident:write",
    params: IncidentPath,
    body: NewFiling,
    returns: FilingView,
    status: 201,
    handle: ({ ctx, actor, params, body }) => draft(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/filings/:filingId",
    summary: "Show a filing, line by line, and what it still lacks.",
    permission: "incident:read",
    params: FilingPath,
    returns: FilingView,
    handle: ({ ctx, params }) => read(ctx, params),
  }),
  route({
    method: "put",
    path: "/v1/incidents/:incidentId/filings/:filingId/lines",
    summary: "Write lines of a draft; an empty one goes back to what the facts say.",
    permission: "incident:write",
    params: FilingPath,
    body: FilingEdit,
    returns: FilingView,
    handle: ({ ctx, actor, params, body }) => edit(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/filings/:filingId/approve",
    summary:
      "Approve a filing as it was read, named by its digest; by somebody who did not write it.",
    permission: "notice:approve",
    secondFactor: true,
    params: FilingPath,
    body: FilingApproval,
    returns: FilingView,
    handle: ({ ctx, actor, params, body }) => approve(ctx, actor, params, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/filings/:filingId/file",
    summary: "Download a filing as PDF or JSON.",
    permission: "incident:read",
    params: FilingPath,
    query: z.strictObject({ format: z.enum(["pdf", "json"]).default("pdf") }),
    returns: z.unknown(),
    download: true,
    handle: ({ ctx, params, query }) => fileOf(ctx, params, query.format),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/filings/:filingId/report",
    summary: "Say that an approved filing was filed, with its reference; its obligation is met.",
    permission: "incident:write",
    params: FilingPath,
    body: FiledReport,
    returns: FilingView,
    handle: ({ ctx, actor, params, body }) => report(ctx, actor, params, body),
  }),
  route({
    method: "get",
    path: "/v1/register",
    summary: "Download the register of breaches (GDPR Article 33(5)) as CSV, or JSON line by line.",
    permission: "timeline:read",
    query: z.strictObject({ format: z.enum(["csv", "jsonl"]).default("csv") }),
    returns: z.unknown(),
    download: true,
    handle: async ({ ctx, query: { format } }) => ({
      filename: `register.${format}`,
      contentType: format === "csv" ? "text/csv" : "application/x-ndjson",
      content: registerLines(register(ctx), format),
    }),
  }),
];

async function* registerLines(rows: AsyncIterable<RegisterRow>, format: "csv" | "jsonl") {
  if (format === "csv") yield csvLine(REGISTER_COLUMNS);
  for await (const row of rows)
    yield format === "csv" ? csvLine(registerCells(row)) : `${JSON.stringify(row)}\n`;
}
