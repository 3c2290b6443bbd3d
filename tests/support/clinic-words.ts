import type { NewUpdate, Told } from "../../src/domain/publication.ts";
import type { Revision } from "../../src/domain/scope.ts";

// What an invented clinic knows and tells about an intrusion, in three languages.

const ZONE = "America/New_York";
const at = (text: string) => ({ at: new Date(text), zone: ZONE, precision: "hour" as const });

/** The facts behind the first report. A line that is always staffed, and one that sleeps. */
export const FINDINGS: Revision["facts"] = {
  dataElements: [
    { element: "name", state: "confirmed" },
    { element: "email-address", state: "confirmed" },
    { element: "date-of-birth", state: "confirmed" },
    { element: "ssn", state: "suspected" },
    { element: "medical", state: "suspected" },
    { element: "health-insurance", state: "confirmed" },
    { element: "payment-card", state: "ruled-out" },
  ],
  occurredFrom: at("2026-02-26T19:00:00Z"),
  discoveredAt: at("2026-03-01T13:30:00Z"),
  containedAt: at("2026-03-01T16:00:00Z"),
  place: "The appointment system of our clinic in Springfield",
  how: "Somebody signed in with a stolen password of a former employee.",
  whatWeDo:
    "We closed the account, told the police, and have an outside laboratory look at every system it could reach.",
  actions: ["Hang up on anyone who calls about this and asks for a number or a password."],
  contactLines: [
    {
      kind: "phone",
      value: "+1 202 555 0164",
      hours: "every day",
      open: [{ days: [1, 2, 3, 4, 5, 6, 7], from: "08:00", to: "20:00" }],
      zone: ZONE,
    },
    {
      kind: "phone",
      value: "+1 202 555 0187",
      hours: "weekday evenings",
      open: [{ days: [1, 2, 3, 4, 5], from: "18:00", to: "22:00" }],
      zone: ZONE,
    },
    { kind: "email", value: "help@larkspur.example.org" },
    { kind: "post", value: "Larkspur Clinic, 12 Example Road, Springfield" },
  ],
  translations: {
    zh: {
      place: "我们斯普林菲尔德诊所的预约系统",
      how: "有人使用一名前员工被盗的密码登录。",
      whatWeDo: "我们已关闭该账号并报警，并请外部实验室检查它能接触到的每一个系统。",
      actions: ["如果有人为此事打来电话，索要号码或密码，请直接挂断。"],
    },
    ru: {
      place: "Система записи на приём в нашей клинике в Спрингфилде",
      how: "Кто-то вошёл с украденным паролем бывшего сотрудника.",
      whatWeDo:
        "Мы закрыли эту учётную запись, сообщили в полицию и поручили сторонней лаборатории проверить все системы, до которых она могла дотянуться.",
      actions: ["Если вам звонят об этом и спрашивают номер или пароль, кладите трубку."],
    },
  },
};

const told = (title: string, body: string, faq: Told["faq"] = []): Told => ({ title, body, faq });

