import { z } from "zod";

import { customer } from "./customer.ts";
import type { Customer, Page } from "./customer.ts";
import type { Mark, Post } from "./post.ts";
import { from, until } from "./scene.ts";
import type { Scene } from "./scene.ts";

export interface Inquiries {
  readonly asked: number;
  readonly answered: number;
}

/**
 * Somebody opens *my notice* with the code in their mail, asks, is answered, and comes back to
 * read it. `since` is where the mail of the first wave begins.
 */
export async function askAndAnswer(
  scene: Scene,
  incidentId: string,
  { post, since, publicUrl }: { post: Post; since: Mark; publicUrl: string },
): Promise<Inquiries> {
  const { cast, screen } = scene;
  screen?.begin("A customer opens their notice with two codes and asks a question");
  const mail = await post.mail(since, FIRST_FEW);
  const told = mail.find(({ to, text }) => ENGLISH.test(text) && alone(to, mail));
  if (!told) throw new Error("Nobody got a notice in English.");
  const who = { ...told, post, publicUrl };
  const visitor = await enter(who);
  const asked = await visitor.send("/my/notice/ask", { kind: "question", text: QUESTION });
  if (!(await shown(visitor, asked)).includes(QUESTION)) throw new Error("Nobody took it.");

  screen?.begin("Staff write the answer, another approves it, and the customer reads it");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/inquiries`;
  const { inquiries } = await client.get(base, Queue);
  const [line] = inquiries;
  if (!line) throw new Error("The question is not in the queue.");
  const path = `${base}/${line.id}`;
  await client.post(`${path}/open`, {}, z.unknown(), { once: true });
  const body = { version: line.version, text: ANSWER };
  const { version } = await client.post(`${path}/answer`, body, Versioned);
  const [approver] = from(cast.approvers, 4);
  const totp = await approver?.code();
  await approver?.client.post(`${path}/approve`, { version }, z.unknown(), totp ? { totp } : {});

  const again = await enter(who);
  const answered = (await shown(again)).includes(ANSWER);
  await again.send("/my/leave", {});
  return { asked: inquiries.length, answered: answered ? 1 : 0 };
}

interface Who {
  readonly to: string;
  readonly text: string;
  readonly post: Post;
  readonly publicUrl: string;
}

/** Both codes, typed as a person would. */
async function enter({ to, text, post, publicUrl }: Who): Promise<Customer> {
  const visitor = customer(publicUrl, 0);
  const before = post.mark();
  await visitor.send("/my", { code: PERSONAL_CODE.exec(text)?.[0] ?? "" });
  const code = await post.awaited(before, to, ONE_TIME_CODE);
  await visitor.send("/my/code", { code });
  return visitor;
}

/** The page, once a worker has answered. */
function shown(visitor: Customer, page?: Page): Promise<string> {
  let last = page;
  return until(async () => {
    last ??= await visitor.look("/my/notice");
    const { html } = last;
    last = undefined;
    return html.includes('id="inquiries"') ? html : undefined;
  });
}

/** Couples share a mailbox; somebody else's code could be the newer one there. */
function alone(address: string, mail: readonly { to: string }[]): boolean {
  return mail.filter(({ to }) => to === address).length === 1;
}

/** Written a second time in `scripts/check-words.mjs`. */
const QUESTION = "Was the record of my daughter in there too? She has a number of her own.";
const ANSWER =
  "The record of your daughter was on another server, which nobody reached. You need do nothing.";
const FIRST_FEW = 200;
const ENGLISH = /^Dear /m;
const PERSONAL_CODE = /\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/;
const ONE_TIME_CODE = /\b\d{4} \d{4}\b/;
const Versioned = z.object({ version: z.int() });
const Queue = z.object({ inquiries: z.array(Versioned.extend({ id: z.uuid() })) });
