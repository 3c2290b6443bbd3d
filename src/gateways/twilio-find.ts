import { z } from "zod";

import type { FoundSms, SmsGateway } from "../context.ts";
import { twilioStatus } from "../domain/receipt/twilio.ts";

export interface FindSettings {
  readonly accountSid: string;
  readonly authToken: string;
  readonly base: URL;
}

/**
 * Look for an SMS in Twilio's list of messages to one number
 * (https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources).
 * The list can be filtered by the day on which a message was sent, but one that waits in Twilio's
 * queue has no such day yet, so the newest of all are read and told apart here. Twilio does not
 * say where a message reports to, so that is no means to know it by.
 */
export function createFind(settings: FindSettings): NonNullable<SmsGateway["find"]> {
  const { accountSid, authToken, base } = settings;
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const path = `${base.pathname.replace(/\/+$/, "")}/2010-04-01/Accounts/${accountSid}/Messages.json`;

  return async ({ to, from, until }) => {
    const url = new URL(path, base);
    url.searchParams.set("To", to);
    url.searchParams.set("PageSize", String(PAGE));
    const listed = (await read(url, credentials, List))?.messages;
    if (!listed) return "unanswered";
    const oldest = listed.at(-1)?.date_created;
    if (listed.length === PAGE && oldest && oldest >= from) return "too-many";
    return listed
      .filter(({ date_created: at }) => at >= from && at <= until)
      .map((found): FoundSms => ({
        reference: found.sid,
        text: found.body,
        status: twilioStatus(found.status),
        code: found.error_code === null ? null : String(found.error_code),
      }));
  };
}

/**
 * Ask for one SMS by its name
 * (https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource).
 */
export function createRead(settings: FindSettings): NonNullable<SmsGateway["read"]> {
  const { accountSid, authToken, base } = settings;
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const path = `${base.pathname.replace(/\/+$/, "")}/2010-04-01/Accounts/${accountSid}/Messages`;

  return async (reference) => {
    const url = new URL(`${path}/${encodeURIComponent(reference)}.json`, base);
    const found = await read(url, credentials, Fate);
    if (found?.sid !== reference) return "unanswered";
    return {
      status: found.status,
      code: found.error_code === null ? null : String(found.error_code),
    };
  };
}

/** Asking twice costs nothing, so any failure is no answer. */
async function read<T extends z.ZodType>(url: URL, credentials: string, schema: T) {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Basic ${credentials}` },
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return response.ok ? schema.parse(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

const Fate = z.object({
  sid: z.string().regex(/^(SM|MM)[0-9a-f]{32}$/i),
  status: z.string(),
  error_code: z.number().nullable().default(null),
});

const List = z.object({
  messages: z.array(
    Fate.extend({
      body: z
        .string()
        .nullish()
        .transform((text) => text ?? ""),
      /** RFC 2822. */
      date_created: z.string().transform((text) => new Date(text)),
    }),
  ),
});

const PAGE = 100;
const PATIENCE_MS = 10_000;
