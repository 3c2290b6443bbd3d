import { readFileSync } from "node:fs";

import { parse } from "csv-parse/sync";
import { z } from "zod";

/**
 * Kind, place, size and length of real breaches, for the demo. The organisation and every person in
 * the demo are invented. Each is played as if it had ended a few days ago: of the real ones every
 * legal clock has run out long since.
 *
 * Source: US Department of Health and Human Services, Office for Civil Rights, breaches of
 * unsecured protected health information affecting 500 or more individuals (45 CFR 164.408),
 * public record; `number` is the record's number in the archived list. Data elements are as
 * the record's own summary names them.
 */
export const Breach = z.object({
  number: z.coerce.number().int(),
  state: z.string(),
  people: z.coerce.number().int(),
  from: z.iso.date(),
  to: z.iso.date(),
  kind: z.enum(["hacking", "theft", "loss"]),
  place: z.string(),
  placeZh: z.string(),
  placeRu: z.string(),
  elements: z.string().transform((codes) => codes.split(";")),
});
export type Breach = z.output<typeof Breach>;

/** The breaches the demo can play, the default first, as if each had ended three days ago. */
export function breaches(today = new Date()): Breach[] {
  const file = readFileSync(new URL("./breaches.csv", import.meta.url));
  const end = today.getTime() - ENDED_DAYS_AGO * DAY_MS;
  return z
    .array(Breach)
    .parse(parse(file, { columns: true }))
    .map((breach) => {
      const lasted = Date.parse(breach.to) - Date.parse(breach.from);
      return { ...breach, from: dayOf(end - lasted), to: dayOf(end) };
    });
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

const DAY_MS = 24 * 3_600_000;
const ENDED_DAYS_AGO = 3;

/** How the demo tells each kind of breach, in its three languages, and the runbook that fits it. */
export const KINDS = {
  hacking: {
    title: "Intrusion on a network server",
    what: "Someone broke into our network with a computer virus and reached patient records.",
    whatZh: "有人用电脑病毒侵入了我们的网络，接触到了患者档案。",
    whatRu:
      "Кто-то проник в нашу сеть с помощью компьютерного вируса и получил доступ к медицинским картам.",
    how: "The virus came in with an e-mail that looked like an invoice.",
    howZh: "病毒藏在一封看起来像账单的电子邮件里。",
    howRu: "Вирус пришёл с письмом, похожим на счёт.",
    runbook: "ransomware",
  },
  theft: {
    title: "Stolen computers",
    what: "Someone broke into our office and stole computers with patient records.",
    whatZh: "有人闯入我们的办公室，偷走了存有患者档案的电脑。",
    whatRu: "Кто-то взломал наш офис и украл компьютеры с медицинскими картами.",
    how: "They forced a window at night and took what they could carry.",
    howZh: "他们夜里撬开窗户，拿走了能搬走的东西。",
    howRu: "Ночью взломали окно и унесли всё, что смогли.",
    runbook: "stolen-device-or-paper",
  },
  loss: {
    title: "Lost backup tape",
    what: "A backup tape with patient records was lost on its way to the store.",
    whatZh: "一盘存有患者档案的备份磁带在运往仓库的途中遗失。",
    whatRu: "Резервная лента с медицинскими картами потерялась по пути на хранение.",
    how: "The parcel was handed to a courier and did not arrive.",
    howZh: "包裹交给了快递员，但没有送到。",
    howRu: "Посылку передали курьеру, но она не дошла.",
    runbook: "stolen-device-or-paper",
  },
};
