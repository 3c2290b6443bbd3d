import { z } from "zod";

import type { PageLanguage } from "../../language.ts";

/** What is wrong with a text that is safe but not good. `must-fix` keeps it from being submitted. */
export const LintProblem = z.object({
  language: z.string(),
  line: z.int().positive(),
  code: z.string(),
  severity: z.enum(["must-fix", "advice"]),
  message: z.string(),
});
export type LintProblem = z.output<typeof LintProblem>;

/** A sentence that must not stand in a notice, unless it says that we never do this. */
export interface Rule {
  readonly pattern: RegExp;
  readonly unless?: RegExp;
  readonly code: string;
  readonly severity: LintProblem["severity"];
  readonly message: string;
}

/** What a text in one language is held to. */
export interface Habits {
  /** California Civil Code 1798.82(d)(1) prescribes these five, in this order. */
  readonly headings: readonly string[];
  readonly asking: Rule;
  readonly rules: readonly Rule[];
}

const ASKING = {
  code: "asks-for-identifier",
  severity: "must-fix",
  message: "Never ask for passwords, numbers or a log-in: that is what thieves' messages do.",
} as const;
const CLICK = {
  code: "click",
  severity: "must-fix",
  message: "Do not tell people to click. Say which address to type.",
} as const;
const EMPTY = {
  code: "empty-phrase",
  severity: "advice",
  message: "Say what you do instead of how seriously you take it.",
} as const;
const HEDGE = {
  code: "hedge",
  severity: "advice",
  message: "Say what is known, and say plainly what is not known yet.",
} as const;

const NEVER = {
  en: /\b(?:never|not|don[’']t|nobody)\b/i,
  zh: /绝不|从不|不会|不要|切勿|请勿|无需|不需要|不必|没有人/u,
  ru: /никогда|никто|нельзя|(?:^|[^\p{L}])не(?:$|[^\p{L}])/iu,
};

export const HABITS: Readonly<Record<PageLanguage, Habits>> = {
  en: {
    headings: [
      "What happened",
      "What information was involved",
      "What we are doing",
      "What you can do",
      "For more information",
    ],
    asking: {
      pattern:
        /\b(?:send|give|tell|reply|enter|confirm|verify|provide|type|update)\b[^.]{0,40}\b(?:your )(?:(?:\w+ )?password|pin\b|social security number|card number|account (?:number|details)|identity|account\b|log ?in)/i,
      unless: NEVER.en,
      ...ASKING,
    },
    rules: [
      { pattern: /\b(?:click|tap)\b/i, unless: NEVER.en, ...CLICK },
      {
        pattern: /we take (?:\w+ ){0,3}(?:security|privacy)(?: \w+){0,4} seriously/i,
        ...EMPTY,
      },
      {
        pattern:
          /no evidence (?:that|of)|out of an abundance of caution|may have been|potentially/i,
        ...HEDGE,
      },
    ],
  },
  zh: {
    headings: ["发生了什么", "涉及哪些信息", "我们正在做什么", "您可以做什么", "更多信息"],
    asking: {
      pattern:
        /(?:发送|提供|告诉|告知|回复|输入|填写|确认|核实|验证|更新)[^。！？]{0,20}(?:密码|口令|验证码|社会安全号码|身份证号|卡号|账号|账户|身份)/u,
      unless: NEVER.zh,
      ...ASKING,
    },
    rules: [
      { pattern: /点击|点按|点选|单击|轻触/u, unless: NEVER.zh, ...CLICK },
      { pattern: /高度重视[^。]{0,12}(?:安全|隐私)|(?:安全|隐私)[^。]{0,12}高度重视/u, ...EMPTY },
      { pattern: /没有证据(?:表明|显示|证明)|出于谨慎|可能已(?:被|经)|潜在/u, ...HEDGE },
    ],
  },
  ru: {
    headings: [
      "Что произошло",
      "Какие сведения затронуты",
      "Что мы делаем",
      "Что вы можете сделать",
      "Где узнать больше",
    ],
    asking: {
      pattern:
        /(?:отправьте|пришлите|сообщите|назовите|введите|укажите|подтвердите|предоставьте|напишите|обновите|ответьте)[^.!?]{0,40}(?:парол|пин-?код|номер\p{L}* (?:карт|сч[её]т|паспорт|социальн)|данные (?:карт|сч[её]т)|(?:сво|ваш)\p{L}* (?:уч[её]тн|личность|аккаунт))/iu,
      unless: NEVER.ru,
      ...ASKING,
    },
    rules: [
      {
        pattern: /нажмите|кликните|щ[её]лкните|перейдите по ссылке/iu,
        unless: NEVER.ru,
        ...CLICK,
      },
      {
        pattern: /серь[её]зно относимся[^.]{0,40}(?:безопасност|конфиденциальност|защит)/iu,
        ...EMPTY,
      },
      {
        pattern:
          /нет (?:никаких )?(?:доказательств|свидетельств|признаков)|из (?:соображений )?(?:предосторожности|осторожности)|могли быть|потенциально/iu,
        ...HEDGE,
      },
    ],
  },
};

/** A first notice leads nobody anywhere; an invitation shows one address, in full. */
export const LINK: Rule = {
  pattern: /\bhttps:\/\//i,
  code: "link",
  severity: "advice",
  message: "A first notice is safer without a link: say the domain, and the reader types it.",
};
