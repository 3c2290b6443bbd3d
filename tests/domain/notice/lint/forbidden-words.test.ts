import { describe, expect, test } from "vitest";

import type { Content } from "../../../../src/domain/law/content.ts";
import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { lawFound } from "../../../support/lint.ts";
import { aSource } from "../../../support/notice.ts";

/** Of these sentences, those that tell what may not be told. */
function telling(content: Content, language: string, sentences: readonly string[]) {
  const duty: LawDuty = {
    to: "individuals",
    place: "US-MA",
    contents: [],
    prohibited: [content],
    rule: { citation: "A law" },
    duty: {},
  };
  const body = sentences.join("\n\n");
  return lawFound(aSource({ body }), [duty], { language }).map(({ sentence }) => sentence);
}

describe("how the data were lost", () => {
  test.each([
    [
      "en",
      [
        "It was a hack.",
        "Our server was HACKED.",
        "It was ransomware.",
        "It was malware.",
        "It began with a phish.",
        "Somebody fell for phishing.",
        "It was a cyberattack.",
        "There were cyber-attacks.",
        "It was a cyber attack.",
        "An intruder was here.",
        "It was an intrusion.",
        "It was burglary.",
        "There was a break-in.",
        "Thieves broke into our office.",
        "Our safe was broken into.",
        "Somebody broke in at night.",
        "They stole a laptop.",
        "A laptop was stolen.",
        "It was the theft of a car.",
        "Your file was lost.",
        "Your letter was misdirected.",
        "It was sent to the wrong person.",
        "Somebody gained access.",
        "Somebody got access.",
        "Somebody had access.",
        "It was unauthorized.",
        "It was unauthorised.",
        "It was accessed by somebody.",
      ],
      [
        "Our server is safe.",
        "It was shackled.",
        "It was software.",
        "A cyber-security firm helps us.",
        "Our intranet works.",
        "It was a fine burgundy.",
        "The office is open.",
        "We broke off the work.",
        "They store a laptop.",
        "Watch out for identity theft.",
        "Ask for identity-theft protection.",
        "Thieves can steal your identity.",
        "It is almost done.",
        "You can direct your letter to us.",
        "It was sent to the right person.",
        "Nobody has access.",
        "It was authorized.",
        "You have accessed it.",
      ],
    ],
    [
      "zh",
      [
        "黑客看到了信息。",
        "电脑被勒索。",
        "电脑中了恶意软件。",
        "这是钓鱼邮件。",
        "这是网络攻击。",
        "系统遭到入侵。",
        "电脑被盗。",
        "文件失窃。",
        "有人窃取了文件。",
        "文件丢失。",
        "邮件误发给了别人。",
        "有人未经授权查看了它。",
      ],
      ["有人看到了信息。", "小心身份被盗用。", "这是软件。", "网络很安全。", "您已授权我们。"],
    ],
    [
      "ru",
      [
        "Это были хакеры.",
        "Это был Взлом.",
        "Это был вымогатель.",
        "Это была вредоносная программа.",
        "Это был фишинг.",
        "Это была кибератака.",
        "Это было вторжение.",
        "Кто-то украл ноутбук.",
        "Ноутбук украден.",
        "Ноутбук был похищен.",
        "Кто-то похитил ноутбук.",
        "Это была кража ноутбука.",
        "Курьер потерял письмо.",
        "Письмо потеряно.",
        "Письмо ошибочно отправлено другому.",
        "Это был несанкционированный доступ.",
        "Кто-то проник в офис.",
      ],
      [
        "Это был вторник.",
        "Берегитесь кражи личности.",
        "Бывает много краж личности.",
        "Бойтесь тех, кто промышляет кражами личности.",
        "Письмо отправлено вам.",
        "Это был вред.",
        "Прошу потерпеть.",
      ],
    ],
  ] as const)("in %s", (language, own, others) => {
    expect(telling("nature-of-breach", language, [...own, ...others])).toEqual(own);
    expect(telling("what-happened", language, own)).toEqual(own);
  });
});

describe("how many people it is", () => {
  test.each([
    [
      "en",
      [
        "It concerns 3 people.",
        "It concerns 1,200 persons.",
        "It concerns a dozen individuals.",
        "It concerns dozens of residents.",
        "It concerns several hundred customers.",
        "It concerns hundreds of thousands of patients.",
        "It concerns 1.5 million clients.",
        "It concerns millions of other users.",
        "It concerns 1,200 of our members.",
        "It concerns 40 OTHER employees.",
      ],
      [
        "It concerns customers.",
        "Call 1,200 times.",
        "There are 3 other days.",
        "In 2024, people called us.",
        "It concerns 3 userspaces.",
        "It concerns a megathousand people.",
      ],
    ],
    [
      "zh",
      [
        "涉及3人。",
        "涉及 1,200 名患者。",
        "涉及 8 位居民。",
        "涉及 8 个客户。",
        "涉及数千人。",
        "涉及三百余名用户。",
        "涉及一千二百 余 名员工。",
        "涉及1200多万人。",
        "涉及数亿用户。",
        "涉及9名其他客户。",
      ],
      ["涉及很多人。", "涉及一些患者。", "拨打 1,200 次。", "涉及 3 天。", "请在 5 日内找人。"],
    ],
    [
      "ru",
      [
        "Это касается 3 человек.",
        "Это касается 1 200 людей.",
        "Это касается 8лиц.",
        "Это касается десятков жителей.",
        "Это сотни клиентов.",
        "Это касается 5 тысяч пациентов.",
        "Это тысяч пять, или 5 тыс. пользователей.",
        "Это 5 тыс сотрудников.",
        "Это 1,2 млн клиентов.",
        "Это миллионы людей.",
        "Это касается 40 наших сотрудников.",
        "Это касается 40 других жителей.",
      ],
      [
        "Это касается людей.",
        "Это клиенты.",
        "Позвоните 1 200 раз.",
        "В 2024, люди звонили нам.",
        "Это тысячи писем.",
      ],
    ],
  ] as const)("in %s", (language, own, others) => {
    expect(telling("number-of-persons", language, [...own, ...others])).toEqual(own);
    expect(telling("number-of-persons-in-jurisdiction", language, own)).toEqual(own);
  });
});
