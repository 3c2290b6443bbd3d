import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { Drafted, Named, Received, Upload, Wave } from "../cli/answers.ts";
import { KINDS } from "./breach.ts";
import type { Breach } from "./breach.ts";
import type { Member } from "./cast.ts";
import type { Screen } from "./screen.ts";

/** Who plays, what happened, and the people file. */
export interface Scene {
  readonly breach: Breach;
  readonly file: string;
  readonly cast: { readonly responder: Member; readonly approvers: readonly Member[] };
  readonly screen?: Screen;
  /** How many rows the file has, for the bar. */
  readonly rows?: number;
  /** Told now and then how far the wave is; the story waits for it. */
  readonly onProgress?: (done: number, total: number) => Promise<void>;
}

/** How the story ended: the figures the demo prints as JSON, and where to look. */
export interface Ending {
  readonly figures: Figures;
  readonly noticeCode: string;
  readonly file: string;
}

export interface Figures {
  readonly incidentId: string;
  readonly rows: number;
  readonly imported: number;
  readonly merged: number;
  readonly badRows: number;
  readonly deliveries: {
    readonly email: {
      readonly accepted: number;
      readonly rejected: number;
      readonly unknown: number;
    };
    readonly needsLetter: number;
    readonly excluded: number;
  };
  readonly seconds: number;
}

/** Play one breach from the declaration to the last message, over the HTTP API alone. */
export async function play(scene: Scene): Promise<Ending> {
  const started = performance.now();
  const incidentId = await declare(scene);
  const imported = await importPeople(scene, incidentId);
  const written = await write(scene, incidentId, imported.audienceId);
  await approve(scene, incidentId, written.submissionId);
  const counts = await send(scene, incidentId, written.submissionId);
  const of = (state: string) => counts[state] ?? 0;
  const { rowsRead: rows, rowsBad: badRows, peopleAdded, merged } = imported;
  return {
    file: scene.file,
    noticeCode: written.noticeCode,
    figures: {
      incidentId,
      rows,
      imported: peopleAdded,
      merged,
      badRows,
      deliveries: {
        email: {
          accepted: of("accepted") + of("delivered"),
          rejected: of("rejected"),
          unknown: of("unknown"),
        },
        needsLetter: of("needs-letter"),
        excluded: of("excluded"),
      },
      seconds: Math.round((performance.now() - started) / 100) / 10,
    },
  };
}

async function declare({ breach, cast, screen }: Scene): Promise<string> {
  screen?.begin("The responder declares the breach and says what is known");
  const { client } = cast.responder;
  const kind = KINDS[breach.kind];
  // The record does not say when they became aware; the day it ended is the earliest.
  const aware = `${breach.to}T18:00:00Z`;
  const { incident } = await client.post(
    "/v1/incidents",
    {
      title: `${kind.title} (${breach.state})`,
      whatHappened: `${kind.what} The records are those of about ${breach.people.toLocaleString("en")} people.`,
      awareAt: aware,
      awareZone: "America/New_York",
      dataElements: breach.elements,
      runbook: kind.runbook,
    },
    z.object({ incident: z.object({ id: z.uuid() }) }),
  );
  await client.post(
    `/v1/incidents/${incident.id}/scopes`,
    { baseVersion: 1, reason: "First findings", facts: firstFindings(breach, aware) },
    z.unknown(),
  );
  return incident.id;
}

