import { ZodError } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context, Keys, OutgoingEmail, OutgoingSms } from "../../context.ts";
import { Person, isPerson } from "../../domain/audience/person.ts";
import type { SentChannel } from "../../domain/delivery.ts";
import { twilioCallback } from "../../domain/delivery/callback.ts";
import { MessageHold, composeSkeleton, fillIn, formLetter } from "../../domain/delivery/message.ts";
import type { FormLetter } from "../../domain/delivery/message.ts";
import { messageReference } from "../../domain/delivery/reference.ts";
import type { CompiledNotice } from "../../domain/notice/compile.ts";
import type { NoticeKind } from "../../domain/notice/notice.ts";
import { RenderHold, render } from "../../domain/notice/render.ts";
import type { OwnWords, Reader } from "../../domain/notice/render.ts";
import { variantKey, variantOf } from "../../domain/notice/variant.ts";
import type { Variant } from "../../domain/notice/variant.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Claimed } from "../../store/delivery/claim.ts";
import * as waves from "../../store/wave.ts";
import { compiledVersion } from "../notice/compiled.ts";
import type { CompiledVersion } from "../notice/compiled.ts";
import { openBreaker } from "../wave.ts";
import { hoursOf } from "./hours.ts";
import type { HoursOf } from "./hours.ts";

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

export type Outgoing = (OutgoingEmail | NumberedSms) & {
  /** It goes out at an hour that was not approved, because of the deadline. */
  readonly despiteHours?: boolean;
};

/** Everything of a wave that is the same for every recipient, ready to be filled in. */
export interface Prepared {
  /** One person's message. Throws a `MessageHold` where it must not be sent as it is. */
  compose(row: Claimed, now: Date): Outgoing;
}

export interface PrepareParts {
  readonly channel: SentChannel;
  readonly own: OwnSources;
  /** Composed to be compared, not to be sent now: the reader's clock does not matter. */
  readonly anyHour?: boolean;
}

/**
 * The approved version of a wave for one channel, compiled, with the incident's keys. The wave is
 * stopped instead where the stored text cannot be read as what was approved, where the version's
 * mail layout has changed since, and where the codes that it shows people cannot be had.
 */
export async function prepareWave(
  ctx: Context,
  slice: SliceOf,
  { channel, own, anyHour = false }: PrepareParts,
): Promise<Prepared | undefined> {
  const { incidentId, waveId } = slice;
  const { noticeVersionId } = await waves.find(ctx.sql, incidentId, waveId);
  const version = await readable(ctx, noticeVersionId);
  if (!version) {
    await openBreaker(ctx, slice, "unreadable");
    return undefined;
  }
  const { noticeKind, noticeClass } = await waves.noticeOf(ctx.sql, noticeVersionId);
  const source = version.layoutCurrent
    ? await own(ctx, { incidentId, noticeVersionId, noticeKind })
    : { hold: "layout-changed" };
  if ("hold" in source) {
    await openBreaker(ctx, slice, source.hold);
    return undefined;
  }
  const keys = await ctx.vault.keys(incidentId);
  const organisation = await ctx.vault.keys(ORGANISATION);
  const hours = anyHour ? () => false : await hoursOf(ctx, waveId, channel);
  const parts = { ctx, version, source, keys, organisation, noticeClass, hours };
  return channel === "sms" ? smsOf(parts) : emailOf(parts);
}

/** Nothing where somebody changed the stored text by force; trying again would not mend it. */
async function readable(ctx: Context, versionId: string): Promise<CompiledVersion | undefined> {
  try {
    return await compiledVersion(ctx, versionId);
  } catch (err) {
    if (!(err instanceof Refusal || err instanceof ZodError)) throw err;
    ctx.log.error({ err, noticeVersionId: versionId }, "the stored text of a wave is unreadable");
    return undefined;
  }
}

interface Parts {
  readonly ctx: Context;
  readonly version: CompiledVersion;
  readonly source: OwnSource;
  readonly keys: Keys;
  /** Reports of e-mails are matched before anybody knows the incident. */
  readonly organisation: Keys;
  readonly noticeClass: "legal" | "courtesy";
  readonly hours: HoursOf;
}

/** What readers of one variant share is encoded once; see `variantOf`. */
function emailOf(parts: Parts): Prepared {
  const { version, source, keys, organisation, noticeClass, hours } = parts;
  const { from } = version.version.sender;
  const forms = new Map<string, Form>();

  function formOf(notice: CompiledNotice, language: string, reader: Reader): Form {
    const key = `${notice.variant ?? ""}/${variantKey(language, reader)}`;
    const known = forms.get(key);
    if (known) return known;
    const variant = variantOf(notice, language, reader);
    const made = { variant, letter: formLetter(skeletonFor(version, variant.language), variant) };
    if (forms.size >= FORMS_MAX) forms.clear();
    forms.set(key, made);
    return made;
  }

  return {
    compose(row, now) {
      const person = openPerson(keys, row);
      const { email, name } = person;
      if (email === undefined) throw new MessageHold("address");
      const despiteHours = hours(person, now);
      const its = source.of(row.recipientId);
      // Nobody can stop a notice that the law requires.
      const unsubscribe = noticeClass === "courtesy" ? its.unsubscribe : undefined;
      const reader = readerOf(row, person, its.own);
      const notice = version.texts.forPlace(person.place);
      const message = orHold(() => {
        const { variant, letter } = formOf(notice, row.language, reader);
        const { subject, ...own } = variant.own(reader);
        const to = { address: email, ...(name !== undefined && { name }) };
        const messageId = messageReference(organisation.hash, row.id);
        const stop = unsubscribe === undefined ? undefined : { unsubscribe };
        return fillIn(letter, { to, subject, messageId, date: now, ...stop }, own);
      });
      return { from, to: email, message, despiteHours };
    },
  };
}

interface Form {
  readonly variant: Variant;
  readonly letter: FormLetter;
}

function smsOf({ ctx, version, source, keys, hours }: Parts): Prepared {
  const { PUBLIC_URL } = ctx.config;
  return {
    compose(row, now) {
      const person = openPerson(keys, row);
      if (person.phone === undefined) throw new MessageHold("phone");
      const despiteHours = hours(person, now);
      const reader = readerOf(row, person, source.of(row.recipientId).own);
      const notice = version.texts.forPlace(person.place);
      const { sms: text } = orHold(() => render(notice, row.language, reader));
      if (text === "") throw new MessageHold("sms");
      return {
        to: person.phone,
        text,
        statusCallback: twilioCallback(PUBLIC_URL, row.id, row.attempt),
        numberHash: keys.hash("phone", person.phone).toString("hex"),
        despiteHours,
      };
    },
  };
}

function skeletonFor({ version }: CompiledVersion, language: string) {
  const { organisation, from, replyTo } = version.sender;
  return composeSkeleton({
    from: { name: organisation, address: from },
    replyTo,
    language,
    version: version.id,
  });
}

function openPerson(keys: Keys, { recipientId, sealed }: Claimed): Person {
  const opened = keys.open("recipient", recipientId, sealed);
  return isPerson(opened) ? opened : Person.parse(opened);
}

function readerOf(
  { sharedMailbox }: Claimed,
  { name, exposure, relation, zone }: Person,
  own: OwnWords,
): Reader {
  return { name, exposure, relation, zone, sharedMailbox, own };
}

function orHold<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RenderHold) throw new MessageHold(`${error.code}:${error.field}`);
    throw error;
  }
}

/** At about 20 kB each. Beyond that many they are made anew, which takes as long as a message once did. */
const FORMS_MAX = 200;
