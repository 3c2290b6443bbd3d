import { createWriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import type { Breach } from "../breach.ts";
import type { Filed } from "./law.ts";
import { from } from "./scene.ts";
import type { Scene } from "./scene.ts";

/**
 * Write the report to the US health department, let a second person approve it, say that it was
 * filed, and save it beside the people file.
 */
export async function fileReport(
  { breach, cast, file, screen }: Scene,
  incidentId: string,
): Promise<Filed> {
  screen?.begin("The report to HHS is filled from the facts, approved, filed and saved");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/filings`;
  const begun = { obligation: DUTY, kind: "initial" };
  const { filing: draft, fields } = await client.post(base, begun, View);
  const path = `${base}/${draft.id}`;
  const wanting = new Set(fields.flatMap((each) => (each.from === "nobody" ? [each.key] : [])));
  const said = Object.entries(linesOf(breach)).filter(([key]) => wanting.has(key));
  const given = Object.fromEntries(said);
  const {
    filing: written,
    missing,
    digest,
  } = await client.put(`${path}/lines`, { version: draft.version, given }, View);
  if (missing.length > 0) throw new Error(`The report lacks: ${missing.join(", ")}.`);

  const [approver] = from(cast.approvers, 6);
  const totp = await approver?.code();
  const { version } = written;
  const approval = { version, digest };
  await approver?.client.post(`${path}/approve`, approval, z.unknown(), totp ? { totp } : {});
  const reference = "HHS-OCR-2026-0142";
  const report = { version: version + 1, reference, at: new Date().toISOString() };
  const { filing } = await client.post(`${path}/report`, report, View);

  const files = ["pdf", "json"].map((format) => join(dirname(file), `hhs-filing.${format}`));
  for (const name of files) {
    const format = name.slice(name.lastIndexOf(".") + 1);
    const content = await client.download(`${path}/file?format=${format}`);
    await pipeline(content, createWriteStream(name, { mode: 0o600 }));
  }
  return { obligation: DUTY, state: filing.state, reference, files };
}

/** What the form asks and the facts do not say. */
function linesOf({ kind }: Breach): Readonly<Record<string, string>> {
  return {
    "report-type": "initial",
    "business-associate": "no",
    "breach-type": kind === "hacking" ? "hacking/IT incident" : kind,
    location: kind === "hacking" ? "network server" : "other",
    safeguards: "A firewall, anti-virus software and passwords of one’s own for all staff.",
    "notice-date": new Date().toISOString().slice(0, 10),
    "substitute-notice": "yes",
  };
}

const DUTY = "us-hipaa/regulator/initial";
const View = z.object({
  filing: z.object({ id: z.uuid(), version: z.int(), state: z.string() }),
  fields: z.array(z.object({ key: z.string(), from: z.string() })),
  missing: z.array(z.string()),
  digest: z.string(),
});