/** Every kind of update but the closing one, the oldest first. The third corrects the second. */
export const UPDATES: readonly Pick<NewUpdate, "kind" | "languages">[] = [
  {
    kind: "initial",
    languages: {
      en: told(
        "Somebody broke into our appointment system",
        "On Sunday, 1 March, we found that somebody had been in our appointment system with a stolen password. We locked them out within three hours.\n\nWe do not yet know everything. We write here what we find out, **good or bad**.",
      ),
      zh: told(
        "有人侵入了我们的预约系统",
        "3 月 1 日星期日，我们发现有人用盗来的密码进入了我们的预约系统。我们在三小时内将其阻断。\n\n目前我们还没有弄清全部情况。无论**好坏**，查明的结果都会写在这里。",
      ),
      ru: told(
        "Кто-то проник в нашу систему записи на приём",
        "В воскресенье, 1 марта, мы обнаружили, что кто-то вошёл в нашу систему записи на приём с украденным паролем. За три часа мы закрыли ему доступ.\n\nМы пока знаем не всё. Обо всём, что выясним, — **хорошем и плохом** — мы напишем здесь.",
      ),
    },
  },
  {
    kind: "update",
    languages: {
      en: told(
        "Whom it concerns",
        "The laboratory has looked at half of the system. It concerns people who made an appointment **since 2023**.",
      ),
      zh: told("涉及哪些人", "实验室已检查了系统的一半。涉及的是**2023 年以来**预约过的人。"),
      ru: told(
        "Кого это касается",
        "Лаборатория проверила половину системы. Это касается тех, кто записывался на приём **с 2023 года**.",
      ),
    },
  },
  {
    kind: "correction",
    languages: {
      en: told(
        "It concerns more people than we wrote",
        "We wrote that it concerns appointments since 2023. That was wrong: it concerns appointments **since 2021**. We have written to everyone whom we had not told.",
      ),
      zh: told(
        "涉及的人比我们之前所写的多",
        "我们曾写道涉及 2023 年以来的预约。这是错误的：实际涉及**2021 年以来**的预约。我们已致函此前尚未通知的每一个人。",
      ),
      ru: told(
        "Это касается большего числа людей, чем мы писали",
        "Мы писали, что это касается записей с 2023 года. Это было ошибкой: речь о записях **с 2021 года**. Мы написали всем, кому ещё не сообщили.",
      ),
    },
  },
  {
    kind: "policy-change",
    languages: {
      en: told(
        "What we do differently from now on",
        "- Every sign-in of our staff needs a second step.\n- Accounts of people who leave us are closed on the same day.\n- Appointments older than two years are deleted.",
      ),
      zh: told(
        "我们从现在起的做法有何不同",
        "- 员工每次登录都需要第二步验证。\n- 员工离职当天即关闭其账号。\n- 两年以前的预约记录将被删除。",
      ),
      ru: told(
        "Что мы теперь делаем иначе",
        "- Каждый вход сотрудников требует второго шага.\n- Учётные записи уходящих сотрудников закрываются в тот же день.\n- Записи на приём старше двух лет удаляются.",
      ),
    },
  },
  {
    kind: "question-hour",
    languages: {
      en: told(
        "Ask us on Friday",
        "On Friday our head of privacy and two doctors answer the telephone themselves, on the line below. Ask whatever you want to know.",
        [
          {
            question: "Can somebody get treatment in my name?",
            answer:
              "It can happen. Read the statements of your health insurer, and tell them of any visit that was not yours.",
          },
          {
            question: "Do I need a new insurance card?",
            answer: "Not now. Your insurer knows, and watches for claims that are not yours.",
          },
          {
            question: "Why did you have my Social Security number?",
            answer:
              "Some insurers asked us for it until 2022. We no longer ask for it and are deleting what we have.",
          },
        ],
      ),
      zh: told(
        "请在星期五向我们提问",
        "星期五，我们的隐私负责人和两位医生将亲自接听下方的热线电话。您想了解什么，都可以问。",
        [
          {
            question: "会有人冒用我的名字看病吗？",
            answer:
              "有这种可能。请查看医疗保险公司寄来的账单，如果有不是您本人的就诊，请告诉他们。",
          },
          {
            question: "我需要换新的医保卡吗？",
            answer: "现在不需要。您的保险公司已经知情，并在留意不属于您的理赔申请。",
          },
          {
            question: "你们为什么有我的社会保障号码？",
            answer:
              "2022 年以前，有些保险公司要求我们提供。我们现在不再索取，并正在删除已有的号码。",
          },
        ],
      ),
      ru: told(
        "Спросите нас в пятницу",
        "В пятницу руководитель службы защиты данных и два врача сами ответят по телефону, указанному ниже. Спрашивайте обо всём, что хотите знать.",
        [
          {
            question: "Может ли кто-то лечиться под моим именем?",
            answer:
              "Такое бывает. Читайте выписки вашей медицинской страховой компании и сообщите ей о визитах, которых не было.",
          },
          {
            question: "Нужна ли мне новая страховая карточка?",
            answer:
              "Пока нет. Страховая компания знает о случившемся и следит за чужими обращениями.",
          },
          {
            question: "Почему у вас был мой номер социального страхования?",
            answer:
              "До 2022 года его требовали некоторые страховые компании. Мы больше его не спрашиваем и удаляем то, что есть.",
          },
        ],
      ),
    },
  },
];

/** When staff answer at once. */
export const QUESTION_HOUR = {
  startsAt: new Date("2026-03-06T21:00:00Z"),
  endsAt: new Date("2026-03-06T23:00:00Z"),
  zone: ZONE,
};

/** What the laboratory found in the end: more is sure, and some is not so. */
export const LATER = FINDINGS.dataElements?.map(({ element, state }) => ({
  element,
  state:
    element === "medical"
      ? ("ruled-out" as const)
      : element === "ssn"
        ? ("confirmed" as const)
        : state,
}));
