import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { runFolder } from "../../src/dev/folder.ts";
import { createDatabase, startPostgres } from "../../src/dev/postgres.ts";
import type { CatcherOptions } from "../../src/dev/catcher.ts";
import { fleet, givenRunning, restartablePostgres } from "../support/fleet.ts";
import type { Fleet, Restartable, Running } from "../support/fleet.ts";
import { startProxy } from "../support/proxy.ts";
import type { Proxy, ProxyOptions } from "../support/proxy.ts";
import { TEMPLATE } from "../support/servers.ts";
import type { Servers } from "../support/world.ts";
import type { Checked } from "./checker.ts";
import { seeded } from "./seed.ts";
import type { Random } from "./seed.ts";

/** One thing that goes wrong, and what must come of it. */
export interface Fault {
  /** Its number in the list of faults. */
  readonly number: string;
  readonly name: string;
  readonly expected: string;
  /** Throws where something is not as expected. */
  readonly run: (lab: Lab) => Promise<Finding>;
}

export interface Finding {
  /** What was seen, in a sentence. */
  readonly outcome: string;
  /** What the ledgers say of all waves of this fault together. */
  readonly checked?: Checked;
  /** Where the run was shorter than the list of faults asks: how, and why that changes nothing. */
  readonly shortened?: string;
  /** Why it was not tried here. */
  readonly skipped?: string;
}

/** Where faults happen: real servers, and as many fleets on them as are wanted. */
export interface Lab {
  /** Durations as the list of faults means them, as far as they matter; otherwise a few seconds. */
  readonly long: boolean;
  readonly seed: number;
  readonly random: Random;
  /** Runs in a network namespace of its own, or under limits, put there by another run. */
  readonly inside: boolean;
  /** People of one wave. */
  readonly people: number;
  /** Workers, Redis and a catcher of their own on a database of its own. */
  fleet(options?: CatcherOptions, on?: Servers): Promise<Fleet>;
  /** PostgreSQL servers that may be killed, durable as in production; started when first asked for. */
  durable(): Promise<Durable>;
  proxy(url: string, options?: ProxyOptions): Promise<Proxy>;
  /** A folder that goes with this run; other users may pass through it. */
  folder(): Promise<string>;
  /** Undo this after the fault, the newest first. */
  later(undo: () => Promise<unknown>): void;
  /** Undo everything of the fault that ran. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

export interface Durable {
  readonly servers: Servers;
  readonly main: Restartable;
  readonly keystore: Restartable;
  /** Of the main server, its data below `data`. */
  readonly folder: string;
}

type Given = Servers & { readonly mainUrl: string };

export interface LabOptions {
  readonly long: boolean;
  readonly seed: number;
  readonly people: number;
  readonly inside?: boolean;
}

/** Open a lab on servers that are there. Everything made in it is undone by `tidy` and `close`. */
export function openLab(servers: Given, { inside = false, ...options }: LabOptions): Lab {
  const undone: (() => Promise<unknown>)[] = [];
  let durable: Promise<{ made: Durable; remove: () => Promise<void> }> | undefined;
  let folder: Promise<{ path: string; remove: () => Promise<void> }> | undefined;
  const later = (undo: () => Promise<unknown>) => void undone.push(undo);
  async function tidy() {
    for (const undo of undone.splice(0).toReversed()) await undo();
  }
  return {
    ...options,
    inside,
    random: seeded(options.seed),
    later,
    tidy,
    async fleet(catcher = {}, on = {}) {
      const { mainUrl: feedbackOn } = servers;
      const made = await fleet(catcher, { feedbackOn, ...servers, ...on });
      // Real processes go by the machine's clock; so do the people here.
      made.w.clock.set(new Date());
      later(made.close);
      return made;
    },
    async durable() {
      durable ??= startDurable(servers);
      return (await durable).made;
    },
    async proxy(url, place) {
      const made = await startProxy(Number(new URL(url).port), place);
      later(made.close);
      return made;
    },
    async folder() {
      folder ??= runFolder("lab");
      return (await folder).path;
    },
    async close() {
      await tidy();
      await (await durable)?.remove();
      await (await folder)?.remove();
    },
  };
}

async function startDurable(servers: Given) {
  const run = await runFolder("durable");
  const folder = join(run.path, "main");
  const [mainServer, keystoreServer] = await Promise.all([
    startPostgres({ folder }),
    startPostgres({ folder: join(run.path, "keystore") }),
  ]);
  await Promise.all([mainServer, keystoreServer].map((each) => createDatabase(each, TEMPLATE)));
  const [main, keystore] = [
    restartablePostgres(mainServer.pid),
    restartablePostgres(keystoreServer.pid),
  ];
  const feedbackOn = servers.mainUrl;
  const urls = { mainUrl: mainServer.url(), keystoreUrl: keystoreServer.url(), feedbackOn };
  const remove = async () => {
    await Promise.all([main.stop("SIGINT"), keystore.stop("SIGINT")]);
    await run.remove();
  };
  return { made: { servers: { ...servers, ...urls }, main, keystore, folder }, remove };
}

/** A started wave of the usual size to people of its own. */
export function startWave(lab: Lab, f: Fleet, count = lab.people): Promise<Running> {
  return givenRunning(f, `p${randomUUID().slice(0, 8)}`, count);
}
