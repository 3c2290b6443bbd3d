import { setTimeout as sleep } from "node:timers/promises";

import { approve, answer } from "../../src/actions/inquiry/answer.ts";
import { keepCodes, personalCodes, unsubscribeLinks } from "../../src/actions/inquiry/code.ts";
import { ensureIntakeKey } from "../../src/actions/intake.ts";
import { closeSurvey } from "../../src/actions/feedback/survey.ts";
import type { Config } from "../../src/config.ts";
import { queue } from "../../src/views/inquiry.ts";
import { givenFrozenAudience } from "./audience.ts";
import { FINDINGS, LATER, QUESTION_HOUR, UPDATES } from "./clinic-words.ts";
import { DAY_MS, HOUR_MS, givenPlan } from "./followup.ts";
import { serve } from "./http.ts";
import type { Served } from "./http.ts";
import { givenIncident, givenScope } from "./incident.ts";
import { givenPublished } from "./publication.ts";
import { givenSurvey, sendAnswer } from "./survey.ts";
import { aVisitor, enterVisit, givenTold, newestText, work } from "./visit.ts";
import type { World } from "./world.ts";

/** The settings of a world in which the clinic lives. A cookie for https alone would not come back. */
export const CLINIC = {
  ORGANISATION: "Larkspur Clinic",
  MAIL_FROM: "notices@larkspur.example.org",
  PUBLIC_URL: "http://larkspur.example.org",
  TRUSTED_PROXIES: 1,
} as const satisfies Partial<Config>;

