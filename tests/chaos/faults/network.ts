import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { selfSigned } from "../../support/certificate.ts";
import { until } from "../../support/fleet.ts";
import type { Proxy } from "../../support/proxy.ts";
import { scriptedSmtp } from "../../support/smtp.ts";
import {
  dueNow,
  hasEnded,
  must,
  preloaded,
  secondsUntil,
  settledSoundly,
  untilJudged,
} from "../acts.ts";
import { check, requireSound, untilRest } from "../checker.ts";
import { startWave } from "../lab.ts";
import type { Fault, Finding, Lab } from "../lab.ts";
import { recipientOf } from "./smtp.ts";
import { smsLab } from "./twilio.ts";
import { DELIVERED } from "../../../src/dev/twilio-script.ts";

/** Networks that are slow, lossy, half-open or clogged, and names that lead elsewhere. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    number: "39",
    name: "every connection takes 100 ms, loses 5 % of its packets, and some fall silent half-open",
    expected: "slower, and as correct",
    async run(lab) {
      if (lab.inside) return slowNetwork(lab, "a network namespace with tc netem");
      const found = await ownNetwork(lab);
      return found ?? slowNetwork(lab, "a proxy with delay and resets, without packet loss");
    },
  },
  {
    number: "42",
    name: "links to PostgreSQL, Redis, SMTP and Twilio are clogged one by one and freed in another order",
    expected: "all converges when all are free",
    async run(lab) {
      const f = await lab.fleet({ delayMs: 20 });
      const running = await startWave(lab, f);
      const sms = await smsLab(lab, () => DELIVERED, f);
      const env: Record<string, string> = { ...f.env, ...sms.env };
      const wires: Record<string, Proxy> = {};
      for (const name of LINKS) {
        const wire = await lab.proxy(env[name] ?? "");
        wires[name] = wire;
        env[name] = wire.through(env[name] ?? "").replace(/\/$/, "");
      }
      await Promise.all([f.worker(env), f.worker(env)]);
      const story = [];
      for (let round = 0; round < (lab.long ? 3 : 1); round += 1) {
        const chosen = lab.random.shuffled(LINKS).slice(0, 2 + lab.random.below(LINKS.length - 1));
        for (const name of chosen) {
          wires[name]?.clog();
          await sleep(lab.random.below(lab.long ? 4_000 : 800));
        }
        await sleep(lab.long ? 5_000 : 500);
        const freed = lab.random.shuffled(chosen);
        for (const name of freed) {
          // Half of them come back as connections that were given up.
          if (lab.random.below(2) === 0) wires[name]?.cutNow();
          wires[name]?.free();
          await sleep(lab.random.below(800));
        }
        story.push(`${chosen.join(" ")} → ${freed.join(" ")}`);
      }
      const due = await dueNow(lab, f, running);
      await untilRest(f, [running, sms.running], 180_000);
      await due.stop();
      const account = sms.env["TWILIO_ACCOUNT_SID"];
      await untilJudged(f, [running, sms.running], { sms: sms.sms, account });
      const taken = () => [...f.catcher.list(0, 1e7).flatMap(({ to }) => to), ...sms.taken()];
      const checked = await check(f, [running, sms.running], { taken });
      requireSound(checked);
      return { outcome: `seed ${lab.seed}: ${story.join("; ").replaceAll("_URL", "")}`, checked };
    },
  },
  {
    number: "43",
    name: "the mail server's name cannot be looked up, then leads to a new address",
    expected: "tried again; no address is kept for ever",
    async run(lab) {
      const names = join(await lab.folder(), "names");
      const ca = join(await lab.folder(), "ca.pem");
      const tls = selfSigned();
      await writeFile(ca, tls.cert);
      await writeFile(names, "");
      // Slow enough for the move to come in mid-wave.
      const body = () => sleep(200, "250 Taken");
      const servers = [await scriptedSmtp({ body }, tls), await scriptedSmtp({ body }, tls)];
      for (const each of servers) lab.later(each.close);
      const [first, second] = servers;
      must(first !== undefined && second !== undefined, "There are no servers.");
      // Two addresses and one port, as where a mail host moves.
      const front = await lab.proxy(first.url);
      await lab.proxy(second.url, { host: "127.0.0.2", port: front.port });
      const f = await lab.fleet();
      const env = {
        NODE_OPTIONS: preloaded("names.ts"),
        NAMES: names,
        NODE_EXTRA_CA_CERTS: ca,
        SMTP_URL: `smtps://${NAME}:${front.port}`,
        EMAIL_CONNECTIONS: "2",
      };
      const running = await startWave(lab, f, 60);
      await f.worker(env);
      await until("the name was not found", () => hasEnded(f, running));
      must(first.bodies.length === 0, "It went out without a name.");
      await writeFile(names, `${NAME} 127.0.0.1\n`);
      const due = await dueNow(lab, f, running);
      await until("some are out", () => first.bodies.length >= 10);
      let seconds = 0;
      if (lab.long) {
        await writeFile(names, `${NAME} 127.0.0.2\n`);
        front.drop();
        const moved = () => second.bodies.length >= 5;
        seconds = await secondsUntil("the new place gets some", moved, 900_000);
      }
      await untilRest(f, [running]);
      await due.stop();
      await untilJudged(f, [running]);
      const taken = () => [...first.bodies, ...second.bodies].map(recipientOf);
      const checked = await check(f, [running], { taken });
      requireSound(checked);
      return {
        outcome: lab.long
          ? `found when it was known; at the new address after ${seconds} s`
          : "found when it was known",
        checked,
      };
    },
  },
];

/** The same fault by a run of its own in a network namespace; nothing where none can be made. */
async function ownNetwork(lab: Lab): Promise<Finding | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const name = `candor-${process.pid}`;
  const made = await run("ip", ["netns", "add", name]).then(
    () => true,
    () => false,
  );
  if (!made) return undefined;
  lab.later(() => run("ip", ["netns", "delete", name]));
  await run("ip", ["-n", name, "link", "set", "lo", "up"]);
  const bad = await run("ip", ["netns", "exec", name, "tc", ...BAD_NETWORK]).then(
    () => true,
    () => false,
  );
  if (!bad) return undefined;
  await run("ip", ["netns", "exec", name, "tc", "qdisc", "delete", "dev", "lo", "root"]);
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const given = ["--inside", "--json", "--only", "39", "--seed", String(lab.seed)];
  const more = ["--people", String(lab.people), ...(lab.long ? [] : ["--quick"])];
  const child = spawn("ip", ["netns", "exec", name, process.execPath, main, ...given, ...more], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => void child.once("exit", resolve));
  const [result] = JSON.parse(said) as { passed: boolean; finding: Finding }[];
  must(result !== undefined, "The run in a network of its own said nothing.");
  must(result.passed, result.finding.outcome);
  return result.finding;
}

