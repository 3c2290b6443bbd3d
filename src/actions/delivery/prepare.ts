import type { Context, Keys, OutgoingEmail } from "../../context.ts";
import { Person } from "../../domain/audience/person.ts";
import { MessageHold, composeEmail, composeSkeleton } from "../../domain/delivery/message.ts";
import type { Skeleton } from "../../domain/delivery/message.ts";
import { RenderHold, render } from "../../domain/notice/render.ts";
import type { Rendered } from "../../domain/notice/render.ts";
import type { Claimed } from "../../store/delivery/claim.ts";
import * as waves from "../../store/wave.ts";
import { compiledVersion } from "../notice/compiled.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import { openBreaker } from "../wave.ts";

export interface SliceOf {
  readonly waveId: string;
  readonly incidentId: string;
}

/** Everything of a wave that is the same for every recipient, ready to be filled in. */
export interface Prepared {
  /** One person's message. Throws a `MessageHold` where it must not be sent as it is. */
  compose(row: Claimed, now: Date): OutgoingEmail;
}

/**
 * The approved version of a wave, compiled, with the incident's keys. A version whose mail
 * layout has changed since is not what was approved: the wave is stopped instead.
 */
export async function prepareWave(ctx: Context, slice: SliceOf): Promise<Prepared | undefined> {
  const { noticeVersionId } = await waves.find(ctx.sql, slice.incidentId, slice.waveId);
  const version = await compiledVersion(ctx, noticeVersionId);
  if (!version.layoutCurrent) {
    await openBreaker(ctx, slice, "layout-changed");
    return undefined;
  }
  const keys = await ctx.vault.keys(slice.incidentId);
  const skeletons = new Map<string, Skeleton>();

  function skeletonOf(language: string): Skeleton {
    const known = skeletons.get(language) ?? skeletonFor(version, language);
    skeletons.set(language, known);
    return known;
  }

  return {
    compose(row, now) {
      const { email, name, exposure, relation } = openPerson(keys, row);
      if (email === undefined) throw new MessageHold("address");
      const { sharedMailbox } = row;
      const reader = { name, exposure, relation, sharedMailbox };
      const rendered = rendering(version, row.language, reader);
      const hash = keys.hash("message-id", `${slice.waveId}/${row.id}`);
      const message = composeEmail(skeletonOf(rendered.language), {
        to: { address: email, ...(name !== undefined && { name }) },
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        messageId: hash.subarray(0, MESSAGE_ID_BYTES).toString("hex"),
        date: now,
      });
      return { from: version.version.sender.from, to: email, message };
    },
  };
}

function skeletonFor({ version }: CompiledVersion, language: string): Skeleton {
  const { organisation, from, replyTo } = version.sender;
  return composeSkeleton({
    from: { name: organisation, address: from },
    replyTo,
    language,
    version: version.id,
  });
}

function openPerson(keys: Keys, { recipientId, sealed }: Claimed): Person {
  return Person.parse(keys.open("recipient", recipientId, sealed));
}

function rendering(
  { compiled }: CompiledVersion,
  language: string,
  reader: Parameters<typeof render>[2],
): Rendered {
  try {
    return render(compiled, language, reader);
  } catch (error) {
    if (error instanceof RenderHold) throw new MessageHold(`${error.code}:${error.field}`);
    throw error;
  }
}

const MESSAGE_ID_BYTES = 16;
