import { setTimeout as sleep } from "node:timers/promises";

import { twilioCallback } from "../../../src/domain/delivery/callback.ts";
import { startTwilio } from "../../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../../src/dev/twilio.ts";
import { signatureOf } from "../../../src/dev/twilio-call.ts";
import { DELIVERED } from "../../../src/dev/twilio-script.ts";
import type { Script } from "../../../src/dev/twilio-script.ts";
import { createSms } from "../../../src/gateways/sms.ts";
import { until } from "../../support/fleet.ts";
import type { Fleet, Running } from "../../support/fleet.ts";
import { serve } from "../../support/http.ts";
import { givenStarted } from "../../support/wave.ts";
import { dueNow, must, settledSoundly, untilJudged } from "../acts.ts";
import { check, requireSound, untilRest } from "../checker.ts";
import type { Taken } from "../checker.ts";
import type { Fault, Lab } from "../lab.ts";

/** A provider of SMS that throttles, loses its answers, and reports late, often and in disorder. */
export const TWILIO_FAULTS: readonly Fault[] = [
  {
    number: "21",
    name: "Twilio answers 429 with Retry-After",
    expected: "the time is kept; nobody is lost",
    async run(lab) {
      const mood = { bad: true };
      const refusal = { status: 429, code: 20429, retryAfter: RETRY_SECONDS };
      const s = await smsLab(lab, () => (mood.bad ? refusal : DELIVERED));
      await s.f.worker(s.env);
      await until("some were refused", () => s.twilio.counts.refused >= 1);
      await until("that is written down", async () => {
        const { length } = await throttled(s.f);
        return length > 0 && length === s.twilio.counts.refused;
      });
      const { refused } = s.twilio.counts;
      await sleep(lab.long ? 30_000 : 3_000);
      const more = s.twilio.counts.refused - refused;
      must(more === 0, `${more} were tried within the time that was asked for.`);
      const early = (await throttled(s.f)).filter(({ waits }) => waits < RETRY_SECONDS);
      must(early.length === 0, `${early.length} would have been tried again too early.`);
      mood.bad = false;
      const due = await dueNow(lab, s.f, s.running);
      const checked = await settledSoundly(s.f, [s.running], { taken: s.taken });
      await due.stop();
      must(checked.unknown === 0, "Something is unknown.");
      return {
        outcome: `${refused} refused, none tried within ${RETRY_SECONDS} s, then all sent`,
        shortened: "watched for 30 s of the 90 s, then made due at once",
        checked,
      };
    },
  },
  {
    number: "22",
    name: "Twilio takes an SMS and its answer is lost, or is a 503",
    expected: "unknown, found by asking for it; nothing sent blindly again",
    async run(lab) {
      const s = await smsLab(lab, ({ n }) => {
        if (n % 10 === 3) return { lost: "after" };
        if (n % 10 === 6) return { lost: "after", how: "status" };
        return n % 10 === 9 ? { lost: "before" } : {};
      });
      await s.f.worker(s.env);
      await untilRest(s.f, [s.running]);
      const { requests } = s.twilio.counts;
      must(requests === lab.people, `${requests} requests were made for ${lab.people} people.`);
      const first = await check(s.f, [s.running], { taken: s.taken });
      requireSound(first);
      must(first.unknown >= lab.people / 10, "Nothing was unknown.");
      await untilJudged(s.f, [s.running], { sms: s.sms, account: s.env["TWILIO_ACCOUNT_SID"] });
      const checked = await check(s.f, [s.running], { taken: s.taken });
      requireSound(checked);
      must(s.twilio.counts.taken === lab.people, "Somebody has it twice, or not at all.");
      return {
        outcome: `${first.unknown} were unknown; each was found, or proven absent`,
        checked,
      };
    },
  },
  {
    number: "23",
    name: "Twilio's reports come ten times each, in reverse, before its answer, or two days late",
    expected: "the right state in the end",
    async run(lab) {
      const s = await smsLab(lab, ({ n }) => {
        const copies = 10;
        const said = ["delivered", "sent", "queued"] as const;
        if (n % 3 === 0) return { steps: said.map((status) => ({ status, copies })) };
        if (n % 3 === 1) return { callbacksFirst: true, steps: [{ status: "delivered" }] };
        return {};
      });
      await s.f.worker(s.env);
      await untilRest(s.f, [s.running]);
      await s.twilio.settled();
      await s.f.w.sql`update attempt set started_at = started_at - interval '2 days',
                             ended_at = ended_at - interval '2 days'`;
      await reportLate(s);
      const all = async () => (await states(s)).delivered === lab.people;
      await until("all are delivered", all);
      const checked = await check(s.f, [s.running], { taken: s.taken });
      requireSound(checked);
      return { outcome: `all delivered, from ${s.twilio.counts.callbacks} reports`, checked };
    },
  },
  {
    number: "24",
    name: "the door for Twilio's reports is shut for a while",
    expected: "Twilio says it again, or is asked; both tell the same",
    async run(lab) {
      const s = await smsLab(lab, ({ n }) => (n % 10 === 3 ? { lost: "after" } : DELIVERED));
      s.shut(true);
      await s.f.worker(s.env);
      await untilRest(s.f, [s.running]);
      await until("reports were lost", () => s.twilio.counts.callbacksFailed > 0);
      s.shut(false);
      await s.twilio.settled();
      await untilJudged(s.f, [s.running], { sms: s.sms, account: s.env["TWILIO_ACCOUNT_SID"] });
      const checked = await check(s.f, [s.running], { taken: s.taken });
      requireSound(checked);
      const { delivered = 0, accepted = 0, ...others } = checked.states;
      must(delivered + accepted === lab.people, `Not all: ${JSON.stringify(others)}.`);
      must(s.twilio.counts.taken === lab.people, "Somebody has it twice.");
      const lost = s.twilio.counts.callbacksFailed;
      return {
        outcome: `${lost} reports given up by Twilio; ${delivered} delivered, ${accepted} accepted`,
        shortened: "shut until Twilio gave up the first reports, instead of 1 h",
        checked,
      };
    },
  },
];