async function slowNetwork(lab: Lab, how: string): Promise<Finding> {
  const f = await lab.fleet();
  const [smtp, database] = [f.env["SMTP_URL"] ?? "", f.env["DATABASE_URL"] ?? ""];
  const [mail, data] = [await lab.proxy(smtp), await lab.proxy(database)];
  const env = { SMTP_URL: mail.through(smtp), DATABASE_URL: data.through(database) };
  const running = await startWave(lab, f, lab.people * (lab.long ? 3 : 1));
  await Promise.all([f.worker(env), f.worker(env)]);
  if (lab.inside) {
    await run("tc", BAD_NETWORK);
    lab.later(() => run("tc", ["qdisc", "delete", "dev", "lo", "root"]));
  } else for (const wire of [mail, data]) wire.delay(50);
  await until("some are out", () => f.catcher.counts.taken >= 30, 180_000);
  for (const wire of [mail, data]) {
    wire.clog();
    await sleep(lab.long ? 20_000 : 3_000);
    wire.cutNow();
    wire.free();
    if (!lab.inside) wire.delay(50);
  }
  const due = await dueNow(lab, f, running);
  await untilRest(f, [running], 300_000);
  await due.stop();
  await untilJudged(f, [running], { patienceMs: 180_000 });
  const checked = await settledSoundly(f, [running]);
  return { outcome: `by ${how}`, checked };
}

const run = promisify(execFile);
/** Not every kernel has it. */
const BAD_NETWORK = ["qdisc", "add", "dev", "lo", "root", "netem", "delay", "50ms", "loss", "5%"];
const NAME = "mail.example.org";
const LINKS = ["DATABASE_URL", "REDIS_URL", "SMTP_URL", "TWILIO_BASE_URL"] as const;
