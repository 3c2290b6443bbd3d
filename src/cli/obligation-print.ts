import { z } from "zod";

/** A clock as the console answers it, of which this prints what a person needs at night. */
export const Duty = z.object({
  incidentId: z.string(),
  id: z.string(),
  place: z.string(),
  stage: z.string(),
  toWords: z.string(),
  who: z.string(),
  rule: z.object({
    name: z.string(),
    citation: z.string(),
    reviews: z.array(
      z.object({ name: z.string(), reviewedAt: z.string(), ofThisText: z.boolean() }),
    ),
  }),
  authorities: z.array(
    z.object({
      name: z.string(),
      breachReportUrl: z.string().nullable(),
      website: z.string().nullable(),
    }),
  ),
  persons: z.union([z.string(), z.number()]),
  because: z.array(z.string()),
  clock: z.object({
    stateWords: z.string(),
    due: z.object({ inWords: z.string() }).nullable(),
    left: z.string().nullable(),
    heldUntil: z.object({ inWords: z.string() }).nullable(),
    because: z.string(),
    standard: z.string().nullable(),
    waitsFor: z.string().nullable(),
  }),
  marks: z.array(z.object({ words: z.string() })),
  questions: z.array(z.string()),
  exemptions: z.array(z.string()),
  content: z.object({
    required: z.array(z.object({ says: z.string() })),
    prohibited: z.array(z.object({ says: z.string() })),
  }),
  way: z.object({ methods: z.array(z.string()), url: z.string().nullable() }),
  met: z
    .object({
      reference: z.string().nullable(),
      waveId: z.string().nullable(),
      at: z.string().nullable(),
    })
    .nullable(),
  missed: z.object({ reason: z.string().nullable() }).nullable(),
  latestSafeApproval: z
    .object({ inWords: z.string(), late: z.boolean(), because: z.string() })
    .nullable(),
});
export type Duty = z.output<typeof Duty>;

/** All that an incident obliges us to. */
export const Duties = z.object({
  basis: z.object({ scopeVersion: z.int(), answers: z.string(), asOf: z.string() }),
  obligations: z.array(Duty),
  questions: z.array(z.object({ code: z.string(), asks: z.string(), obligations: z.int() })),
  whyNot: z.array(
    z.object({
      rule: z.string(),
      duty: z.string().nullable(),
      place: z.string(),
      because: z.string(),
    }),
  ),
  noRuleKnown: z.array(z.object({ words: z.string() })),
  warnings: z.array(z.string()),
  answers: z.array(z.object({ incidentId: z.string(), question: z.string(), version: z.int() })),
  risk: z.object({ version: z.int() }).nullable(),
  reliefs: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      until: z.string().nullable(),
      agreedAt: z.string().nullable(),
      endedAt: z.string().nullable(),
    }),
  ),
  note: z.string(),
});

/** What is owed for sure first, then what hangs on open questions. */
export function printDuties(duties: readonly Duty[], how: { readonly full: boolean }): void {
  const sure = duties.filter(({ questions }) => questions.length === 0);
  const open = duties.filter(({ questions }) => questions.length > 0);
  for (const [heading, some] of [
    ["Owed:", sure],
    ["May be owed; answer the questions first:", open],
  ] as const) {
    if (some.length > 0) say(heading);
    let incident = some[0]?.incidentId;
    for (const duty of some) {
      if (duty.incidentId !== incident) say(`Incident ${duty.incidentId}`);
      incident = duty.incidentId;
      printDuty(duty, how);
    }
  }
}

/** One obligation in words: when first, then who and why, then its id for other commands. */
function printDuty(duty: Duty, { full }: { readonly full: boolean }): void {
  const { clock } = duty;
  say(`${whenOf(duty)}  [${clock.stateWords}]`);
  const people =
    typeof duty.persons === "number" ? `${duty.persons} people` : "people not yet known";
  say(`  ${duty.who} (${duty.toWords}, ${duty.stage}), ${duty.place}, ${people}`);
  say(`  ${duty.rule.name}, ${duty.rule.citation}`);
  for (const { words } of duty.marks) say(`  ! ${words}`);
  if (duty.questions.length > 0) say(`  ? hangs on: ${duty.questions.join(", ")}`);
  if (clock.heldUntil) say(`  held until ${clock.heldUntil.inWords}`);
  if (duty.latestSafeApproval) {
    const { inWords, late } = duty.latestSafeApproval;
    say(
      late ? `  approve at once: the latest safe time was ${inWords}` : `  approve by ${inWords}`,
    );
  }
  if (duty.met) say(`  met: ${duty.met.reference ?? `wave ${duty.met.waveId}`}, ${duty.met.at}`);
  if (duty.missed) say(`  missed: ${duty.missed.reason}`);
  for (const { name, breachReportUrl, website } of duty.authorities)
    say(`  to ${name}: ${breachReportUrl ?? website ?? "no address known"}`);
  if (full) printMore(duty);
  say(`  ${duty.id}`);
}

function printMore({
  clock,
  because,
  content,
  way,
  rule,
  exemptions,
  latestSafeApproval,
}: Duty): void {
  say(`  because: ${because.join(" ")}`);
  say(`  reckoned: ${clock.because}`);
  if (clock.standard !== null) say(`  in the law's words: ${clock.standard}`);
  if (latestSafeApproval) say(`  latest safe approval: ${latestSafeApproval.because}`);
  for (const each of exemptions) say(`  may not be owed: ${each}`);
  if (content.required.length > 0)
    say(`  must say: ${content.required.map(({ says }) => says).join("; ")}`);
  if (content.prohibited.length > 0)
    say(`  must not say: ${content.prohibited.map(({ says }) => says).join("; ")}`);
  if (way.methods.length > 0) say(`  may go by: ${way.methods.join(", ")}`);
  if (way.url !== null) say(`  form: ${way.url}`);
  for (const { name, reviewedAt, ofThisText } of rule.reviews)
    say(`  read by ${name}, ${reviewedAt}${ofThisText ? "" : " (an older text)"}`);
}

function whenOf({ clock: { due, left, waitsFor, standard } }: Duty): string {
  if (due) return left === null ? `due ${due.inWords}` : `due ${due.inWords}, ${left}`;
  if (waitsFor !== null) return `waits for ${waitsFor}`;
  return standard ?? "no time named";
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
