import type { PageLanguage } from "../../../language.ts";

/** The same in the language of each reader. */
export type Told<T = string> = Readonly<Record<PageLanguage, T>>;

/*
 * Statements that several laws of the United States want in the same sense, ready to be put into a
 * text as they are. Addresses and numbers of the agencies are those that their own pages and
 * notices gave from 2024 to 2026. They change: whoever approves a notice looks them up.
 */

const BUREAUS = `- Equifax: P.O. Box 105788, Atlanta, GA 30348-5788; 1-800-685-1111; equifax.com
- Experian: P.O. Box 9554, Allen, TX 75013; 1-888-397-3742; experian.com
- TransUnion: P.O. Box 160, Woodlyn, PA 19094; 1-888-909-8872; transunion.com`;
const FTC =
  "Federal Trade Commission, 600 Pennsylvania Avenue NW, Washington, DC 20580; 1-877-438-4338; identitytheft.gov";

export const SAY = {
  consequences: {
    en: "Somebody who has this information could try to pretend to be you, or use what they know to trick you.",
    zh: "拿到这些信息的人可能会冒充您，或者利用他们知道的内容来骗您。",
    ru: "Тот, у кого есть эти сведения, может попытаться выдать себя за вас или обмануть вас с их помощью.",
  },
  bureaus: {
    en: `The three nationwide credit bureaus of the United States:\n\n${BUREAUS}`,
    zh: `美国的三家全国性征信机构：\n\n${BUREAUS}`,
    ru: `Три общенациональных кредитных бюро США:\n\n${BUREAUS}`,
  },
  freeze: {
    en: "You can place a security freeze on your credit report, free of charge. It keeps others from opening an account in your name. Ask each of the three credit bureaus for it by phone, by mail or on their websites. They will want to know your name, address, date of birth and Social Security number, to be sure that it is you.",
    zh: "您可以免费冻结自己的信用报告，这样别人就无法以您的名义开立账户。请通过电话、信件或网站分别向三家征信机构提出。它们会核对姓名、地址、出生日期和社会安全号码，以便确定是您本人。",
    ru: "Вы можете бесплатно заморозить свою кредитную историю. Тогда никто не откроет счёт от вашего имени. Обратитесь для этого в каждое из трёх кредитных бюро: по телефону, письмом или на сайте. Там спросят имя, адрес, дату рождения и номер социального страхования, чтобы убедиться, что это вы.",
  },
  alert: {
    en: "You can also place a fraud alert, free of charge: lenders must then check that it is you. The credit bureaus and the Federal Trade Commission explain fraud alerts and security freezes.",
    zh: "您还可以免费设置欺诈警示：放贷机构随后必须先确认是您本人。征信机构和联邦贸易委员会都会说明欺诈警示和冻结信用报告的办法。",
    ru: "Вы также можете бесплатно поставить предупреждение о мошенничестве: тогда кредиторы обязаны проверить, что это вы. О предупреждениях и о заморозке кредитной истории рассказывают кредитные бюро и Федеральная торговая комиссия.",
  },
  ftc: {
    en: `How to protect yourself against identity theft: ${FTC}`,
    zh: `联邦贸易委员会会说明如何防范身份盗用：${FTC}`,
    ru: `Как защититься от кражи личности, рассказывает Федеральная торговая комиссия: ${FTC}`,
  },
  policeReport: {
    en: "You have the right to obtain a police report. If somebody misuses your information, you can file one and get a copy of it.",
    zh: "您有权取得警方报告。如果有人滥用您的信息，您可以报案并取得报告副本。",
    ru: "Вы имеете право получить полицейский отчёт. Если кто-то воспользуется вашими данными, вы можете подать заявление в полицию и получить его копию.",
  },
  tellPolice: {
    en: "If you think that somebody misuses your information, report it to your local police.",
    zh: "如果您认为有人在滥用您的信息，请向当地警方报案。",
    ru: "Если вы думаете, что кто-то пользуется вашими данными, сообщите об этом в полицию.",
  },
  tellAgencies: {
    en: "Report suspected identity theft to the police, to your state's attorney general and to the Federal Trade Commission.",
    zh: "如果怀疑身份被盗用，请向警方、所在州的总检察长和联邦贸易委员会报告。",
    ru: "О подозрении на кражу личности сообщите в полицию, генеральному прокурору вашего штата и в Федеральную торговую комиссию.",
  },
  fairCredit: {
    en: "The Fair Credit Reporting Act gives you the right to see your credit file and to have what is wrong in it corrected. A summary of your rights is at consumer.ftc.gov.",
    zh: "根据《公平信用报告法》（Fair Credit Reporting Act），您有权查看自己的信用档案，并要求更正其中的错误。权利概要见 consumer.ftc.gov。",
    ru: "Закон США о кредитных отчётах (Fair Credit Reporting Act) даёт вам право увидеть свою кредитную историю и исправить в ней ошибки. Перечень ваших прав есть на consumer.ftc.gov.",
  },
} as const satisfies Readonly<Record<string, Told>>;

