import type { Element, ExposedElement } from "../element.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { PageLanguage } from "../language.ts";
import type { PublicFacts } from "../publication.ts";
import { phrase, toldFact } from "./phrase.ts";
import type { Phrase } from "./phrase.ts";

/** What to do about some kinds of data, in every page language. */
interface Advice {
  readonly about: readonly Element[];
  readonly text: Readonly<Record<PageLanguage, string>>;
}

/**
 * What a person should do first, the most urgent first: what a thief can use within minutes comes
 * before what takes weeks. Kinds of data that were ruled out ask for nothing. The incident's own
 * actions follow, except those that say the same.
 */
export function adviceFor(facts: PublicFacts, page: PageLanguage): Phrase[] {
  const ours = adviceAbout(facts.dataElements, page).map((text) => phrase(text, page, page));
  const { value: actions, language } = toldFact(facts, "actions", page);
  const own = actions === NOT_YET_KNOWN ? [] : actions.map((text) => phrase(text, language, page));
  const said = new Set<string>();
  return [...ours, ...own].filter(({ text }) => {
    const plain = text
      .toLowerCase()
      .replaceAll(/[\p{P}\s]+/gu, " ")
      .trim();
    return !said.has(plain) && said.add(plain);
  });
}

/** What to do about these kinds of data, whatever the incident. */
export function adviceAbout(
  elements: readonly ExposedElement[],
  language: PageLanguage,
): readonly string[] {
  const exposed = new Set(
    elements.filter(({ state }) => state !== "ruled-out").map(({ element }) => element),
  );
  return ADVICE.filter(({ about }) => about.some((element) => exposed.has(element))).map(
    ({ text }) => text[language],
  );
}

