import type { DoorContext } from "../../context.ts";
import { elementLabel } from "../../domain/element/label.ts";
import { InquiryKind } from "../../domain/inquiry.ts";
import type { MyNotice } from "../../domain/inquiry/visit.ts";
import { PAGE_LANGUAGES, PageLanguage } from "../../domain/language.ts";
import { adviceAbout } from "../../domain/publication/advice.ts";
import { contactLines } from "../../domain/publication/contact.ts";
import { shownDay } from "../../domain/publication/time.ts";
import type { View } from "./page.ts";

/** What the visitor typed and we cannot take, to be shown again. */
export interface Typed {
  readonly kind: string;
  readonly text: string;
  readonly problem: "kind" | "text";
}

/** One person's notice in the words of the page. */
export function noticeView(
  ctx: DoorContext,
  language: PageLanguage,
  reply: MyNotice,
  typed?: Typed,
): View {
  const w = ctx.templates.words("my-notice", language, {});
  const word: Word = (kind, code) => w[kind + pascal(code)] ?? code;
  const day = (at: Date) => shownDay(at, "UTC", language);
  const elements = reply.elements.map(({ element, state, before }) => ({
    label: elementLabel(element, language),
    state: word("state", state),
    before: before === null || before === state ? undefined : word("state", before),
  }));
  return {
    ...reply,
    elements,
    changes: elements.filter(({ before }) => before !== undefined),
    advice: adviceAbout(reply.elements, language),
    contactLines: contactLines(reply.contactLines, { language, now: ctx.now(), standing: true }),
    doneText: reply.done && word("done", reply.done),
    notices: reply.notices.map(({ kind, channel, state, at, code }) => ({
      kind: word("notice", kind),
      channel: word("channel", channel),
      state: word("delivery", state),
      day: day(at),
      code,
    })),
    inquiries: reply.inquiries.map(({ number, kind, state, createdAt, dueAt, text, answer }) => ({
      number,
      kind: word("ask", kind),
      state: word("inquiry", state),
      waiting: state === "waiting",
      asked: day(createdAt),
      due: day(dueAt),
      text,
      answer,
    })),
    ...choices(reply, word),
    ...asking(word, typed),
  };
}

type Word = (kind: string, code: string) => string;

/** What the person can choose, with what holds now. */
function choices({ language, channel, channels }: MyNotice, word: Word): View {
  return {
    pageLanguages: PageLanguage.options.map((code) => ({
      code,
      ...PAGE_LANGUAGES[code],
      chosen: code === language,
    })),
    channels: channels.map((code) => ({
      code,
      name: word("channel", code),
      chosen: code === channel,
    })),
  };
}

/** The form for a message, with what was typed where we could not take it. */
function asking(word: Word, typed: Typed | undefined): View {
  return {
    kinds: InquiryKind.options.map((code) => ({
      code,
      name: word("ask", code),
      chosen: code === (typed?.kind ?? "question"),
    })),
    typed: typed?.text,
    kindProblem: typed?.problem === "kind",
    textProblem: typed?.problem === "text",
  };
}

/** `needs-letter` → `NeedsLetter`. */
function pascal(code: string): string {
  return code
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}