export interface SmsLab {
  readonly f: Fleet;
  readonly twilio: FakeTwilio;
  readonly running: Running;
  readonly env: Record<string, string>;
  readonly taken: Taken;
  /** The gateway by which the test itself may ask. */
  readonly sms: ReturnType<typeof createSms>;
  readonly doorUrl: string;
  /** Shut the door to reports, or open it. */
  shut(is: boolean): void;
}

/** A wave by SMS, a Twilio that follows a script, and a public door for its reports. */
export async function smsLab(lab: Lab, script: Script, on?: Fleet): Promise<SmsLab> {
  const f = on ?? (await lab.fleet());
  let url = "";
  const twilio = await startTwilio({ script, callbackOrigin: () => url });
  lab.later(twilio.close);
  const config = { ...f.w.config, TWILIO_AUTH_TOKEN: [twilio.authToken] };
  const door = await serve({ ...f.w.ctx, config }, { door: "public" });
  lab.later(door.close);
  url = door.url;
  const people = Array.from({ length: lab.people }, (_, i) => ({
    email: undefined,
    name: `Person ${i}`,
    phone: `+1${AREAS[Math.floor(i / 90) % AREAS.length]}555${String(100 + (i % 90)).padStart(4, "0")}`,
    postal: { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" },
  }));
  const plan = { channels: ["sms" as const, "letter" as const] };
  const running = { ...(await givenStarted(f.w, { people, plan })), prefix: "sms" };
  const { accountSid, authToken, from } = twilio;
  return {
    f,
    twilio,
    running,
    doorUrl: door.url,
    env: {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_FROM: from,
      TWILIO_BASE_URL: twilio.url,
      SMS_CONNECTIONS: "6",
    },
    taken: () => twilio.list(0, 1e6).map(({ to }) => to),
    sms: createSms({ accountSid, authToken, from, baseUrl: twilio.url, connections: 2 }),
    shut: (is) => void (url = is ? "http://127.0.0.1:9" : door.url),
  };
}

/** Seconds that each throttled delivery waits by our own plan. */
function throttled({ w }: Fleet): Promise<{ waits: number }[]> {
  return w.sql<{ waits: number }[]>`
    select extract(epoch from d.next_at - a.ended_at)::float as waits
      from attempt a join delivery d on d.id = a.delivery_id and d.attempt = a.n
     where a.outcome = 'throttled' and d.state = 'planned'`;
}

/** Say of every SMS that nothing was said of yet that it was delivered, signed as Twilio signs. */
async function reportLate({ f, twilio, doorUrl }: SmsLab): Promise<void> {
  const rows = await f.w.sql<{ id: string; attempt: number; reference: string }[]>`
    select d.id, d.attempt, a.reference
      from delivery d join attempt a on a.delivery_id = d.id and a.n = d.attempt
     where d.state = 'accepted' and a.reference is not null`;
  for (const { id, attempt, reference } of rows) {
    const url = twilioCallback(f.w.config.PUBLIC_URL, id, attempt);
    const form = {
      MessageSid: reference,
      AccountSid: twilio.accountSid,
      MessageStatus: "delivered",
      ApiVersion: "2010-04-01",
    };
    const { status } = await fetch(doorUrl + new URL(url).pathname, {
      method: "POST",
      headers: { "x-twilio-signature": signatureOf(twilio.authToken, url, form) },
      body: new URLSearchParams(form),
    });
    must(status < 300, `A late report was answered ${status}.`);
  }
}

async function states({ f, running }: SmsLab): Promise<Record<string, number>> {
  const rows = await f.w.sql<{ state: string; count: number }[]>`
    select state, count(*)::int as count from delivery
     where wave_id = ${running.waveId} group by 1`;
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

const RETRY_SECONDS = 90;
const AREAS = [202, 212, 213, 312, 415, 617, 305, 404];
