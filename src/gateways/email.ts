import type { EmailGateway, OutgoingEmail, ProviderCheck } from "../context.ts";
import { RELAY_GONE } from "../domain/delivery.ts";
import type { Outcome } from "../domain/delivery.ts";
import * as health from "../domain/delivery/relay-health.ts";
import { readRelays } from "../domain/delivery/relay-url.ts";
import type { RelaySetting } from "../domain/delivery/relay-url.ts";
import type { Log } from "../log.ts";
import { knock } from "./smtp/open.ts";
import type { Server } from "./smtp/open.ts";
import { createPool } from "./smtp/pool.ts";
import type { Pool } from "./smtp/pool.ts";
import type { Job } from "./smtp/session.ts";

export interface EmailSettings {
  /** One relay or several; see `readRelays`. */
  readonly url: string;
  /** Over all relays, shared out by weight. */
  readonly connections: number;
  readonly log: Log;
  readonly timeoutsMs?: Server["timeoutsMs"];
}

interface Relay extends RelaySetting {
  readonly pool: Pool<Waiting>;
}

interface Waiting extends Job {
  /** The only relay that it may go to. */
  readonly only: string | undefined;
  readonly resolve: (outcome: Outcome) => void;
  /** Relays that it need not be tried at again, and what the last of them said. */
  readonly tried: Set<string>;
  said: Outcome | undefined;
  relay: string;
  begunAt: number;
}

interface State {
  readonly settings: EmailSettings;
  readonly relays: Map<string, Relay>;
  /** Messages that no connection is free for; nothing of them has been said. */
  readonly queue: Waiting[];
  health: health.Relays;
}

/**
 * The e-mail gateway: the relays of the setting, each with its sessions. A message goes to one of
 * the healthy relays, by weight; to another where the first cannot be reached or refuses us, and
 * never to another once its body was begun.
 */
export function createEmail(settings: EmailSettings): EmailGateway {
  const { relays: all } = readRelays(settings.url);
  const names = all.map(({ name }) => name);
  const s: State = { settings, relays: new Map(), queue: [], health: health.newRelays(names) };
  for (const relay of all) s.relays.set(relay.name, { ...relay, pool: poolOf(s, relay) });
  return {
    connections: settings.connections,
    send: (email, mayWrite, { relay } = {}) =>
      new Promise((resolve) => {
        if (relay !== undefined && !s.relays.has(relay))
          return resolve({ kind: "not-sent", code: RELAY_GONE });
        s.queue.push(waiting(s, { email, mayWrite, only: relay, resolve }));
        dispatch(s);
      }),
    check: () => Promise.all([...s.relays.values()].map((relay) => checkOf(s, relay))),
    pipelined: () => s.relays.values().reduce((sum, { pool }) => sum + pool.pipelined(), 0),
    waitMs: () => health.waitMs(s.health, performance.now()),
    async close() {
      await Promise.all([...s.relays.values()].map(({ pool }) => pool.close()));
    },
  };
}

interface Asked {
  readonly email: OutgoingEmail;
  readonly mayWrite: () => boolean;
  readonly only: string | undefined;
  readonly resolve: (outcome: Outcome) => void;
}

function waiting(s: State, asked: Asked): Waiting {
  const job: Waiting = {
    ...asked,
    tried: new Set(),
    said: undefined,
    relay: "",
    begunAt: 0,
    done: (result) => finish(s, job, result),
  };
  return job;
}

function poolOf(s: State, { name, url, weight }: RelaySetting): Pool<Waiting> {
  const { timeoutsMs, connections } = s.settings;
  return createPool<Waiting>({
    server: { url, timeoutsMs },
    connectionsMax: () => share(s, weight, connections),
    next: () => nextFor(s, name),
    free: () => dispatch(s),
    unopened(job, outcome) {
      if (outcome === "again") putBack(s, job);
      else finish(s, job, outcome);
    },
  });
}

async function checkOf({ settings }: State, { name, url }: RelaySetting): Promise<ProviderCheck> {
  const outcome = await knock({ url, timeoutsMs: settings.timeoutsMs });
  if (outcome === undefined) return { name, answer: "lets-in" };
  return { name, answer: outcome.kind === "rejected" ? "refuses" : "unreachable" };
}

/** Its part of the connections: of all of them, where the others are left out. */
function share(s: State, weight: number, connections: number): number {
  const names = health.usable(s.health, performance.now());
  const total = names.reduce((sum, name) => sum + (s.relays.get(name)?.weight ?? 0), 0);
  return Math.max(1, Math.round((connections * weight) / Math.max(total, weight)));
}