/** The public door of an invented clinic, with everything on it that a page can show. */
export interface Clinic {
  readonly w: World;
  readonly door: Served;
  /** Personal codes; the first person was told, asked twice and was answered once. */
  readonly codes: readonly string[];
  readonly noticeCode: string;
  /** Passes of an open survey; the first is used. One of a survey that is over. */
  readonly passes: readonly string[];
  readonly closedPass: string;
  /** Where the link in courtesy mail leads. */
  readonly stopPath: string;
  /** The path of a fresh link that confirms a subscription. */
  subscriptionPath(email: string): Promise<string>;
  /** While this runs, nobody does what workers do. */
  withoutWorkers<T>(run: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Addresses of its pages: everything known, promises missed and little known, ended. */
export const SLUGS = { full: "appointments-2026", missed: "laptop-2026", ended: "tape-2025" };

/** Tell the clinic's story in a world of its own, and open its door. */
export async function givenClinic(w: World): Promise<Clinic> {
  w.clock.set(new Date("2026-03-01T19:00:00Z"));
  await ensureIntakeKey(w.ctx);
  await givenEnded(w);
  await givenMissed(w);
  const incidentId = await givenIntrusion(w);
  const people = await givenTheirs(w, incidentId);
  const door = await serve(w.ctx, { door: "public" });
  await givenAnswered(w, { door, incidentId, code: people.codes[0] ?? "" });
  const surveys = await givenSurveys(w, door);
  const workers = startWorkers(w);
  return {
    w,
    door,
    ...people,
    ...surveys,
    subscriptionPath: async (email) => {
      const before = w.email.sent.length;
      await door.call("POST", `/incidents/${SLUGS.full}/subscription`, {
        raw: new URLSearchParams({ email }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      while (w.email.sent.length === before) await sleep(20);
      return /\/subscriptions\/[\w-]+/.exec(await newestText(w))?.[0] ?? "";
    },
    withoutWorkers: workers.without,
    close: async () => {
      await workers.stop();
      await door.close();
    },
  };
}

/** An incident with every kind of update, and the promise of another. */
async function givenIntrusion(w: World): Promise<string> {
  const { id } = await givenIncident(w, {
    title: "Intrusion into the appointment system",
    awareAt: new Date("2026-03-01T13:30:00Z"),
    awareZone: "America/New_York",
    whatHappened: "Somebody signed in to our appointment system and could read what is in it.",
  });
  await givenScope(w, id, FINDINGS);
  let corrected = "";
  for (const { kind, languages } of UPDATES) {
    const over = {
      kind,
      languages,
      ...(kind === "correction" && { corrects: corrected }),
      ...(kind === "question-hour" && { questionHour: QUESTION_HOUR }),
    };
    const published = await givenPublished(w, id, over, SLUGS.full);
    if (kind === "update") corrected = published.id;
    w.clock.advance(18 * HOUR_MS);
  }
  await givenPlan(w, id, {
    zone: "America/New_York",
    rule: { kind: "dates", dates: [{ date: "2026-03-09", time: "12:00" }] },
  });
  return id;
}

/** One of which little is known, whose promise was not kept, told in English alone. */
async function givenMissed(w: World): Promise<void> {
  const { id } = await givenIncident(w, { awareAt: new Date("2026-03-01T15:15:00Z") });
  await givenPublished(w, id, {}, SLUGS.missed);
  await givenPlan(w, id, { zone: "America/New_York", inMs: [DAY_MS] });
}

async function givenEnded(w: World): Promise<void> {
  const { id } = await givenIncident(w, { awareAt: new Date("2026-02-28T15:15:00Z") });
  const told = (title: string, body: string) => ({ en: { title, body, faq: [] } });
  const first = told(
    "A backup tape is lost",
    "A courier lost a parcel with a backup tape of ours.",
  );
  await givenPublished(w, id, { languages: first }, SLUGS.ended);
  w.clock.advance(HOUR_MS);
  const last = told("The tape was found unopened", "The seal was whole. Nobody has read it.");
  await givenPublished(w, id, { kind: "closing", languages: last }, SLUGS.ended);
  await w.sql`update incident set state = 'closed' where id = ${id}`;
}

/** People of the intrusion. The first was told; since then more is sure. */
async function givenTheirs(w: World, incidentId: string) {
  const exposure = ["name", "email-address", "date-of-birth", "ssn", "medical"] as const;
  const people = Array.from({ length: PEOPLE }, (_, i) => ({
    name: "Mara Sample",
    email: `mara.sample${i}@example.com`,
    phone: `+1202555${String(100 + i).padStart(4, "0")}`,
    exposure: [...exposure],
  }));
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  const [first = ""] = recipientIds;
  await keepCodes(w.ctx, { incidentId, audienceId });
  const waveId = await givenTold(w, { incidentId, audienceId });
  await w.sql`
    insert into delivery (wave_id, recipient_id, channel, state, settled_at)
    values (${waveId}, ${first}, 'email', 'delivered', ${w.clock.now()})`;
  w.clock.advance(HOUR_MS);
  if (LATER) await givenScope(w, incidentId, { dataElements: LATER });
  const [notice] = await w.sql<{ code: string }[]>`select code from notice_code`;
  const stop = (await unsubscribeLinks(w.ctx, incidentId))(first);
  return {
    codes: recipientIds.map(await personalCodes(w.ctx, incidentId)),
    noticeCode: notice?.code ?? "",
    stopPath: new URL(stop).pathname,
  };
}

/** The first person asks; staff answer; and they ask again. */
async function givenAnswered(
  w: World,
  { door, incidentId, code }: { door: Served; incidentId: string; code: string },
): Promise<void> {
  const visitor = aVisitor(door);
  await enterVisit(w, visitor, code);
  const ask = async (kind: string, text: string) => {
    await visitor.post("/my/notice/ask", { kind, text });
    await work(w);
  };
  await ask("question", "Was my child’s record read too?\nHer appointments are under my name.");
  const [line] = await queue(w.sql, incidentId, { state: "new", now: w.clock.now() });
  const path = { incidentId, inquiryId: line?.id ?? "" };
  const text = "We looked. Your child’s record is in another system, and nobody was in that one.";
  await answer(w.ctx, w.staff.drafter, path, { version: 1, text });
  await approve(w.ctx, w.staff.approver, path, 2);
  await ask("access", "Please send me everything you hold about me.");
}

async function givenSurveys(w: World, door: Served) {
  const { passes } = await givenSurvey(w, { people: 30, breakdown: "heard" });
  await sendAnswer(door, passes[0], { "q-clear": "4", clear: "4", remark: "Thank you." });
  const over = await givenSurvey(w, { people: 5 });
  await closeSurvey(w.ctx, w.staff.drafter, over);
  return { passes, closedPass: over.passes[0] ?? "" };
}

/** Somebody who does what workers do, until told to stop. */
function startWorkers(w: World) {
  let stopped = false;
  let resting: Promise<unknown> = Promise.resolve();
  let turn: Promise<void> = Promise.resolve();
  const loop = (async () => {
    while (!stopped) {
      await resting;
      turn = work(w);
      await turn;
      await sleep(20);
    }
  })();
  return {
    without: async <T>(run: () => Promise<T>): Promise<T> => {
      let wake = () => {};
      resting = new Promise<void>((resolve) => (wake = resolve));
      await turn;
      try {
        return await run();
      } finally {
        wake();
      }
    },
    stop: async () => {
      stopped = true;
      await loop;
    },
  };
}

const PEOPLE = 60;
