import type { Context } from "../../context.ts";
import type { NewWaveEvidence, WaveCounts } from "../../domain/obligation/record.ts";
import { isPartOf } from "../../domain/audience/residence.ts";
import type { PlaceCount } from "../../domain/audience/residents.ts";
import { refuse } from "../../domain/refusal.ts";
import type { FieldProblem } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Wave } from "../../domain/wave.ts";
import * as recipients from "../../store/audience/recipient.ts";
import * as waves from "../../store/wave.ts";
import { standingOf } from "../../store/wave/evidence.ts";
import type { WaveStanding } from "../../store/wave/evidence.ts";
import type { Tracked } from "../obligation/assess.ts";
import { keep, lockOwing } from "../obligation/record.ts";

/**
 * Record that obligations to tell people were met by a wave. Refuses a wave that is not done, one
 * of a courtesy, one to nobody of an obligation's place, and one of which anything is open: deliveries whose outcome nobody knows, messages
 * held, letters not confirmed, and people not reached unless somebody says that they are listed.
 */
export function meetByWave(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewWaveEvidence,
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const { obligations, waveId, reason = null } = given;
    const owing = await lockOwing(ctx, tx, incidentId, obligations);
    const others = owing.flatMap(({ obligation }, i) =>
      obligation.to === "individuals" || obligation.to === "customer"
        ? []
        : [{ field: `obligations.${i}`, code: "not-people", message: "A wave tells people." }],
    );
    if (others.length > 0) refuse("wrong-state", "These are not met by telling people.", others);
    const wave = await waves.lock(tx, incidentId, waveId);
    requireThere(owing, await recipients.places(tx, wave.audienceId));
    const { noticeClass } = await waves.noticeOf(tx, wave.noticeVersionId);
    if (noticeClass !== "legal")
      refuse("wrong-state", "A courtesy is no notice that a law asks for.");
    const standing = await standingOf(tx, waveId);
    const at = requireDone(wave, standing, given);
    const counts: WaveCounts = {
      told: standing.told,
      notReached: standing.notReached,
      excluded: standing.excluded,
      cancelled: standing.cancelled,
      decided: standing.decided,
    };
    const made = obligations.map((obligation) => ({
      obligation,
      kind: "met" as const,
      takenBack: false,
      at,
      reference: null,
      waveId,
      counts,
      reason,
    }));
    await keep(ctx, tx, actor, { incidentId, made, action: "obligation.meet" });
  });
}

/** Refuses what is owed in places of which a wave's audience has nobody, as far as it is known. */
function requireThere(owing: readonly Tracked[], places: readonly PlaceCount[]): void {
  const lives = (at: string, place: string | null) =>
    place === null || place === at || isPartOf(place, at) || isPartOf(at, place);
  const nobody = owing.flatMap(({ obligation: { to, place: at } }, i) =>
    to !== "individuals" || places.some(({ place }) => lives(at, place))
      ? []
      : [
          {
            field: `obligations.${i}`,
            code: "nobody-there",
            message: `Nobody in this wave's audience lives in ${at}.`,
          },
        ],
  );
  if (nobody.length > 0)
    refuse("wrong-state", "This wave told nobody of some of these places.", nobody);
}

/** When the wave ended. Refuses where it has not, or somebody's fate is open. */
function requireDone(
  { state, endedAt }: Wave,
  standing: WaveStanding,
  { notReachedListed }: Pick<NewWaveEvidence, "notReachedListed">,
): Date {
  if (state !== "done" || endedAt === null)
    return refuse("wrong-state", `This wave is ${state}; it shows nothing before it is done.`);
  const open = OPEN.flatMap(([field, message]): FieldProblem[] =>
    standing[field] > 0 ? [{ field, code: "open", message: `${standing[field]} ${message}` }] : [],
  );
  if (open.length > 0)
    refuse("wrong-state", "Of this wave something is still open. Decide it, then retry.", open);
  if (standing.told === 0) refuse("wrong-state", "This wave told nobody.");
  if (standing.notReached > 0 && !notReachedListed)
    refuse("wrong-state", "It did not reach everybody. Say that those people are listed.", [
      {
        field: "notReachedListed",
        code: "required",
        message: `${standing.notReached} people were not reached: export their list first.`,
      },
    ]);
  return endedAt;
}

const OPEN = [
  ["unknown", "deliveries of which nobody knows whether they arrived"],
  ["held", "messages held"],
  ["letters", "letters not yet confirmed by the mail house"],
  ["undecided", "rejected, where the next channel is not tried yet"],
] as const;
