import type { Moment } from "../../instant.ts";
import type { OpenHours } from "../../scope.ts";
import type { EncryptionState, Wording } from "./shape.ts";
import {
  alwaysOpen,
  bareZone,
  dayName,
  listOf,
  localDate,
  onOneLine,
  runsOf,
  sameClock,
  sentence,
  zonePlace,
} from "./time.ts";

/** Simplified characters. */
export const CHINESE: Wording = {
  language: "zh",
  reader: "读者",
  guardian: (name) => `${name} 的家长或监护人`,
  estate: (name) => `${name} 的家属`,
  began: {
    known: (moment, also) => `此事始于${when(moment, also)}。`,
    unknown: "我们尚不清楚此事从何时开始。",
  },
  ended: {
    known: (moment, also) => `此事于${when(moment, also)}结束。`,
    unknown: "我们尚不清楚此事何时结束。",
  },
  found: {
    known: (moment, also) => `我们于${when(moment, also)}发现此事。`,
    unknown: "我们尚不清楚此事被发现的确切时间。",
  },
  contained: {
    known: (moment, also) => `我们于${when(moment, also)}制止了此事。`,
    unknown: "我们尚不清楚此事是否已完全停止。",
  },
  elsewhere: (moment, zone) =>
    sameClock(moment, zone)
      ? undefined
      : `${localDate(moment, zone, LOCALE).toFormat(FORMAT[moment.precision])}，${zoneName(zone)}`,
  place: {
    known: (place) => asSentence(`发生地点：${place}`),
    unknown: "我们尚不清楚此事发生在何处。",
  },
  how: { known: asSentence, unknown: "我们尚不清楚此事是如何发生的。" },
  people: {
    known: (count) => `共有 ${count.toLocaleString(LOCALE)} 人受到影响。`,
    unknown: "我们尚不清楚有多少人受到影响。",
  },
  encryption: {
    known: (state) => ENCRYPTION[state],
    unknown: "我们尚不清楚这些信息是否经过加密。",
  },
  whatWeDo: {
    known: asSentence,
    unknown: "我们尚未确定要采取的全部措施。确定之后，我们会写信告诉您。",
  },
  actions: {
    known: asSentence,
    unknown: "我们尚不清楚您还能做些什么。一旦清楚，我们会写信告诉您。",
  },
  contact: {
    known: asSentence,
    unknown: "我们暂时还没有解答您疑问的电话专线。一旦开通，我们会写信告诉您。",
  },
  element: (label, state) =>
    state === "confirmed" ? `您的${label}` : `您的${label}（我们尚未确定）`,
  phone: (value, hours, zone) => `电话：${value}（${hours}，${zoneName(zone)}）`,
  hours: (open) => (alwaysOpen(open) ? "全天 24 小时" : open.map(openTimes).join("；")),
  email: (value) => `电子邮箱：${value}`,
  post: (value) => `邮寄地址：${onOneLine(value, "，")}`,
  yourName: "[您的姓名]",
  yourData: "[您的通知中列出的数据种类]",
  yourTime: "[您所在地的同一时刻]",
  yourPersonalCode: "[您的个人代码]",
  yourSurveyCode: "[您的问卷代码]",
  yourSurveyLink: "[您的问卷网址]",
};

function asSentence(text: string): string {
  return sentence(text, "。");
}

function when(moment: Moment, also: string | undefined): string {
  const { zone, precision } = moment;
  const text = localDate(moment, zone, LOCALE).toFormat(FORMAT[precision]);
  const timed = precision === "minute" || precision === "hour";
  const more = also === undefined ? "" : `；您所在地：${also}`;
  return timed ? `${text}（${zoneName(zone)}${more}）` : text;
}

/** `Asia/Shanghai` as people say it: "中国时间". */
function zoneName(zone: string): string {
  return zonePlace(zone, LOCALE) ?? bareZone(zone);
}

function openTimes({ days, from, to }: OpenHours): string {
  const spans = runsOf(days).map(([first, last]) =>
    first === last ? dayName(first, LOCALE) : `${dayName(first, LOCALE)}至${dayName(last, LOCALE)}`,
  );
  return `${listOf(spans, LOCALE)} ${from} 至 ${to}`;
}

const LOCALE = "zh-Hans";

const FORMAT = {
  minute: "yyyy'年'M'月'd'日' HH:mm",
  hour: "yyyy'年'M'月'd'日' HH:mm '左右'",
  day: "yyyy'年'M'月'd'日'",
  week: "yyyy'年'M'月'd'日所在的一周'",
  month: "yyyy'年'M'月'",
  year: "yyyy'年'",
} as const;

const ENCRYPTION: Readonly<Record<EncryptionState, string>> = {
  none: "这些信息没有加密。",
  partial: "这些信息有一部分经过加密，另一部分没有。",
  full: "这些信息经过加密，密钥没有被盗走。",
  "full-key-unknown": "这些信息经过加密。我们尚不清楚密钥是否也被盗走。",
  "full-key-taken": "这些信息经过加密，但密钥也被盗走了。",
};
