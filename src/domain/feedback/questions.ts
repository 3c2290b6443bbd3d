import type { PageLanguage } from "../language.ts";
import type { QuestionSet } from "./survey.ts";

/** One sentence in every page language. */
export type Words = Readonly<Record<PageLanguage, string>>;

export interface Option {
  readonly id: string;
  readonly words: Words;
}

/**
 * A question. A *rating* is one of 1 to 5 between two ends, a *single* one option, a *multiple*
 * any number of them, a *text* what the person writes. Every question may be left out.
 */
export type Question = { readonly id: string; readonly words: Words } & (
  | { readonly kind: "rating"; readonly low: Words; readonly high: Words }
  | { readonly kind: "single" | "multiple"; readonly options: readonly Option[] }
  | { readonly kind: "text" }
);

/** What a rating can be. */
export const RATINGS = ["1", "2", "3", "4", "5"] as const;

/** What is asked after a breach: was it clear, was it trusted, what was needed? */
export const QUESTIONS: Readonly<Record<QuestionSet, readonly Question[]>> = {
  breach: [
    {
      id: "clear",
      kind: "rating",
      words: {
        en: "How clear was our notice to you?",
        zh: "您觉得我们的通知是否清楚易懂？",
        ru: "Насколько понятным было для вас наше уведомление?",
      },
      low: { en: "not clear at all", zh: "完全不清楚", ru: "совсем непонятно" },
      high: { en: "completely clear", zh: "非常清楚", ru: "всё понятно" },
    },
    {
      id: "trusted",
      kind: "rating",
      words: {
        en: "When it arrived, how sure were you that it really came from us?",
        zh: "收到通知时，您有多大把握它确实来自我们？",
        ru: "Когда оно пришло, насколько вы были уверены, что оно действительно от нас?",
      },
      low: { en: "not sure at all", zh: "完全没有把握", ru: "совсем не уверен(а)" },
      high: { en: "completely sure", zh: "完全有把握", ru: "полностью уверен(а)" },
    },
    {
      id: "soon",
      kind: "rating",
      words: {
        en: "Were you told soon enough?",
        zh: "我们告知您是否足够及时？",
        ru: "Достаточно ли быстро мы вам сообщили?",
      },
      low: { en: "much too late", zh: "太迟了", ru: "слишком поздно" },
      high: { en: "soon enough", zh: "足够及时", ru: "достаточно быстро" },
    },
    {
      id: "next",
      kind: "rating",
      words: {
        en: "After reading it, did you know what to do?",
        zh: "读完通知后，您是否知道该怎么做？",
        ru: "Было ли вам после прочтения понятно, что делать?",
      },
      low: { en: "not at all", zh: "完全不知道", ru: "совсем нет" },
      high: { en: "yes, exactly", zh: "非常清楚", ru: "да, полностью" },
    },
    {
      id: "checked",
      kind: "single",
      words: {
        en: "How did you make sure that the notice was genuine?",
        zh: "您是如何确认通知真伪的？",
        ru: "Как вы убедились, что уведомление настоящее?",
      },
      options: [
        {
          id: "code",
          words: {
            en: "I typed its code on your website",
            zh: "在你们的网站上输入了通知中的代码",
            ru: "Ввёл(а) код из него на вашем сайте",
          },
        },
        {
          id: "called",
          words: { en: "I called you", zh: "给你们打了电话", ru: "Позвонил(а) вам" },
        },
        {
          id: "asked",
          words: {
            en: "I asked somebody I know",
            zh: "问了我认识的人",
            ru: "Спросил(а) знакомых",
          },
        },
        { id: "other", words: { en: "In another way", zh: "用其他方式", ru: "Другим способом" } },
        {
          id: "not",
          words: { en: "I did not check", zh: "没有确认", ru: "Не проверял(а)" },
        },
      ],
    },
    {
      id: "needed",
      kind: "multiple",
      words: {
        en: "What did you need that you did not get?",
        zh: "有哪些是您需要但没有得到的？",
        ru: "Чего вам не хватило?",
      },
      options: [
        {
          id: "detail",
          words: {
            en: "To know exactly which of my data were affected",
            zh: "确切知道我的哪些数据受到影响",
            ru: "Точно знать, какие мои данные затронуты",
          },
        },
        {
          id: "plain",
          words: { en: "Plainer words", zh: "更通俗的说法", ru: "Более простых слов" },
        },
        {
          id: "language",
          words: { en: "Another language", zh: "其他语言的版本", ru: "Другого языка" },
        },
        {
          id: "person",
          words: {
            en: "A person to talk to",
            zh: "能与真人沟通",
            ru: "Разговора с живым человеком",
          },
        },
        {
          id: "protection",
          words: {
            en: "Help in protecting my accounts or my money",
            zh: "帮助我保护账户或资金",
            ru: "Помощи в защите счетов и учётных записей",
          },
        },
        {
          id: "updates",
          words: {
            en: "News on how it went on",
            zh: "事件后续进展的消息",
            ru: "Новостей о том, что было дальше",
          },
        },
        {
          id: "nothing",
          words: { en: "Nothing was missing", zh: "没有缺少什么", ru: "Всего хватило" },
        },
      ],
    },
    {
      id: "remark",
      kind: "text",
      words: {
        en: "What should we do better?",
        zh: "我们还应该在哪些方面改进？",
        ru: "Что нам следует делать лучше?",
      },
    },
  ],
};

/** Asked where results are told apart by it: coarse, so that no answer stands alone. */
export const HEARD: Extract<Question, { kind: "single" | "multiple" }> = {
  id: "heard",
  kind: "single",
  words: {
    en: "How did you first hear of the incident?",
    zh: "您最初是怎样得知这一事件的？",
    ru: "Как вы впервые узнали о произошедшем?",
  },
  options: [
    {
      id: "message",
      words: {
        en: "By e-mail or SMS from you",
        zh: "你们的电子邮件或短信",
        ru: "Из вашего электронного письма или SMS",
      },
    },
    {
      id: "letter",
      words: {
        en: "By a letter on paper from you",
        zh: "你们寄来的纸质信件",
        ru: "Из вашего бумажного письма",
      },
    },
    {
      id: "elsewhere",
      words: {
        en: "From the news or from others",
        zh: "新闻或他人",
        ru: "Из новостей или от других людей",
      },
    },
  ],
};
