import { randomUUID } from "node:crypto";

import PostalMime from "postal-mime";

import { keepCodes, personalCodes } from "../../src/actions/inquiry/code.ts";
import { ensureIntakeKey, handleIntake } from "../../src/actions/intake.ts";
import { sendMessages } from "../../src/actions/message.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { INTAKE_HANDLERS } from "../../workers/intake.ts";
import { givenFrozenAudience } from "./audience.ts";
import type { Served } from "./http.ts";
import { givenIncident } from "./incident.ts";
import { givenApprovedNotice } from "./notice.ts";
import type { World } from "./world.ts";

/**
 * An incident with these people in a frozen audience, their codes kept, and the keys that the
 * public door seals to. The clock is the real one: messages expire by it.
 */
export async function givenPeople(w: World, people: readonly Partial<Person>[]) {
  w.clock.set(new Date());
  await ensureIntakeKey(w.ctx);
  const { id: incidentId } = await givenIncident(w, { awareAt: new Date(Date.now() - 3_600_000) });
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  await keepCodes(w.ctx, { incidentId, audienceId });
  const codeOf = await personalCodes(w.ctx, incidentId);
  return { incidentId, audienceId, recipientIds, codes: recipientIds.map(codeOf) };
}

/** A wave to an audience that has gone out, though nobody's delivery is written down. */
export async function givenTold(
  w: Pick<World, "ctx" | "sql" | "staff">,
  place: { readonly incidentId: string; readonly audienceId: string },
): Promise<string> {
  const submissionId = await givenApprovedNotice(w as World, place);
  const [wave] = await w.sql<{ id: string }[]>`
    insert into wave (id, incident_id, submission_id, audience_id, notice_version_id, state, facts,
                      started_by, started_at)
    select gen_random_uuid(), incident_id, id, audience_id, notice_version_id, 'done', facts,
           ${w.staff.responder.staffId}, ${w.ctx.now()}
      from submission where id = ${submissionId}
    returning id`;
  return wave?.id ?? "";
}

/** Do what the workers do: open what came in, and send what is to be said. */
export async function work(w: World): Promise<void> {
  for (;;) {
    const rows = await w.sql<{ id: string }[]>`select id from intake order by received_at`;
    if (rows.length === 0) break;
    // All at once, as several workers do.
    await Promise.all(rows.map(({ id }) => handleIntake(w.ctx, INTAKE_HANDLERS, id)));
  }
  await sendMessages(w.ctx, { workerId: randomUUID(), mayWrite: () => true });
}

/** A browser at the public door: it keeps its cookie, and follows nothing by itself. */
export interface Visitor {
  readonly cookie: () => string;
  get(path: string): Promise<Page>;
  post(path: string, fields: Readonly<Record<string, string>> | string): Promise<Page>;
}

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface VisitorOptions {
  /** One that they bring along. */
  readonly cookie?: string;
  readonly network?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Somebody at the door. */
export function aVisitor(door: Served, options: VisitorOptions = {}): Visitor {
  const { network = "192.0.2.1", headers = {} } = options;
  let jar = options.cookie ?? "";
  const call = async (method: string, path: string, body?: string): Promise<Page> => {
    const answer = await fetch(door.url + path, {
      method,
      redirect: "manual",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-forwarded-for": network,
        ...(jar !== "" && { cookie: jar }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const [given] = answer.headers.getSetCookie();
    if (given !== undefined) jar = given.split(";")[0] ?? "";
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return {
    cookie: () => jar,
    get: (path) => call("GET", path),
    post: (path, fields) =>
      call(
        "POST",
        path,
        typeof fields === "string" ? fields : new URLSearchParams(fields).toString(),
      ),
  };
}

/** Type a personal code and the one-time code that was sent for it. Answers the page. */
export async function enterVisit(w: World, visitor: Visitor, code: string): Promise<Page> {
  await visitor.post("/my", { code });
  await work(w);
  await visitor.post("/my/code", { code: await newestCode(w) });
  await work(w);
  return visitor.get("/my/notice");
}

/** The one-time code in the newest message of ours. */
export async function newestCode(w: World): Promise<string> {
  const text = await newestText(w);
  return /\b\d{4} \d{4}\b/.exec(text)?.[0] ?? "";
}

/** What our newest mail says. */
export async function newestText(w: World): Promise<string> {
  const newest = w.email.sent.at(-1);
  if (!newest) return "";
  const { subject, text } = await PostalMime.parse(newest.message);
  return `${subject ?? ""}\n${text ?? ""}`;
}
