import { verify } from "../../src/actions/timeline.ts";
import type { Fleet, Running } from "../support/fleet.ts";
import { until } from "../support/fleet.ts";

/** What a provider really took: the address or number of each copy, oldest first. */
export type Taken = () => readonly string[];

/** What four ledgers say together: deliveries, attempts, the providers' own, and the audit chain. */
export interface Checked {
  readonly people: number;
  /** How many deliveries are in each state. */
  readonly states: Readonly<Record<string, number>>;
  /** Accepted by our word with no copy at the provider, or left without an end. */
  readonly lost: number;
  /** Copies beyond a person's first that no attempt owns up to as unclear or possibly double. */
  readonly doubled: number;
  /** Attempts of which nobody knows what became. */
  readonly unknown: number;
  /** Deliveries that are unknown still. */
  readonly unresolved: number;
  /** Anything else that two ledgers tell differently, in sentences without addresses. */
  readonly problems: readonly string[];
}

export interface CheckOptions {
  /** The provider's own log; by default what the catcher caught. */
  readonly taken?: Taken;
  /** The wave stands still on purpose: deliveries may wait. */
  readonly standing?: boolean;
}

/** Compare all ledgers of some waves of one fleet. */
export async function check(
  f: Fleet,
  waves: readonly Running[],
  { taken = caught(f), standing = false }: CheckOptions = {},
): Promise<Checked> {
  const copies = counted(taken());
  const rows: Row[] = [];
  for (const wave of waves) rows.push(...(await read(f, wave)));
  const problems = rows.flatMap((row) => problemsOf(row, copies.get(row.address) ?? 0));
  const chain = await verify(f.w.ctx);
  if (!chain.ok) problems.push(`The audit chain is broken at ${chain.seq}: ${chain.problem}.`);
  const known = new Set(rows.map(({ address }) => address));
  const strangers = [...copies.keys()].filter((address) => ours(waves, address, known));
  if (strangers.length > 0) problems.push(`${strangers.length} copies went to nobody of the wave.`);

  const states = tally(rows.map(({ state }) => state));
  const sum = (count: (row: Row, copies: number) => number) =>
    rows.reduce((total, row) => total + count(row, copies.get(row.address) ?? 0), 0);
  return {
    people: known.size,
    states,
    lost: sum((row, copied) => (isLost(row, copied, standing) ? 1 : 0)),
    doubled: sum(({ unclear, marked }, copied) => Math.max(0, copied - 1 - unclear - marked)),
    unknown: sum(({ unclear }) => unclear),
    unresolved: states["unknown"] ?? 0,
    problems,
  };
}

/** Throws where anybody was lost or silently doubled, or two ledgers disagree. */
export function requireSound(checked: Checked): void {
  const { lost, doubled, problems, states } = checked;
  if (lost + doubled + problems.length === 0) return;
  throw new Error(
    `${lost} lost, ${doubled} doubled; ${problems.slice(0, 5).join(" ")} ` +
      `(${problems.length} problems; states ${JSON.stringify(states)})`,
  );
}

/** What the catcher of a fleet took. */
export function caught({ catcher }: Pick<Fleet, "catcher">): Taken {
  return () => catcher.list(0, 1e7).flatMap(({ to }) => to);
}

/** Wait until nothing of these waves moves by itself. */
export async function untilRest(
  f: Fleet,
  waves: readonly Running[],
  patienceMs = 120_000,
): Promise<void> {
  const ids = waves.map(({ waveId }) => waveId);
  await until(
    "all deliveries rest",
    async () => {
      const [row] = await f.w.sql<{ open: number; running: number }[]>`
        select (select count(*)::int from delivery
                 where wave_id = any(${ids}) and state in ('planned', 'leased', 'sending')) as open,
               (select count(*)::int from wave
                 where id = any(${ids}) and state in ('canary', 'sending')) as running`;
      return row?.open === 0 && row.running === 0;
    },
    patienceMs,
  );
}

interface Row {
  readonly address: string;
  readonly state: string;
  readonly reason: string | null;
  readonly channel: string;
  /** Attempts by outcome. */
  readonly accepted: number;
  /** Attempts whose end nobody knows. */
  readonly unclear: number;
  /** Accepted ones that are marked as possibly a second copy. */
  readonly marked: number;
  readonly underWay: number;
}

async function read({ w }: Fleet, { waveId, incidentId }: Running): Promise<Row[]> {
  const keys = await w.ctx.vault.keys(incidentId);
  const rows = await w.sql<(Omit<Row, "address"> & { recipientId: string; sealed: Buffer })[]>`
    select d.recipient_id, r.sealed, d.state, d.reason, d.channel,
           count(a) filter (where a.outcome = 'accepted')::int as accepted,
           count(a) filter (where a.outcome = 'unknown')::int as unclear,
           count(a) filter (where a.possible_duplicate)::int as marked,
           count(a) filter (where a.outcome is null)::int as under_way
      from delivery d
      join recipient r on r.id = d.recipient_id
      left join attempt a on a.delivery_id = d.id
     where d.wave_id = ${waveId} and d.channel in ('email', 'sms')
     group by d.id, d.recipient_id, r.sealed, d.state, d.reason, d.channel`;
  return rows.map(({ recipientId, sealed, ...row }) => {
    const person = keys.open("recipient", recipientId, sealed) as Record<string, string>;
    const address = (row.channel === "sms" ? person["phone"] : person["email"]) ?? "";
    return { ...row, address };
  });
}

function isLost({ state, reason }: Row, copied: number, standing: boolean): boolean {
  const judged = reason === "person-accepted";
  if (state === "accepted" || state === "delivered") return copied === 0 && !judged;
  return !standing && ["planned", "leased", "sending"].includes(state);
}

/** Each attempt has at most one copy, and one that says so has it. */
function problemsOf({ accepted, unclear, underWay, state }: Row, copied: number): string[] {
  if (copied < accepted) return [`An accepted attempt of a ${state} delivery left no copy.`];
  if (copied > accepted + unclear + underWay)
    return [`A ${state} delivery left ${copied} copies and owns up to ${accepted + unclear}.`];
  return [];
}

function counted(addresses: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + 1);
  return counts;
}

function ours(waves: readonly Running[], address: string, known: ReadonlySet<string>): boolean {
  return waves.some(({ prefix }) => address.startsWith(`${prefix}-`)) && !known.has(address);
}

function tally(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(counted(words));
}
