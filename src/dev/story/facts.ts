import { KINDS } from "../breach.ts";
import type { Breach } from "../breach.ts";

/** What the responder says at once, in the words of a first call. */
export function firstWords({ kind, people }: Breach): string {
  const count = people.toLocaleString("en");
  return `${KINDS[kind].what} The records are those of about ${count} people.`;
}

/** When they became aware. The record does not say; the day it ended is the earliest. */
export function awareAt({ to }: Breach): string {
  return `${to}T18:00:00Z`;
}

/** What is known some hours later, with its translations. */
export function firstFindings(breach: Breach) {
  const day = (date: string) => ({ at: `${date}T12:00:00Z`, zone: ZONE, precision: "day" });
  return {
    dataElements: breach.elements.map((element) => ({ element, state: "confirmed" })),
    occurredFrom: day(breach.from),
    occurredTo: day(breach.to),
    discoveredAt: { at: awareAt(breach), zone: ZONE, precision: "day" },
    containedAt: day(breach.to),
    place: breach.place,
    how: KINDS[breach.kind].how,
    people: homes(breach),
    encryption: "none",
    sector: "health-care",
    role: "controller",
    whatWeDo: "We told the police, closed the way in, and check every system it led to.",
    actions: [
      "Place a free fraud alert or credit freeze with the credit bureaus.",
      "Read the statements from your health insurer and ask about care you did not have.",
      "Hang up on anyone who calls about this and asks for a number or a password.",
      "Call the number below to start 24 months of credit monitoring, which we pay for.",
    ],
    contactLines: [
      {
        kind: "phone",
        value: "+1 202 555 0164",
        hours: "every day 8:00 to 20:00",
        open: [{ days: [1, 2, 3, 4, 5, 6, 7], from: "08:00", to: "20:00" }],
        zone: ZONE,
      },
      { kind: "email", value: "help@larkspur.example.org" },
    ],
    translations: { zh: chinese(breach), ru: russian(breach) },
  };
}

/** Where the people live: most in the clinic's state, the others in two states nearby. */
function homes({ state, people }: Breach) {
  const away = Math.floor(people / 7);
  return [
    { jurisdiction: state, count: people - 2 * away },
    { jurisdiction: "US-MA", count: away },
    { jurisdiction: "US-NJ", count: away },
  ];
}

function chinese({ kind, people, placeZh }: Breach) {
  const { whatZh, howZh } = KINDS[kind];
  return {
    whatHappened: `${whatZh}这些档案涉及大约 ${people.toLocaleString("zh")} 人。`,
    how: howZh,
    place: placeZh,
    whatWeDo: "我们已经报警，堵住了漏洞，并正在检查由此可能波及的每一个系统。",
    actions: [
      "请联系征信机构，免费设置欺诈警示或冻结信用报告。",
      "请查看健康保险公司寄来的账单；如果有您没有接受过的诊疗，请向其询问。",
      "如果有人为此事打来电话，索要号码或密码，请直接挂断。",
      "请拨打下面的电话，开通 24 个月的信用监控服务，费用由我们承担。",
    ],
  };
}

function russian({ kind, people, placeRu }: Breach) {
  const { whatRu, howRu } = KINDS[kind];
  return {
    whatHappened: `${whatRu} Число людей, о которых эти записи: около ${people.toLocaleString("ru")}.`,
    how: howRu,
    place: placeRu,
    whatWeDo:
      "Мы сообщили в полицию, закрыли уязвимое место и проверяем каждую систему, которой это могло коснуться.",
    actions: [
      "Бесплатно установите в кредитных бюро предупреждение о мошенничестве или заморозку кредитной истории.",
      "Читайте выписки медицинской страховой компании и спрашивайте о лечении, которого у вас не было.",
      "Если вам звонят об этом и спрашивают номер или пароль, кладите трубку.",
      "Позвоните по номеру ниже и включите на 24 месяца наблюдение за кредитной историей; платим мы.",
    ],
  };
}

const ZONE = "America/New_York";