/** The relays that this message may go to, well or not. */
function allowed(s: State, { only }: Waiting): health.Relays {
  const own = only === undefined ? undefined : s.health[only];
  return only !== undefined && own ? { [only]: own } : s.health;
}

/** Where this message may go now; undefined where that is not known before a try has ended. */
function placesOf(s: State, job: Waiting, now: number): string[] | undefined {
  const relays = allowed(s, job);
  const places = health.usable(relays, now).filter((name) => !job.tried.has(name));
  const trying = Object.values(relays).some((each) => each.trying);
  return places.length === 0 && trying ? undefined : places;
}

/** Give out what waits, in order, to whoever has room. */
function dispatch(s: State): void {
  const now = performance.now();
  let full = false;
  for (let i = 0; i < s.queue.length; i += 1) {
    const job = s.queue[i];
    // Where one message that may go anywhere finds no room, the next such finds none either.
    const anywhere = job?.only === undefined && job?.tried.size === 0;
    if (!job || (anywhere && full)) continue;
    const places = placesOf(s, job, now);
    const relay = places && pick(s, places);
    if (!relay && places?.length !== 0) {
      full ||= anywhere;
      continue;
    }
    // Before it is begun: what begins may end at once, and come back here.
    s.queue.splice(i, 1);
    i -= 1;
    if (relay) {
      begin(s, job, relay.name, now);
      relay.pool.take(job);
    } else {
      job.resolve(job.said ?? leftOut(s, job, now));
    }
  }
}

/**
 * It waits for its relays. So does one that may only go to a relay which refuses us while others
 * do not: the wave need not stop for it.
 */
function leftOut(s: State, job: Waiting, now: number): Outcome {
  const waitMs = health.waitMs(allowed(s, job), now);
  return { kind: "not-sent", code: "relays-open", ...(waitMs > 0 && { retryAfterMs: waitMs }) };
}

/** By weight, of those with room. */
function pick(s: State, places: readonly string[]): Relay | undefined {
  const open = places.flatMap((name) => {
    const relay = s.relays.get(name);
    return relay?.pool.room() ? relay : [];
  });
  let at = Math.random() * open.reduce((sum, { weight }) => sum + weight, 0);
  return open.find(({ weight }) => (at -= weight) < 0) ?? open.at(-1);
}

/** What may follow a body that this relay is being sent. */
function nextFor(s: State, name: string): Waiting | undefined {
  if (s.queue.length === 0 || s.health[name]?.circuit !== "closed") return undefined;
  const found = s.queue.findIndex((job) => (job.only ?? name) === name && !job.tried.has(name));
  const [job] = found < 0 ? [] : s.queue.splice(found, 1);
  if (job) begin(s, job, name, performance.now());
  return job;
}

function begin(s: State, job: Waiting, name: string, now: number): void {
  job.relay = name;
  job.begunAt = now;
  s.health = health.given(s.health, name, now);
}

function finish(s: State, job: Waiting, result: Outcome | "hung-up"): void {
  // Only a session that has served before hangs up, so this comes to an end.
  if (result === "hung-up") return putBack(s, job);
  const outcome = { ...result, provider: job.relay };
  const now = performance.now();
  const what = health.signOf(outcome);
  note(s, job.relay, what && { what, at: now, ms: now - job.begunAt });
  job.tried.add(job.relay);
  job.said = outcome;
  const elsewhere = !job.only && (what === "configuration" || health.isUnreachable(outcome));
  const others = health.usable(s.health, now).some((name) => !job.tried.has(name));
  if (elsewhere && others) s.queue.unshift(job);
  else if (job.only && what === "configuration" && others) job.resolve(leftOut(s, job, now));
  else job.resolve(outcome);
  dispatch(s);
}

/** Nothing was said of it: it waits again, before the others. */
function putBack(s: State, job: Waiting): void {
  note(s, job.relay, undefined);
  s.queue.unshift(job);
  dispatch(s);
}

function note(s: State, relay: string, sign: health.Sign | undefined): void {
  const before = s.health[relay];
  s.health = health.told(s.health, relay, sign);
  const after = s.health[relay];
  if (!before || !after || before.openings === after.openings) return;
  const { reason, circuit, openings } = after;
  if (circuit === "open") s.settings.log.warn({ relay, reason, openings }, "a relay is left out");
  else s.settings.log.info({ relay }, "a relay is used again");
}
