import { randomBytes, randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context } from "../../context.ts";
import { PageLanguage } from "../../domain/language.ts";
import { CODE_LENGTH, noticeCode } from "../../domain/notice/code.ts";
import {
  NoticeKind,
  Sources,
  classOf,
  contentHash,
  edited,
  moved,
} from "../../domain/notice/notice.ts";
import type { Notice, NoticeVersion, Sender } from "../../domain/notice/notice.ts";
import { Variants, requireWhole } from "../../domain/notice/split.ts";
import { expectVersion } from "../../domain/refusal.ts";
import { sensitivityOf } from "../../domain/scope.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as notices from "../../store/notice.ts";
import * as scopes from "../../store/scope.ts";
import * as timeline from "../../store/timeline.ts";
import { quotedFacts, tryOut } from "./compiled.ts";
import { owedToPeople } from "./gate.ts";
import { shipped, withStatements } from "./shipped.ts";

/** What a person writes: the texts, where answers go, and whether all subjects keep silent. */
const Text = z.strictObject({
  languages: Sources.optional(),
  /** For which places the texts with a variant are; those of the version before unless said. */
  variants: Variants.optional(),
  replyTo: z.email().max(254).optional(),
  discreet: z.boolean().optional(),
});

export const NewNotice = Text.extend({
  kind: NoticeKind,
  /** The languages of the shipped text to start from; those in which the facts can be told, unless said. */
  shipped: z.array(PageLanguage).min(1).max(PageLanguage.options.length).optional(),
});
export const NoticeEdit = Text.extend({ version: z.int().positive() });
export type NewNotice = z.output<typeof NewNotice>;
export type NoticeEdit = z.output<typeof NoticeEdit>;

/** A notice and the version of its text that counts. */
export interface Drafted {
  readonly notice: Notice;
  readonly version: NoticeVersion;
}

/** Where a notice is. */
export interface NoticePath {
  readonly incidentId: string;
  readonly noticeId: string;
}

/**
 * Start a notice from own sources, or from the shipped ones of its kind. Refuses
 * `template-refused` for a source that may not be used, with the line.
 */
export function draft(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewNotice,
): Promise<Drafted> {
  return ctx.sql.begin(async (tx) => {
    const notice: Notice = {
      id: randomUUID(),
      incidentId,
      version: 1,
      kind: given.kind,
      class: classOf(given.kind),
      state: "draft",
      number: 1,
      createdBy: actor.staffId,
      createdAt: ctx.now(),
    };
    const { variants = {}, discreet = false } = given;
    const languages =
      given.languages ?? (await startingTexts(ctx, tx, incidentId, { ...given, variants }));
    const replyTo = given.replyTo ?? ctx.config.MAIL_FROM;
    const text = { languages, variants, replyTo, discreet };
    const version = await nextVersion(ctx, tx, actor, { notice, text });
    await notices.insert(tx, notice);
    await notices.insertVersion(tx, version);
    await note(ctx, tx, actor, {
      notice,
      action: "notice.draft",
      after: { kind: notice.kind, ...summary(version) },
    });
    return { notice, version };
  });
}

/**
 * Make the next version of a text; what is not given stays as it was. A notice under review or
 * ready goes back to draft, so that what was submitted of it no longer counts. Saving without a
 * change takes up the facts as they are now. Refuses `stale-version` and `template-refused`.
 */
export function edit(
  ctx: Context,
  actor: Actor,
  { incidentId, noticeId }: NoticePath,
  given: NoticeEdit,
): Promise<Drafted> {
  return ctx.sql.begin(async (tx) => {
    const before = await notices.lock(tx, incidentId, noticeId);
    const notice = edited(before, given.version);
    const old = await notices.version(tx, noticeId, before.number);
    const version = await nextVersion(ctx, tx, actor, {
      notice,
      text: {
        languages: given.languages ?? old.languages,
        variants: given.variants ?? old.variants,
        replyTo: given.replyTo ?? old.sender.replyTo,
        discreet: given.discreet ?? old.sender.discreet,
      },
    });
    await notices.insertVersion(tx, version);
    await notices.save(tx, notice);
    await note(ctx, tx, actor, {
      notice,
      action: "notice.edit",
      before: { state: before.state, ...summary(old) },
      after: { state: notice.state, ...summary(version) },
    });
    return { notice, version };
  });
}

