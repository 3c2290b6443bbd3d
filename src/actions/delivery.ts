import type { Context } from "../context.ts";
import { csvLine } from "../domain/audience/cells.ts";
import { Person } from "../domain/audience/person.ts";
import { DECIDED_STATE } from "../domain/delivery.ts";
import type { UnknownDecision } from "../domain/delivery.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import { lettersOf } from "../store/delivery/letter.ts";
import { decide } from "../store/delivery/settle.ts";
import * as sweeping from "../store/delivery/sweep.ts";
import * as timeline from "../store/timeline.ts";
import * as waves from "../store/wave.ts";

export interface UnknownOrder {
  readonly incidentId: string;
  readonly waveId: string;
  readonly deliveryIds: readonly string[] | "all";
  readonly decision: UnknownDecision;
  readonly reason: string;
}

/**
 * A person says what becomes of deliveries whose outcome nobody knows. Resending risks a second
 * copy and opens an ended wave again. Refuses `conflict` where a named delivery is no longer
 * unknown, so that two people do not decide the same one.
 */
export function decideUnknown(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, deliveryIds, decision, reason }: UnknownOrder,
): Promise<{ decided: number }> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (wave.state === "cancelled") refuse("wrong-state", "This wave is cancelled.");
    const state = DECIDED_STATE[decision];
    const ids = deliveryIds === "all" ? deliveryIds : [...new Set(deliveryIds)];
    const reasoned = `person-${decision}`;
    const decided = await decide(tx, { waveId, ids, state, reason: reasoned });
    if (ids !== "all" && decided !== ids.length)
      refuse("conflict", "Some of these deliveries are not unknown any more. Nothing was changed.");
    if (decision === "resend" && decided > 0 && wave.state === "done")
      await waves.save(tx, wave, { state: "sending" });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "delivery.decide",
        subject: `wave:${waveId}`,
        before: { state: "unknown" },
        after: { state, decided, reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return { decided };
  });
}

/**
 * The address file for a mail house: everyone of the wave who can only be reached by letter.
 * Asking is an entry of the timeline, because people's addresses are decrypted for a person.
 * Cells are safe to open in a spreadsheet.
 */
export async function needsLetterCsv(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId }: { incidentId: string; waveId: string },
): Promise<AsyncIterable<string>> {
  const wave = await waves.find(ctx.sql, incidentId, waveId);
  const keys = await ctx.vault.keys(incidentId);
  await ctx.sql.begin(async (tx) => {
    const counts = await waves.counts(tx, waveId);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "delivery.export-letters",
        subject: `wave:${waveId}`,
        after: { people: counts["needs-letter"] ?? 0 },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
  });

  async function* lines(): AsyncGenerator<string> {
    // The mark tells spreadsheets that this is UTF-8.
    yield `\uFEFF${csvLine(LETTER_COLUMNS)}`;
    for await (const page of lettersOf(ctx.sql, wave.id))
      yield page
        .map(({ recipientId, sealed }) => {
          const person = Person.parse(keys.open("recipient", recipientId, sealed));
          return csvLine(letterRow(recipientId, person));
        })
        .join("");
  }
  return lines();
}

/** Put right what no outcome will: silent workers, leases that ran out, cancelled waves. */
export async function sweep(ctx: Context): Promise<void> {
  const unknown = await sweeping.markUnknown(ctx.sql);
  if (unknown > 0) ctx.log.warn({ unknown }, "deliveries of a silent worker are unknown now");
  const expired = await sweeping.expireLeases(ctx.sql);
  if (expired > 0) ctx.log.warn({ expired }, "leases ran out");
  await sweeping.cancelStragglers(ctx.sql);
}

function letterRow(recipientId: string, { name, language, reference, relation, postal }: Person) {
  const lines = postal?.lines ?? [];
  return [
    recipientId,
    name ?? "",
    ...[0, 1, 2, 3].map((position) => lines[position] ?? ""),
    postal?.postcode ?? "",
    postal?.city ?? "",
    postal?.region ?? "",
    postal?.country ?? "",
    language ?? "",
    relation,
    reference ?? "",
  ];
}

const LETTER_COLUMNS = [
  "id",
  "name",
  "line 1",
  "line 2",
  "line 3",
  "line 4",
  "postcode",
  "city",
  "region",
  "country",
  "language",
  "relation",
  "reference",
];