/** What a person must write, because only people know it. The brackets are theirs to fill. */
export const WRITE = {
  monitoring: {
    en: "We pay for credit monitoring for you for {time}. To sign up, call [phone of the provider] by [date].",
    zh: "我们为您支付 {time}的信用监控费用。请在[日期]之前致电[服务商电话]登记。",
    ru: "Мы оплатим вам наблюдение за кредитной историей на {time}. Чтобы подключить его, позвоните до [дата] по телефону [телефон].",
  },
  delay: {
    en: "Law enforcement did not ask us to delay this notice. (Or: A law enforcement agency asked us to delay this notice until [date].)",
    zh: "执法机关没有要求我们推迟本通知。（或者：应执法机关要求，本通知推迟到[日期]。）",
    ru: "Правоохранительные органы не просили нас отложить это уведомление. (Или: По просьбе правоохранительных органов уведомление отложено до [дата].)",
  },
  parent: {
    en: "We are part of [name of the parent company].",
    zh: "我们的母公司是[公司名称]。",
    ru: "Наша материнская компания: [название].",
  },
  complain: {
    en: "You have the right to complain to [name and address of the authority].",
    zh: "您有权向[主管机关名称和地址]投诉。",
    ru: "Вы имеете право подать жалобу в [название и адрес ведомства].",
  },
  remedies: {
    en: "If you suffer damage, you can claim compensation: [how, and from whom].",
    zh: "如果您因此受到损害，可以要求赔偿：[方式和对象]。",
    ru: "Если вам причинён ущерб, вы можете потребовать возмещения: [как и у кого].",
  },
  attorney: {
    en: "Attorney General of [state]: [address]; [phone]; [website]",
    zh: "[州]总检察长（Attorney General）：[地址]；[电话]；[网站]",
    ru: "Генеральный прокурор штата [штат] (Attorney General): [адрес]; [телефон]; [сайт]",
  },
} as const satisfies Readonly<Record<string, Told>>;

/** Agencies whose contacts a law of the place wants named, and how each is found in a text. */
export const AGENCIES: ReadonlyMap<string, readonly { found: RegExp; line: string }[]> = new Map([
  [
    "US-DC",
    [
      {
        found: /oag\.dc\.gov|202-442-9828/i,
        line: "Attorney General of the District of Columbia: 400 6th Street NW, Washington, DC 20001; 202-442-9828; oag.dc.gov",
      },
    ],
  ],
  [
    "US-MD",
    [
      {
        found: /marylandattorneygeneral\.gov|888-743-0023/i,
        line: "Attorney General of Maryland: 200 St. Paul Place, Baltimore, MD 21202; 1-888-743-0023; marylandattorneygeneral.gov",
      },
    ],
  ],
  [
    "US-NC",
    [
      {
        found: /ncdoj\.gov|877-566-7226|919-716-6000/i,
        line: "Attorney General of North Carolina: 9001 Mail Service Center, Raleigh, NC 27699-9001; 1-877-566-7226; ncdoj.gov",
      },
    ],
  ],
  [
    "US-NY",
    [
      {
        found: /\bag\.ny\.gov|800-771-7755/i,
        line: "Attorney General of New York: The Capitol, Albany, NY 12224; 1-800-771-7755; ag.ny.gov",
      },
      {
        found: /dos\.ny\.gov|800-697-1220/i,
        line: "New York Department of State, Division of Consumer Protection: 99 Washington Avenue, Albany, NY 12231; 1-800-697-1220; dos.ny.gov",
      },
    ],
  ],
  [
    "US-RI",
    [
      {
        found: /riag\.ri\.gov|401-274-4400/i,
        line: "Attorney General of Rhode Island: 150 South Main Street, Providence, RI 02903; 401-274-4400; riag.ri.gov",
      },
    ],
  ],
]);
