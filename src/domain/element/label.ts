import type { Element } from "../element.ts";
import { DATA_ELEMENTS } from "../element.ts";
import type { PageLanguage } from "../language.ts";

/**
 * What a kind of data is called in full, as the name of a row of a list: for pages that show
 * themselves to one person only, behind a one-time code.
 */
export function elementLabel(element: Element, language: PageLanguage): string {
  return language === "en" ? DATA_ELEMENTS[element].label : LABELS[language][element];
}

/** What mail, SMS and letters call it: kinds of a special category by their class only. */
export function elementMailLabel(element: Element, language: PageLanguage): string {
  if (language === "en") return DATA_ELEMENTS[element].mailLabel;
  const special = DATA_ELEMENTS[element].sensitivity === "special-category";
  return special ? SPECIAL_IN_MAIL[language] : LABELS[language][element];
}

const SPECIAL_IN_MAIL = { zh: "敏感个人信息", ru: "особо чувствительные личные сведения" } as const;

/** Chinese completes "您的…"; Russian stands by itself, in the nominative, so nothing has to agree with it. */
const LABELS: Readonly<Record<Exclude<PageLanguage, "en">, Readonly<Record<Element, string>>>> = {
  zh: {
    name: "姓名",
    "email-address": "电子邮箱地址",
    "phone-number": "电话号码",
    "postal-address": "通信地址",
    "date-of-birth": "出生日期",
    ssn: "社会安全号码",
    "drivers-licence": "驾驶证号码",
    "state-id": "州身份证号码",
    passport: "护照号码",
    "military-id": "军人身份证号码",
    "tax-id": "税号",
    "national-id": "居民身份证号码",
    "financial-account": "银行账号或其他金融账号",
    "payment-card": "支付卡卡号",
    "access-code": "银行卡或账户的密码或安全码",
    "online-credentials": "某个网上账户的用户名和密码",
    password: "密码",
    "security-question": "安全提示问题及其答案",
    medical: "医疗信息",
    "health-insurance": "健康保险信息",
    biometric: "生物识别数据，例如指纹或面部扫描",
    genetic: "基因数据",
    "sex-life": "有关性生活或性取向的信息",
    religion: "宗教信仰或哲学信念",
    "political-opinion": "政治观点",
    "ethnic-origin": "种族或民族出身",
    "trade-union": "工会会员身份",
    "criminal-record": "有关犯罪或定罪的信息",
    location: "位置数据",
    "mothers-maiden-name": "母亲的婚前姓氏",
    "student-record": "学籍记录",
    "employment-record": "工作档案",
    "purchase-history": "购买记录",
    "device-identifier": "设备标识，例如 IP 地址",
    "digital-signature": "电子签名",
    photo: "照片",
    "government-id": "政府签发的其他身份证件号码",
    "tribal-id": "部落身份证号码",
    "student-id": "学号",
    "employee-id": "员工编号",
    "tax-pin": "税务机关的身份保护码",
    "tax-information": "纳税信息",
    "financial-record": "交易、负债或信用记录",
    "electronic-identifier": "金融账户的电子标识或路由代码",
    "security-token": "用于登录的安全令牌或共享密钥",
    "private-key": "代表您签名或解密的私钥",
    "birth-certificate": "出生证明",
    "marriage-certificate": "结婚证",
    "licence-plate": "车牌识别记录，含时间和地点",
    "work-evaluation": "工作评价",
    "call-records": "通话记录和服务使用记录",
    other: "您提供给我们的其他信息",
  },
  ru: {
    name: "имя",
    "email-address": "адрес электронной почты",
    "phone-number": "номер телефона",
    "postal-address": "почтовый адрес",
    "date-of-birth": "дата рождения",
    ssn: "номер социального страхования (SSN)",
    "drivers-licence": "номер водительского удостоверения",
    "state-id": "номер удостоверения личности, выданного штатом",
    passport: "номер паспорта",
    "military-id": "номер военного удостоверения личности",
    "tax-id": "номер налогоплательщика",
    "national-id": "номер национального удостоверения личности",
    "financial-account": "номер банковского или другого финансового счёта",
    "payment-card": "номер платёжной карты",
    "access-code": "ПИН-код или код безопасности карты или счёта",
    "online-credentials": "имя пользователя и пароль от учётной записи в интернете",
    password: "пароль",
    "security-question": "контрольный вопрос и ответ на него",
    medical: "медицинские сведения",
    "health-insurance": "сведения о медицинской страховке",
    biometric: "биометрические данные, например отпечаток пальца или скан лица",
    genetic: "генетические данные",
    "sex-life": "сведения о половой жизни или сексуальной ориентации",
    religion: "религиозные или философские убеждения",
    "political-opinion": "политические взгляды",
    "ethnic-origin": "расовое или этническое происхождение",
    "trade-union": "членство в профсоюзе",
    "criminal-record": "сведения о правонарушениях или судимости",
    location: "данные о местоположении",
    "mothers-maiden-name": "девичья фамилия матери",
    "student-record": "сведения об учёбе",
    "employment-record": "сведения о работе",
    "purchase-history": "история покупок",
    "device-identifier": "идентификатор устройства, например IP-адрес",
    "digital-signature": "электронная подпись",
    photo: "фотография",
    "government-id": "номер другого удостоверения, выданного государством",
    "tribal-id": "номер удостоверения члена племени",
    "student-id": "номер студенческого билета",
    "employee-id": "табельный номер",
    "tax-pin": "ПИН-код защиты личности от налоговой службы",
    "tax-information": "сведения о налогах",
    "financial-record": "сведения о платежах, долгах или кредитной истории",
    "electronic-identifier": "электронный идентификатор или маршрутный код финансового счёта",
    "security-token": "токен или общий секрет для входа",
    "private-key": "закрытый ключ для подписи или расшифровки от вашего имени",
    "birth-certificate": "свидетельство о рождении",
    "marriage-certificate": "свидетельство о браке",
    "licence-plate": "запись о проезде с номером автомобиля, временем и местом",
    "work-evaluation": "оценка вашей работы",
    "call-records": "сведения о звонках и об использовании услуг связи",
    other: "другие сведения, которые вы нам сообщили",
  },
};
