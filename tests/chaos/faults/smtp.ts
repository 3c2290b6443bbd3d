import { setTimeout as sleep } from "node:timers/promises";

import { attemptCounts, caughtOf, peopleOf, until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { selfSigned } from "../../support/certificate.ts";
import { scriptedSmtp } from "../../support/smtp.ts";
import type { Script, ScriptedSmtp } from "../../support/smtp.ts";
import { givenStarted, states } from "../../support/wave.ts";
import {
  dueNow,
  hasEnded,
  must,
  requireAllAccepted,
  settledSoundly,
  standing,
  untilJudged,
} from "../acts.ts";
import { check, requireSound, untilRest } from "../checker.ts";
import { startWave } from "../lab.ts";
import type { Fault, Lab } from "../lab.ts";

/** Mail servers that put off, refuse, hang up, crawl or lie. */
export const SMTP_FAULTS: readonly Fault[] = [
  {
    number: "17",
    name: "the mail server puts everything off (421, 450)",
    expected: "tried again by plan; nobody is called failed early",
    async run(lab) {
      const says = { it: true, often: 0 };
      const reject = () => (says.it ? [421, 450][(says.often += 1) % 2] : undefined);
      const f = await lab.fleet({ reject });
      const running = await startWave(lab, f);
      await f.worker();
      // Few do: each refusal halves the pace.
      await until("several were put off", () => says.often >= 6);
      await sleep(lab.long ? 20_000 : 2_000);
      const { planned = 0, leased = 0, ...others } = await states(f.w, running.waveId);
      const { sending = 0, ...ended } = others;
      must(planned + leased + sending === lab.people, `Some ended: ${JSON.stringify(ended)}.`);
      says.it = false;
      const due = await dueNow(lab, f, running);
      const checked = await settledSoundly(f, [running]);
      await due.stop();
      requireAllAccepted(checked);
      const tries = JSON.stringify(await attemptCounts(f, running));
      return {
        outcome: `tries: ${tries}`,
        shortened: "put off for 20 s instead of 30 min, then made due at once",
        checked,
      };
    },
  },
  {
    number: "18",
    name: "the mail server refuses 5 % of all addresses (550), or 10 % of the canaries",
    expected: "those fail with a reason and get a letter; above 2 % of the canaries the wave stops",
    async run(lab) {
      const nth = (address: string) => Number(/-(\d+)@/.exec(address)?.[1]);
      const f = await lab.fleet({ reject: (to) => (nth(to) % 20 === 7 ? 550 : undefined) });
      const people = peopleOf("refused", lab.people).map((each) => ({ ...each, postal: POSTAL }));
      const running = { ...(await givenStarted(f.w, { people })), prefix: "refused" };
      await f.worker();
      const checked = await settledSoundly(f, [running]);
      const expected = people.filter(({ email }) => nth(email) % 20 === 7).length;
      const { channels } = await standing(f, running);
      must(channels.email?.rejected === expected, "Not exactly the refused ones are rejected.");
      must(channels.letter?.["needs-letter"] === expected, "Not all refused ones get a letter.");

      const canaries = peopleOf("canary", lab.people).map((each, i) =>
        i % 10 === 0 ? { ...each, email: `canary-${i}-7@example.com` } : each,
      );
      const started = await givenStarted(f.w, { people: canaries, canary: lab.people / 2 });
      const stopped = { ...started, prefix: "canary" };
      const paused = async () => (await standing(f, stopped)).state === "paused";
      await until("the canary stops the wave", paused);
      const { pausedReason } = await standing(f, stopped);
      must(pausedReason === "canary", `It was paused as ${pausedReason}.`);
      const sent = caughtOf(f, stopped).length;
      must(sent <= lab.people / 2, `${sent} had it before the canary was judged.`);
      return {
        outcome: `${expected} refused and given letters; the canary stopped the other`,
        checked,
      };
    },
  },
  {
    number: "19",
    name: "the mail server takes a message and hangs up, before or after its answer, or falls silent",
    expected: "unknown where there was no answer; sent again once by rule; second copies named",
    async run(lab) {
      const ends = { silent: 0, dropped: 0, after: 0 };
      const mood = { bad: true };
      const body: Script["body"] = (socket) => {
        const turn = mood.bad ? lab.random.below(12) : NaN;
        if (turn === 0 && lab.long && ends.silent < 4) return void (ends.silent += 1);
        if (turn === 1) return void ((ends.dropped += 1), socket.destroy());
        if (turn === 2) return void ((ends.after += 1), socket.end("250 Taken\r\n"));
        return "250 Taken";
      };
      const smtp = await scripted(lab, { body });
      const f = await lab.fleet();
      const running = await startWave(lab, f);
      await f.worker({ SMTP_URL: smtp.url });
      await untilRest(f, [running], SILENCE_MS);
      const taken = () => smtp.bodies.map(recipientOf);
      const first = await check(f, [running], { taken });
      requireSound(first);
      const { dropped, silent } = ends;
      must(
        first.unknown === dropped + silent,
        `${first.unknown} unknown, not ${dropped + silent}.`,
      );
      mood.bad = false;
      await untilJudged(f, [running]);
      const checked = await check(f, [running], { taken });
      requireSound(checked);
      must(sameIds(smtp), "A second copy has another Message-ID.");
      return { outcome: `${JSON.stringify(ends)}; every second copy under its first id`, checked };
    },
  },
  {
    number: "20",
    name: "the mail server takes a byte a second, offers no TLS, or shows a bad certificate",
    expected: "time-out; refused; never a word of a message in the clear",
    async run(lab) {
      const [plain, liar] = [await scripted(lab), await scripted(lab, {}, selfSigned())];
      const f = await lab.fleet();
      const notSent = [];
      for (const url of [
        // Not known as loopback by its name, so that encryption is asked for.
        `smtp://[::ffff:127.0.0.1]:${plain.port}`,
        `smtps://127.0.0.1:${liar.port}`,
      ])
        notSent.push(await expectStopped(lab, f, url));
      must(
        plain.counts.bodyBytes + liar.counts.bodyBytes === 0,
        "Something was said in the clear.",
      );
      must(!plain.counts.commands.includes("MAIL"), "An address was named in the clear.");
      if (!lab.long) return { outcome: "both refused, the waves stopped with everybody kept" };

      const wire = await lab.proxy(f.catcher.smtpUrl);
      wire.throttle(1);
      const running = await startWave(lab, f, 4);
      await f.worker({ SMTP_URL: wire.through(f.catcher.smtpUrl), EMAIL_CONNECTIONS: "4" });
      await until("it gives up waiting", () => hasEnded(f, running), 180_000);
      must(f.catcher.counts.taken === 0, "A message went through at a byte a second.");
      wire.free();
      const due = await dueNow(lab, f, running);
      const checked = await settledSoundly(f, [running]);
      await due.stop();
      const counts = JSON.stringify(await attemptCounts(f, running));
      return { outcome: `both refused; at a byte a second: ${counts}`, checked };
    },
  },
];

/** A worker on this server stops the wave with everybody kept. */
async function expectStopped(lab: Lab, f: Fleet, url: string): Promise<void> {
  const running = await startWave(lab, f, 20);
  const worker = await f.worker({ SMTP_URL: url, EMAIL_CONNECTIONS: "2" });
  await until("the wave stands still", async () => (await standing(f, running)).state === "paused");
  await worker.stop();
  const { pausedReason, counts } = await standing(f, running);
  must(pausedReason === "breaker", `It was paused as ${pausedReason}.`);
  const { planned = 0, leased = 0 } = counts;
  must(planned + leased === 20, `Not all are kept: ${JSON.stringify(counts)}.`);
}

async function scripted(lab: Lab, ...given: Parameters<typeof scriptedSmtp> | []) {
  const [script = {}, tls] = given;
  const smtp = await scriptedSmtp(script, tls);
  lab.later(smtp.close);
  return smtp;
}

/** Whom a whole message is for. */
export function recipientOf(message: string): string {
  const unfolded = message.slice(0, message.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
  return /^To:.*?([^\s<>]+@[^\s<>]+)/im.exec(unfolded)?.[1] ?? "";
}

/** Whether all copies to one person bear the same Message-ID. */
function sameIds({ bodies }: ScriptedSmtp): boolean {
  const pairs = bodies.map(
    (body) => `${recipientOf(body)} ${/^Message-ID: *(\S+)/im.exec(body)?.[1]}`,
  );
  return new Set(pairs).size === new Set(bodies.map(recipientOf)).size;
}

const POSTAL = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
/** Our own patience with a server that says nothing about a message is five minutes. */
const SILENCE_MS = 420_000;