/** Urgent first. Every kind of data but *other* has at least one row. */
const ADVICE: readonly Advice[] = [
  {
    about: ["password", "online-credentials", "security-question", "security-token"],
    text: {
      en: "Change your password with us now, and everywhere else you used the same one. Use a different password for each service, and turn on sign-in with a second step.",
      zh: "请立即更改您在我们这里的密码；其他使用相同密码的地方也要一并更改。每项服务请使用不同的密码，并开启两步验证。",
      ru: "Смените пароль у нас прямо сейчас, а также везде, где вы использовали такой же. Для каждого сервиса задайте свой пароль и включите двухэтапный вход.",
    },
  },
  {
    about: ["payment-card", "access-code"],
    text: {
      en: "Call your bank on the number on the back of your card. Have the card blocked or replaced and the PIN changed, and report every payment you do not recognise.",
      zh: "请拨打银行卡背面的电话联系银行，挂失或更换卡片并更改密码；如有您不认识的付款，请立即申报。",
      ru: "Позвоните в банк по номеру на обороте карты. Попросите заблокировать или перевыпустить карту и сменить ПИН-код и сообщите о каждом незнакомом платеже.",
    },
  },
  {
    about: ["financial-account", "electronic-identifier", "financial-record"],
    text: {
      en: "Tell your bank that your account number was exposed. Look through your statements and report at once any payment you did not make.",
      zh: "请告知银行您的账号已泄露。请核对账单，一旦发现不是您本人的付款，请立即申报。",
      ru: "Сообщите банку, что номер вашего счёта стал известен посторонним. Проверьте выписки и сразу сообщите о платежах, которых вы не делали.",
    },
  },
  {
    about: ["ssn"],
    text: {
      en: "Freeze your credit with Equifax, Experian and TransUnion. It is free, and while it is frozen nobody can open an account in your name.",
      zh: "请联系 Equifax、Experian 和 TransUnion 冻结您的信用档案。冻结是免费的，冻结期间任何人都无法以您的名义开户。",
      ru: "Заморозьте свою кредитную историю в Equifax, Experian и TransUnion. Это бесплатно, и пока она заморожена, никто не сможет открыть счёт на ваше имя.",
    },
  },
  {
    about: ["digital-signature", "private-key"],
    text: {
      en: "Ask the provider of your digital signature to revoke it and to issue a new one.",
      zh: "请要求您的电子签名服务商吊销旧证书并签发新证书。",
      ru: "Попросите удостоверяющий центр отозвать вашу электронную подпись и выпустить новую.",
    },
  },
  {
    about: [
      "passport",
      "drivers-licence",
      "state-id",
      "military-id",
      "national-id",
      "government-id",
      "tribal-id",
      "birth-certificate",
      "marriage-certificate",
    ],
    text: {
      en: "Tell the office that issued your document that its number was exposed, and ask whether it should be replaced. Look out for contracts in your name that you did not sign.",
      zh: "请告知证件签发机关您的证件号码已泄露，并询问是否需要换发。请留意是否有并非您本人签订、却以您名义订立的合同。",
      ru: "Сообщите ведомству, выдавшему документ, что его номер стал известен посторонним, и спросите, нужно ли его заменить. Следите, не появились ли договоры на ваше имя, которых вы не подписывали.",
    },
  },
  {
    about: ["tax-id", "tax-pin", "tax-information"],
    text: {
      en: "Tell your tax office that your tax number was exposed, and read every letter from it. Somebody may try to claim a refund in your name.",
      zh: "请告知税务机关您的税号已泄露，并仔细阅读税务机关的每一封来信。可能有人试图以您的名义申请退税。",
      ru: "Сообщите налоговой службе, что ваш налоговый номер стал известен посторонним, и читайте каждое её письмо. Кто-то может попытаться получить возврат налога от вашего имени.",
    },
  },
  {
    about: ["health-insurance", "medical"],
    text: {
      en: "Read the statements of your health insurer and of your doctors. Report every treatment and every medicine that was not for you.",
      zh: "请仔细阅读医疗保险机构和医生开具的账单；如有不属于您的治疗或药品，请立即报告。",
      ru: "Читайте счета и выписки страховой компании и врачей. Сообщайте о каждом лечении и лекарстве, которых вы не получали.",
    },
  },
  {
    about: ["date-of-birth", "mothers-maiden-name"],
    text: {
      en: "Change security questions and PINs that are made from your date of birth or from family names.",
      zh: "如果您的安全问题或密码使用了出生日期或家人姓名，请更改。",
      ru: "Измените контрольные вопросы и ПИН-коды, в которых есть дата рождения или фамилии родственников.",
    },
  },
  {
    about: ["biometric", "genetic"],
    text: {
      en: "A fingerprint, a face or a gene cannot be changed. Wherever you sign in with one, add a password or a second step.",
      zh: "指纹、人脸和基因无法更换。凡是用它们登录的地方，请再加上密码或第二步验证。",
      ru: "Отпечаток пальца, лицо и гены изменить нельзя. Везде, где вы входите с их помощью, добавьте пароль или второй этап проверки.",
    },
  },
  {
    about: [
      "sex-life",
      "religion",
      "political-opinion",
      "ethnic-origin",
      "trade-union",
      "criminal-record",
      "photo",
      "location",
      "student-record",
      "employment-record",
      "work-evaluation",
      "licence-plate",
      "call-records",
    ],
    text: {
      en: "Should anybody threaten to make something about you public, do not pay and do not answer. Keep the message and show it to the police. You are not to blame.",
      zh: "如果有人威胁要公开关于您的信息，请不要付款，也不要回复。请保留该信息并交给警方。这不是您的错。",
      ru: "Если кто-то угрожает обнародовать сведения о вас, не платите и не отвечайте. Сохраните сообщение и покажите его полиции. Вашей вины в этом нет.",
    },
  },
  {
    about: [
      "name",
      "email-address",
      "phone-number",
      "postal-address",
      "purchase-history",
      "device-identifier",
      "student-id",
      "employee-id",
    ],
    text: {
      en: "Expect false calls, messages and letters that know things about you. Do not open their links. Call back on a number that you looked up yourself.",
      zh: "请警惕冒充我们或其他机构的电话、信息和信件，对方可能知道您的一些情况。请不要打开其中的链接；如需回电，请使用您自己查到的号码。",
      ru: "Будьте готовы к ложным звонкам, сообщениям и письмам, в которых о вас что-то знают. Не открывайте ссылки из них. Перезванивайте по номеру, который нашли сами.",
    },
  },
];
