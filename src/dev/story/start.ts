import { createReadStream } from "node:fs";

import { z } from "zod";

import { Named, Received, Upload } from "../../cli/answers.ts";
import { KINDS } from "../breach.ts";
import { awareAt, firstFindings, firstWords } from "./facts.ts";
import { answerQuestions } from "./law.ts";
import { until } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** Declare the breach with four facts, say what is known some hours later, and answer the law's questions. */
export async function declare(scene: Scene): Promise<string> {
  const { breach, cast, screen } = scene;
  screen?.begin("The responder declares the breach and says what is known, in three languages");
  const { client } = cast.responder;
  const { title, runbook } = KINDS[breach.kind];
  const { incident } = await client.post(
    "/v1/incidents",
    {
      title: `${title} (${breach.state})`,
      whatHappened: firstWords(breach),
      awareAt: awareAt(breach),
      awareZone: "America/New_York",
      dataElements: breach.elements,
      runbook,
    },
    z.object({ incident: Named }),
  );
  await client.post(
    `/v1/incidents/${incident.id}/scopes`,
    { baseVersion: 1, reason: "First findings", facts: firstFindings(breach) },
    z.unknown(),
  );
  await answerQuestions(scene, incident.id);
  return incident.id;
}

/** Import the people file and freeze the audience: nobody is added after that. */
export async function importPeople({ cast, file, rows = 0, screen }: Scene, incidentId: string) {
  screen?.begin("Importing the people affected");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/audiences`;
  const { id } = await client.post(base, { name: "Everyone in the records" }, Named);
  const { uploadId, mapping } = await client.upload(
    `${base}/${id}/uploads`,
    createReadStream(file),
    "text/csv",
    Received,
  );
  const path = `${base}/${id}/uploads/${uploadId}`;
  await client.post(`${path}/import`, { mapping, defaultLanguage: "en" }, z.unknown());
  const upload = await until(async () => {
    const now = await client.get(path, Upload);
    screen?.progress(now.rowsRead, Math.max(rows, now.rowsRead, 1), "rows");
    if (now.state === "refused") throw new Error("The people file was refused.");
    return now.state === "imported" ? now : undefined;
  });
  await client.post(`${base}/${id}/freeze`, {}, z.unknown());
  return { ...upload, audienceId: id };
}
