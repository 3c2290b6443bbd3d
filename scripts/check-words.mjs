// What a reader must find, written a second time by hand, in the three languages. Compared
// without any white space, because mail is wrapped.

/** What a notice calls each element; mail names the sensitive ones by their class only. */
export const ELEMENTS = {
  en: {
    name: "your name",
    "phone-number": "your phone number",
    "postal-address": "your postal address",
    "date-of-birth": "your date of birth",
    ssn: "your Social Security number",
    medical: "your sensitive personal information",
    "health-insurance": "your sensitive personal information",
  },
  zh: {
    name: "您的姓名",
    "phone-number": "您的电话号码",
    "postal-address": "您的通信地址",
    "date-of-birth": "您的出生日期",
    ssn: "您的社会安全号码",
    medical: "您的敏感个人信息",
    "health-insurance": "您的敏感个人信息",
  },
  ru: {
    name: "имя",
    "phone-number": "номер телефона",
    "postal-address": "почтовый адрес",
    "date-of-birth": "дата рождения",
    ssn: "номер социального страхования (SSN)",
    medical: "особо чувствительные личные сведения",
    "health-insurance": "особо чувствительные личные сведения",
  },
};

/** What *my notice* calls it in full, behind the one-time code; capitals do not count. */
export const FULL = {
  name: "name",
  "phone-number": "phone number",
  "postal-address": "postal address",
  "date-of-birth": "date of birth",
  ssn: "social security number",
  medical: "medical information",
  "health-insurance": "health insurance information",
};

/** By what the reader knows each kind of notice, in mail and SMS. */
const NOTICES = {
  initial: {
    en: ["Information about you was exposed", "a data breach exposed information about you"],
    zh: ["这本不应该发生，我们深表歉意", "您的个人信息在一起数据泄露事件中外泄"],
    ru: ["Этого не должно было случиться", "утечка ваших данных"],
  },
  update: {
    en: ["We know more now.", "there is news about the data breach"],
    zh: ["现在我们了解到更多情况", "数据泄露事件有新的情况"],
    ru: ["Теперь мы знаем больше.", "новости об утечке данных"],
  },
  invitation: {
    en: ["Taking part is up to you.", "Anonymous survey, if you like"],
    zh: ["是否参加完全由您决定", "匿名问卷"],
    ru: ["Участвовать или нет — решаете только вы.", "Анонимный опрос, по желанию"],
  },
};

/** What a text says that tells what happened. */
export const WHAT_HAPPENED = {
  en: "broke into our network",
  zh: "侵入了我们的网络",
  ru: "проник в нашу сеть",
};

/** Messages of our own that are no notices. */
const OTHERS = {
  code: "Here is your one-time code for",
  answered: "has answered your inquiry",
  due: "News was promised for",
  clock: "somebody must be told soon, or should have been told",
};

/** Which notice this is, and in which language; or which other message; or neither. */
export function kindOf(text) {
  const flat = flatten(text);
  const found = Object.entries(NOTICES).flatMap(([kind, languages]) =>
    Object.entries(languages)
      .filter(([, signs]) => signs.some((sign) => flat.includes(flatten(sign))))
      .map(([language]) => ({ kind, language })),
  );
  if (found.length > 0) return found.length === 1 ? found[0] : undefined;
  const other = Object.entries(OTHERS).find(([, sign]) => flat.includes(flatten(sign)));
  return other && { kind: other[0], language: "en" };
}

/** The items of the list below "What information was involved". */
export function listed(text, language) {
  const [, section = ""] = text.split(`\n${HEADINGS[language]}\n`);
  const list = section.split("\n\n").find((part) => part.startsWith("- ")) ?? "";
  return sorted(list.split(/^- /m).slice(1));
}

/** Each once, in one order, without white space. */
export function sorted(items) {
  return [...new Set(items.map(flatten))].toSorted();
}

export function flatten(text) {
  return text.replaceAll(/\s+/g, "");
}

const HEADINGS = {
  en: "What information was involved",
  zh: "涉及哪些信息",
  ru: "Какие сведения затронуты",
};

/** What stands on the public page. */
export const PAGE = {
  en: ["What we know about the data breach", "You do not have to call us to get your notice."],
  zh: ["关于数据泄露事件，我们目前了解的情况", "您不必打电话来索取通知。"],
  ru: ["Что нам известно об утечке данных", "Чтобы получить уведомление, звонить нам не нужно."],
};
export const QUESTION = "Was the record of my daughter in there too?";
export const ANSWER = "The record of your daughter was on another server, which nobody reached.";
