import type { Context, Keys, OutgoingEmail, OutgoingSms } from "../../context.ts";
import { Person } from "../../domain/audience/person.ts";
import type { SentChannel } from "../../domain/delivery.ts";
import { twilioCallback } from "../../domain/delivery/callback.ts";
import { MessageHold, composeEmail, composeSkeleton } from "../../domain/delivery/message.ts";
import type { Skeleton } from "../../domain/delivery/message.ts";
import type { NoticeKind } from "../../domain/notice/notice.ts";
import { RenderHold, render } from "../../domain/notice/render.ts";
import type { OwnWords, Rendered } from "../../domain/notice/render.ts";
import type { Claimed } from "../../store/delivery/claim.ts";
import * as waves from "../../store/wave.ts";
import { compiledVersion } from "../notice/compiled.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import { openBreaker } from "../wave.ts";

export interface SliceOf {
  readonly waveId: string;
  readonly incidentId: string;
}

/** What is each person's own in one wave: codes and links, made where a message is composed. */
export interface OwnSource {
  of(recipientId: string): { readonly own: OwnWords; readonly unsubscribe?: string };
}

/** Makes the source for a wave; a `hold` is the code of why the wave cannot be sent now. */
export type OwnSources = (
  ctx: Context,
  wave: {
    readonly incidentId: string;
    readonly noticeVersionId: string;
    readonly noticeKind: NoticeKind;
  },
) => Promise<OwnSource | { readonly hold: string }>;

/** One SMS, and the keyed hash of its number in hex: who answers STOP is found by it. */
export interface NumberedSms extends OutgoingSms {
  readonly numberHash: string;
}

export type Outgoing = OutgoingEmail | NumberedSms;

/** Everything of a wave that is the same for every recipient, ready to be filled in. */
export interface Prepared {
  /** One person's message. Throws a `MessageHold` where it must not be sent as it is. */
  compose(row: Claimed, now: Date): Outgoing;
}

export interface PrepareParts {
  readonly channel: SentChannel;
  readonly own: OwnSources;
}

/**
 * The approved version of a wave for one channel, compiled, with the incident's keys. The wave is
 * stopped instead where the version's mail layout has changed since it was approved, and where
 * the codes that it shows people cannot be had.
 */
export async function prepareWave(
  ctx: Context,
  slice: SliceOf,
  { channel, own }: PrepareParts,
): Promise<Prepared | undefined> {
  const { incidentId, waveId } = slice;
  const { noticeVersionId } = await waves.find(ctx.sql, incidentId, waveId);
  const version = await compiledVersion(ctx, noticeVersionId);
  const { noticeKind, noticeClass } = await waves.noticeOf(ctx.sql, noticeVersionId);
  const source = version.layoutCurrent
    ? await own(ctx, { incidentId, noticeVersionId, noticeKind })
    : { hold: "layout-changed" };
  if ("hold" in source) {
    await openBreaker(ctx, slice, source.hold);
    return undefined;
  }
  const keys = await ctx.vault.keys(incidentId);
  const parts = { ctx, waveId, version, source, keys, noticeClass };
  return channel === "sms" ? smsOf(parts) : emailOf(parts);
}

interface Parts {
  readonly ctx: Context;
  readonly waveId: string;
  readonly version: CompiledVersion;
  readonly source: OwnSource;
  readonly keys: Keys;
  readonly noticeClass: "legal" | "courtesy";
}

function emailOf({ waveId, version, source, keys, noticeClass }: Parts): Prepared {
  const skeletons = new Map<string, Skeleton>();

  function skeletonOf(language: string): Skeleton {
    const known = skeletons.get(language) ?? skeletonFor(version, language);
    skeletons.set(language, known);
    return known;
  }

  return {
    compose(row, now) {
      const person = openPerson(keys, row);
      const { email, name } = person;
      if (email === undefined) throw new MessageHold("address");
      const { own, unsubscribe } = source.of(row.recipientId);
      const rendered = rendering(version, row, person, own);
      const hash = keys.hash("message-id", `${waveId}/${row.id}`);
      const message = composeEmail(skeletonOf(rendered.language), {
        to: { address: email, ...(name !== undefined && { name }) },
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        // Nobody can stop a notice that the law requires.
        ...(unsubscribe !== undefined && noticeClass === "courtesy" && { unsubscribe }),
        messageId: hash.subarray(0, MESSAGE_ID_BYTES).toString("hex"),
        date: now,
      });
      return { from: version.version.sender.from, to: email, message };
    },
  };
}

function smsOf({ ctx, version, source, keys }: Parts): Prepared {
  const { PUBLIC_URL } = ctx.config;
  return {
    compose(row) {
      const person = openPerson(keys, row);
      if (person.phone === undefined) throw new MessageHold("phone");
      const { own } = source.of(row.recipientId);
      const { sms: text } = rendering(version, row, person, own);
      if (text === "") throw new MessageHold("sms");
      return {
        to: person.phone,
        text,
        statusCallback: twilioCallback(PUBLIC_URL, row.id, row.attempt),
        numberHash: keys.hash("phone", person.phone).toString("hex"),
      };
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
  { language, sharedMailbox }: Claimed,
  { name, exposure, relation, zone }: Person,
  own: OwnWords,
): Rendered {
  try {
    return render(compiled, language, { name, exposure, relation, zone, sharedMailbox, own });
  } catch (error) {
    if (error instanceof RenderHold) throw new MessageHold(`${error.code}:${error.field}`);
    throw error;
  }
}

const MESSAGE_ID_BYTES = 16;
