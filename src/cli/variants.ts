import type { Command } from "commander";
import { z } from "zod";

import { Drafted } from "./answers.ts";
import { ownClient } from "./client.ts";

/** Where the laws of people's places contradict each other: other texts for some of them. */
export function variantCommands(program: Command): void {
  program
    .command("variants")
    .description(
      "draft the variants that a notice needs, where no one text is right for all places",
    )
    .argument("<incident>")
    .argument("<notice>")
    .action(divide);
}

/** What of a submission is about places: who reads which text, and what the laws take from the plan. */
export const Placed = z.object({
  variants: z.array(
    z.object({
      variant: z.string().nullable(),
      people: z.int(),
      placeUnknown: z.int(),
      places: z.array(z.object({ place: z.string().nullable(), people: z.int() })),
      texts: z.array(z.object({ language: z.string(), code: z.string(), people: z.int() })),
    }),
  ),
  limits: z.array(
    z.object({
      places: z.array(z.string()),
      email: z.string(),
      sms: z.boolean(),
      because: z.array(z.string()),
      people: z.int(),
      barred: z.int(),
    }),
  ),
  residents: z.array(z.object({ message: z.string() })),
});

/** The same as lines for people to read; nothing where there is one text, and no limit. */
export function placeLines({ variants, limits, residents }: z.output<typeof Placed>): string[] {
  const split = variants.length > 1 ? variants : [];
  return [
    ...split.flatMap(({ variant, people, placeUnknown, places, texts }) => [
      `  ${variant ?? "everybody else"}: ${people} people (${places.map(counted).join(", ")})`,
      ...(placeUnknown > 0
        ? [`    ${placeUnknown} of them because nobody knows where exactly they live`]
        : []),
      ...texts.map(
        ({ language, code, people: readers }) => `    ${readers} read ${language}, code ${code}`,
      ),
    ]),
    ...limits.flatMap(({ places, email, sms, because, barred }) => [
      `  ${places.join(", ")}: ${WORDS[email] ?? email}${sms ? "" : ", no SMS"}; ${barred} people go another way`,
      `    ${because.join("; ")}`,
    ]),
    ...residents.map(({ message }) => `  ! ${message}`),
  ];
}

async function divide(incidentId: string, noticeId: string): Promise<void> {
  const base = `/v1/incidents/${incidentId}/notices/${noticeId}`;
  const { notice } = await ownClient().get(base, Drafted);
  const body = { version: notice.version };
  const { number, variants, added, reasons } = await ownClient().post(
    `${base}/variants`,
    body,
    Divided,
  );
  for (const { because } of reasons) say(`  ${because}`);
  for (const [code, { places, unknown }] of Object.entries(variants))
    say(
      `  ${added.includes(code) ? "drafted" : "there is"} ${code}: ${places.join(", ")}${unknown ? ", and people whose place is not known" : ""}`,
    );
  if (Object.keys(variants).length === 0) say("One text is enough for all places.");
  else if (added.length > 0)
    say(`Read the new texts and add what their laws require: candor lint shows it. (${number})`);
}

function counted({ place, people }: { place: string | null; people: number }): string {
  return `${people} ${place ?? "place unknown"}`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const WORDS: Readonly<Record<string, string>> = {
  agreed: "e-mail only to people who agreed to it",
  never: "no e-mail",
  any: "e-mail to anybody",
};
const Divided = z.object({
  number: z.int(),
  variants: z.record(
    z.string(),
    z.object({ places: z.array(z.string()), unknown: z.boolean().optional() }),
  ),
  added: z.array(z.string()),
  reasons: z.array(z.object({ because: z.string() })),
});
