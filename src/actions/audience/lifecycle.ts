import { createHash, randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context } from "../../context.ts";
import { MERGE_RULE } from "../../domain/audience/merge.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { line } from "../../domain/text.ts";
import * as audiences from "../../store/audience/audience.ts";
import type { Audience } from "../../store/audience/audience.ts";
import * as recipients from "../../store/audience/recipient.ts";
import * as uploads from "../../store/audience/upload.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as outbox from "../../store/outbox.ts";
import * as timeline from "../../store/timeline.ts";

/** A new audience: its name, for people who tell several apart. */
export const NewAudience = z.strictObject({ name: line(200) });

/** Open an audience: the people to tell, gathered from uploads until it is frozen. */
export function openAudience(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { name }: z.output<typeof NewAudience>,
): Promise<Audience> {
  const id = randomUUID();
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    await audiences.add(tx, {
      id,
      incidentId,
      name,
      mergeRule: MERGE_RULE,
      createdBy: actor.staffId,
      createdAt: ctx.now(),
    });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "audience.open",
        subject: `audience:${id}`,
        after: { state: "open", mergeRule: MERGE_RULE },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return audiences.find(tx, incidentId, id);
  });
}

/**
 * Freeze an audience: from here on nobody joins and nobody changes; people can only drop out.
 * Counts it and takes its digest. Refuses while an upload is unfinished, and an empty audience.
 */
export function freezeAudience(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  audienceId: string,
): Promise<Audience> {
  return ctx.sql.begin(async (tx) => {
    const audience = await audiences.lock(tx, incidentId, audienceId);
    if (audience.state === "frozen") refuse("audience-frozen", "This audience is frozen already.");
    const states = (await uploads.ofAudience(tx, audienceId)).map(({ state }) => state);
    if (states.includes("importing"))
      refuse("still-running", "An upload is being imported. Wait until it is done.");
    if (states.includes("received") || states.includes("receiving"))
      refuse("wrong-state", "An upload is not imported yet. Import it or discard it.");

    const { count, digest } = await digestOf(tx, audienceId);
    if (count === 0) refuse("audience-empty", "There is nobody in this audience.");
    await audiences.freeze(tx, audienceId, {
      count,
      digest,
      frozenBy: actor.staffId,
      frozenAt: ctx.now(),
    });
    await outbox.post(tx, "audience.frozen", { incidentId, audienceId });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "audience.freeze",
        subject: `audience:${audienceId}`,
        before: { state: "open" },
        after: { state: "frozen", count, digest: digest.toString("hex") },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return audiences.find(tx, incidentId, audienceId);
  });
}

/** SHA-256 over `id ‖ keyed hash of the content` of everyone, in order of id, and how many. */
async function digestOf(tx: Sql, audienceId: string) {
  const hash = createHash("sha256");
  let count = 0;
  for await (const page of recipients.digests(tx, audienceId))
    for (const { id, digest } of page) {
      hash.update(Buffer.from(id.replaceAll("-", ""), "hex")).update(digest);
      count += 1;
    }
  return { count, digest: hash.digest() };
}
