import { z } from "zod";

import { Named } from "../../cli/answers.ts";
import { KINDS } from "../breach.ts";
import type { Breach } from "../breach.ts";
import { approve } from "./wave.ts";
import type { Scene } from "./scene.ts";

/** Give the incident its public page, and publish the first report in three languages. */
export async function publish(scene: Scene, incidentId: string): Promise<string> {
  const { breach, cast, screen } = scene;
  screen?.begin("The public page is drafted, approved by two others and published");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/publication`;
  await client.put(base, { slug: SLUG }, z.unknown());
  const body = { kind: "initial", languages: firstReport(breach) };
  const { id, version } = await client.post(`${base}/updates`, body, Versioned);
  await client.post(`${base}/updates/${id}/submit`, { version }, z.unknown());
  await approve(scene, `${base}/updates/${id}`);
  return `/incidents/${SLUG}`;
}

function firstReport({ kind }: Breach) {
  const { what, whatZh, whatRu } = KINDS[kind];
  return {
    en: {
      title: "What we know about the data breach",
      body: `${what}\n\nWe write to everyone whose records were there. **You do not have to call us to get your notice.**`,
      faq: [
        {
          question: "Can I still get care at the clinic?",
          answer: "Yes. Your appointments stand, and your doctors have your records.",
        },
      ],
    },
    zh: {
      title: "关于数据泄露事件，我们目前了解的情况",
      body: `${whatZh}\n\n我们会写信给档案涉及的每一个人。**您不必打电话来索取通知。**`,
      faq: [
        {
          question: "我还能在诊所看病吗？",
          answer: "可以。您的预约照常有效，医生也能看到您的档案。",
        },
      ],
    },
    ru: {
      title: "Что нам известно об утечке данных",
      body: `${whatRu}\n\nМы пишем каждому, чьи записи там были. **Чтобы получить уведомление, звонить нам не нужно.**`,
      faq: [
        {
          question: "Можно ли и дальше лечиться в клинике?",
          answer: "Да. Записи на приём в силе, и ваши врачи видят вашу карту.",
        },
      ],
    },
  };
}

const SLUG = "patient-records";
const Versioned = Named.extend({ version: z.int() });