function firstFindings(breach: Breach, aware: string) {
  const day = (date: string) => ({
    at: `${date}T12:00:00Z`,
    zone: "America/New_York",
    precision: "day",
  });
  return {
    dataElements: breach.elements.map((element) => ({ element, state: "confirmed" })),
    occurredFrom: day(breach.from),
    occurredTo: day(breach.to),
    discoveredAt: { at: aware, zone: "America/New_York", precision: "day" },
    containedAt: day(breach.to),
    place: breach.place,
    how: KINDS[breach.kind].how,
    people: [{ jurisdiction: breach.state, count: breach.people }],
    encryption: "none",
    sector: "health-care",
    role: "controller",
    whatWeDo: "We told the police, closed the way in, and check every system it led to.",
    actions: [
      "Place a free fraud alert or credit freeze with the credit bureaus.",
      "Read the statements from your health insurer and ask about care you did not have.",
      "Hang up on anyone who calls about this and asks for a number or a password.",
    ],
    contactLines: [
      {
        kind: "phone",
        value: "+1 202 555 0164",
        hours: "every day 8:00 to 20:00",
        zone: "America/New_York",
      },
      { kind: "email", value: "help@larkspur.example.org" },
    ],
  };
}

async function importPeople({ cast, file, rows = 0, screen }: Scene, incidentId: string) {
  screen?.begin("Importing the people affected");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/audiences`;
  const { id } = await client.post(base, { name: "Everyone in the records" }, Named);
  const { uploadId, mapping } = await client.upload(
    `${base}/${id}/uploads`,
    createReadStream(file),
    "text/csv",
    Received,
  );
  const path = `${base}/${id}/uploads/${uploadId}`;
  await client.post(`${path}/import`, { mapping, defaultLanguage: "en" }, z.unknown());
  const upload = await until(async () => {
    const now = await client.get(path, Upload);
    screen?.progress(now.rowsRead, Math.max(rows, now.rowsRead, 1), "rows");
    if (now.state === "refused") throw new Error("The people file was refused.");
    return now.state === "imported" ? now : undefined;
  });
  await client.post(`${base}/${id}/freeze`, {}, z.unknown());
  return { ...upload, audienceId: id };
}

async function write({ cast, screen }: Scene, incidentId: string, audienceId: string) {
  screen?.begin("The notice is drafted and submitted");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}`;
  const { notice } = await client.post(`${base}/notices`, { kind: "initial" }, Drafted);
  const view = await client.get(`${base}/notices/${notice.id}`, Written);
  const { id } = await client.post(
    `${base}/submissions`,
    { noticeId: notice.id, version: notice.version, audienceId },
    Named,
  );
  return { submissionId: id, noticeCode: view.version.codes["en"] ?? "" };
}

async function approve({ cast, screen }: Scene, incidentId: string, submissionId: string) {
  screen?.begin("Two others approve exactly this text, these people and this plan");
  const path = `/v1/incidents/${incidentId}/submissions/${submissionId}`;
  for (const { client, code } of cast.approvers) {
    const { binding, state } = await client.get(path, Submitted);
    if (state === "approved") return;
    await client.post(`${path}/approve`, { binding }, z.unknown(), { totp: await code() });
  }
}

async function send(scene: Scene, incidentId: string, submissionId: string) {
  const { cast, screen, onProgress } = scene;
  screen?.begin("Sending: first a canary, then everyone");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/waves`;
  const { id } = await client.post(base, { submissionId }, Named);
  const wave = await until(async () => {
    const now = await client.get(`${base}/${id}`, Wave);
    const open = OPEN.reduce((sum, state) => sum + (now.counts[state] ?? 0), 0);
    screen?.progress(now.total - open, now.total, leftOf(now));
    await onProgress?.(now.total - open, now.total);
    if (now.state === "paused") throw new Error(`The wave paused: ${now.pausedReason}.`);
    return now.state === "done" ? now : undefined;
  });
  return wave.counts;
}

function leftOf({ state, ratePerSecond, secondsLeft }: z.output<typeof Wave>): string {
  const left = secondsLeft === null ? "" : `, ${secondsLeft} s left`;
  return `${state} ${Math.round(ratePerSecond)}/s${left}`;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(LOOK_MS);
  }
}

const LOOK_MS = 300;
const OPEN = ["planned", "leased", "sending"];

const Written = z.object({ version: z.object({ codes: z.record(z.string(), z.string()) }) });
const Submitted = z.object({ binding: z.string(), state: z.string() });