/** Give a notice up. What was sent stays sent; nothing more can be approved from it. */
export function withdraw(
  ctx: Context,
  actor: Actor,
  { incidentId, noticeId }: NoticePath,
  expected: number,
): Promise<Notice> {
  return ctx.sql.begin(async (tx) => {
    const before = await notices.lock(tx, incidentId, noticeId);
    expectVersion(before.version, expected);
    const notice = moved(before, "withdrawn");
    await notices.save(tx, notice);
    await note(ctx, tx, actor, {
      notice,
      action: "notice.withdraw",
      before: { state: before.state },
      after: { state: notice.state },
    });
    return notice;
  });
}

/** The shipped texts of a kind, with what the laws of the affected places want said. */
async function startingTexts(
  ctx: Context,
  tx: Sql,
  incidentId: string,
  { kind, shipped: asked, variants }: NewNotice & Pick<NoticeVersion, "variants">,
): Promise<NoticeVersion["languages"]> {
  const scope = await scopes.current(tx, incidentId);
  const languages = shipped(ctx, kind, scope.facts, asked);
  const owed = await owedToPeople(ctx, tx, incidentId);
  return withStatements({ languages, variants }, { kind, owed, ...scope });
}

/** Whether every subject must be discreet: the service itself gives the matter away. */
async function mustBeDiscreet(sql: Sql, incidentId: string): Promise<boolean> {
  return (await sensitivity(sql, incidentId)) === "special-category";
}

/** The incident's class as it counts now: a person's judgement before the derived one. */
export async function sensitivity(sql: Sql, incidentId: string) {
  const incident = await incidents.find(sql, incidentId);
  return (
    incident.sensitivityOverride ?? sensitivityOf((await scopes.current(sql, incidentId)).facts)
  );
}

interface VersionInput {
  readonly notice: Notice;
  readonly text: Pick<Sender, "replyTo" | "discreet"> &
    Pick<NoticeVersion, "languages" | "variants">;
}

async function nextVersion(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  { notice, text }: VersionInput,
): Promise<NoticeVersion> {
  requireWhole(text.languages, text.variants);
  const scope = await scopes.current(tx, notice.incidentId);
  const discreet = text.discreet || (await mustBeDiscreet(tx, notice.incidentId));
  const content = {
    languages: text.languages,
    variants: text.variants,
    sender: senderOf(ctx, { replyTo: text.replyTo, discreet }),
    codes: Object.fromEntries(
      Object.keys(text.languages).map((tag) => [tag, noticeCode(randomBytes(CODE_LENGTH))]),
    ),
  };
  const facts = quotedFacts(text.languages, scope);
  tryOut(ctx, { ...content, facts }, scope.facts);
  return {
    id: randomUUID(),
    noticeId: notice.id,
    number: notice.number,
    ...content,
    facts,
    contentHash: contentHash(content),
    createdBy: actor.staffId,
    createdAt: ctx.now(),
  };
}

function senderOf(
  { config, templates }: Context,
  own: Pick<Sender, "replyTo" | "discreet">,
): Sender {
  const { host } = new URL(config.PUBLIC_URL);
  return {
    organisation: config.ORGANISATION,
    from: config.MAIL_FROM,
    checkAddress: `${host}/check`,
    linkHosts: [...new Set([host, ...(config.LINK_HOSTS ?? [])])],
    layoutVersion: templates.mail.version,
    ...own,
  };
}

function summary({ number, contentHash: hash, languages, variants }: NoticeVersion) {
  const split = Object.keys(variants).length > 0 && { variants };
  return { number, contentHash: hash.toString("hex"), languages: Object.keys(languages), ...split };
}

type Note = Pick<Fact, "action" | "before" | "after"> & { readonly notice: Notice };

function note(ctx: Context, tx: Sql, actor: Actor, { notice, ...fact }: Note): Promise<void> {
  const { staffId, requestId } = actor;
  const subject = `notice:${notice.id}`;
  const whose = { incidentId: notice.incidentId, actor: staffId, subject, requestId };
  return timeline.append(tx, { ...whose, ...fact }, ctx.now());
}
