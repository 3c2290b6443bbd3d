import { get, submit } from "../../src/actions/approval/submit.ts";
import { openPerson } from "../../src/actions/audience/sealing.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import { Plan } from "../../src/domain/approval.ts";
import { splitBy } from "../../src/domain/notice/split.ts";
import type { Variants } from "../../src/domain/notice/split.ts";
import { aSource } from "../support/notice.ts";
import { givenCrowd, givenPlace } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { shown } from "./row.ts";
import type { Found } from "./row.ts";

/**
 * People of many places divided among the variants of a notice, both ways in which it is done: each
 * person's sealed row opened and their variant looked up, as where a message is composed, and all
 * of them counted, as an approver is shown them. The two must agree.
 */
export async function benchVariants({ wave: people }: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  const home = (i: number) => HOMES[i % HOMES.length] ?? {};
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), people, home);
  const submissionId = await givenSubmitted(lab, crowd);

  const started = performance.now();
  const idle = process.cpuUsage();
  const chosen = await splitEach(lab, crowd);
  const split = performance.now();
  const { user, system } = process.cpuUsage(idle);
  const { variants } = await get(lab.w.ctx, crowd.incidentId, submissionId);
  const counted = performance.now();
  const told = new Map(variants.map((each) => [each.variant, each.people]));
  for (const [variant, count] of chosen)
    if (told.get(variant) !== count) throw new Error(`${variant ?? "The rest"} is miscounted.`);

  const [each, view] = [(split - started) / 1_000, (counted - split) / 1_000];
  const what = `${people.toLocaleString("en-US")} people split into variants`;
  const own = shown((user + system) / 1e6);
  const note = `each one opened ${shown(each)} s (${own} s of CPU), counted for approval ${shown(view)} s`;
  return {
    rows: [{ what, measured: each + view, unit: "s", floor: 20, note }],
    lines: [
      `${shown(people)} people of ${HOMES.length} places, ${chosen.size} variants: ` +
        [...chosen]
          .map(([variant, count]) => `${variant ?? "the rest"} ${shown(count)}`)
          .join(", "),
    ],
  };
}

async function givenSubmitted({ w }: Lab, { incidentId, audienceId }: Crowd): Promise<string> {
  const keys = ["en", ...Object.keys(VARIANTS).map((code) => `en@${code}`)];
  const languages = Object.fromEntries(keys.map((key) => [key, aSource()]));
  const given = { kind: "initial", languages, variants: VARIANTS } as const;
  const { notice } = await draft(w.ctx, w.staff.drafter, incidentId, given);
  const plan = Plan.omit({ channels: true, limits: true }).parse({});
  const proposal = { noticeId: notice.id, version: notice.version, audienceId, plan, canary: 50 };
  return (await submit(w.ctx, w.staff.drafter, incidentId, proposal)).id;
}

/** How many people each variant has, by opening everybody. */
async function splitEach({ w }: Lab, { incidentId, audienceId }: Crowd) {
  const keys = await w.ctx.vault.keys(incidentId);
  const split = splitBy(VARIANTS);
  const counts = new Map<string | null, number>();
  const pages = w.sql<{ id: string; sealed: Buffer }[]>`
    select id, sealed from recipient where audience_id = ${audienceId}`.cursor(5_000);
  for await (const page of pages)
    for (const { id, sealed } of page) {
      const { place } = openPerson(keys, id, sealed);
      const variant = split.of(place);
      counts.set(variant, (counts.get(variant) ?? 0) + 1);
    }
  return counts;
}

const VARIANTS: Variants = {
  "us-ma": { places: ["US-MA"], unknown: true },
  "us-ca": { places: ["US-CA"] },
  eu: { places: ["DE", "FR", "IT", "ES"] },
};
const HOMES: readonly { readonly country?: string; readonly region?: string }[] = [
  ..."AL,CA,CO,FL,GA,IL,MA,Massachusetts,NJ,New York,OH,PA,TX,VA,WA"
    .split(",")
    .map((region) => ({ country: "US", region })),
  ..."DE,FR,IT,ES,GB,JP,BR,AU".split(",").map((country) => ({ country })),
  { country: "CA", region: "Québec" },
  { country: "US" },
  {},
];
