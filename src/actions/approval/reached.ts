import { z } from "zod";

import { ChannelLimit, UNKNOWN_PLACE } from "../../domain/audience/permitted.ts";
import { PlaceCount } from "../../domain/audience/residents.ts";
import { languageFor } from "../../domain/notice/compile.ts";
import type { CompiledNotice } from "../../domain/notice/compile.ts";
import { smsSegments } from "../../domain/notice/lint.ts";
import type { NoticeVersion } from "../../domain/notice/notice.ts";
import { render, renderPublic } from "../../domain/notice/render.ts";
import { keyOf } from "../../domain/notice/split.ts";
import type { CompiledTexts } from "../../domain/notice/texts.ts";
import { Reach } from "../../store/approval.ts";
import { held } from "../notice/compiled.ts";
import { INVENTED } from "../notice/invented.ts";

const Sums = Reach.omit({ language: true, place: true });
type Sums = z.output<typeof Sums>;

/** How a plan reaches people: in all, and by what they read. */
export const ReachView = Sums.extend({
  /** E-mails, SMS and letters in sum: more than people where the plan uses every channel. */
  messages: z.int(),
  /** Segments the SMS are sent as, which is what providers count: as an invented person's. */
  smsSegments: z.int(),
  languages: z.array(
    Sums.extend({
      language: z.string(),
      /** Null is the text of everybody for whom there is no variant. */
      variant: z.string().nullable(),
      noticeLanguage: z.string(),
    }),
  ),
});

/** One variant as an approver must see it: whose it is, how many they are, and all of its texts. */
export const VariantView = z.object({
  /** Null is the text of everybody for whom there is no variant. */
  variant: z.string().nullable(),
  people: z.int(),
  /** Those among them who get it because nobody knows where exactly they live. */
  placeUnknown: z.int(),
  places: z.array(PlaceCount),
  texts: z.array(
    z.object({
      language: z.string(),
      code: z.string(),
      people: z.int(),
      subject: z.string(),
      text: z.string(),
    }),
  ),
});

/** What the law of some places permits, and how many people it keeps from a channel of the plan. */
export const LimitView = ChannelLimit.extend({ people: z.int(), barred: z.int() });

/** The rows of `reach` summed up for people to read. */
export function reachView(
  texts: CompiledTexts,
  rows: readonly Reach[],
): z.output<typeof ReachView> {
  let segments = 0;
  const read = Map.groupBy(rows, ({ language, place }) =>
    JSON.stringify([language, texts.split.of(place)]),
  );
  const languages = [...read.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const notice = texts.forPlace(first.place);
    const sums = sumOf(group);
    const { language } = first;
    if (sums.sms > 0) segments += sums.sms * segmentsIn(notice, language);
    const noticeLanguage = languageFor(notice, language);
    return [{ language, variant: notice.variant, noticeLanguage, ...sums }];
  });
  const sums = sumOf(rows);
  return {
    ...sums,
    messages: sums.email + sums.sms + sums.needsLetter,
    smsSegments: segments,
    languages: languages.toSorted((a, b) => b.people - a.people).slice(0, LANGUAGES_MAX),
  };
}

/** Every variant of a version with its people and its texts; those that nobody gets too. */
export function variantViews(
  texts: CompiledTexts,
  codes: NoticeVersion["codes"],
  rows: readonly Reach[],
): z.output<typeof VariantView>[] {
  return texts.variants.map((notice) => {
    const { variant } = notice;
    const own = rows.filter(({ place }) => texts.split.of(place) === variant);
    const guessed = own.filter(({ place }) => texts.split.isGuess(place));
    const places = [...Map.groupBy(own, ({ place }) => place)];
    return {
      variant,
      people: sumOf(own).people,
      placeUnknown: sumOf(guessed).people,
      places: places
        .map(([place, group]) => ({ place, people: sumOf(group).people }))
        .toSorted((a, b) => b.people - a.people),
      texts: [...notice.languages.keys()].map((language) => {
        const readers = own.filter((row) => languageFor(notice, row.language) === language);
        const { subjects, text } = renderPublic(notice, language);
        return {
          language,
          code: codes[keyOf(language, variant)] ?? "",
          people: sumOf(readers).people,
          subject: subjects[0] ?? "",
          text,
        };
      }),
    };
  });
}

/** The limits of a plan, with how many people each is about. */
export function limitViews(
  limits: readonly ChannelLimit[],
  rows: readonly Reach[],
): z.output<typeof LimitView>[] {
  return limits.map((limit) => {
    const own = rows.filter(({ place }) => limit.places.includes(place ?? UNKNOWN_PLACE));
    const { people, barred } = sumOf(own);
    return { ...limit, people, barred };
  });
}

function sumOf(rows: readonly Sums[]): Sums {
  const sum = { ...NOBODY };
  for (const row of rows) for (const key of Sums.keyof().options) sum[key] += row[key];
  return sum;
}

function segmentsIn(notice: CompiledNotice, language: string): number {
  const [person] = INVENTED;
  return smsSegments(held(() => render(notice, language, person)).sms).segments;
}

const NOBODY: Sums = {
  people: 0,
  email: 0,
  sms: 0,
  needsLetter: 0,
  notReached: 0,
  excluded: 0,
  barred: 0,
};
const LANGUAGES_MAX = 500;
