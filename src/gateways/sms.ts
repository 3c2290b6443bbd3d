import twilio from "twilio";

import type { OutgoingSms, SmsGateway } from "../context.ts";
import type { Outcome } from "../domain/delivery.ts";
import { createTransport } from "./twilio.ts";
import type { Call } from "./twilio.ts";
import { createCheck } from "./twilio-check.ts";
import { createFind, createRead } from "./twilio-find.ts";

export interface SmsSettings {
  readonly accountSid: string;
  readonly authToken: string;
  /** A messaging service (`MG…`) or a number of one's own. */
  readonly from: string;
  readonly baseUrl: string;
  readonly connections: number;
}

/**
 * The SMS gateway: Twilio's Messages API, spoken by its SDK over our own transport. Nothing is
 * retried here, because Twilio knows no key that would make a second request the same as the
 * first; what nobody can tell is `unknown`.
 */
export function createSms(settings: SmsSettings): SmsGateway {
  const { accountSid, authToken, from, baseUrl, connections } = settings;
  const base = new URL(baseUrl);
  const transport = createTransport(base, connections);
  const sender = from.startsWith("MG") ? { messagingServiceSid: from } : { from };

  return {
    connections,
    async send({ to, text, statusCallback }: OutgoingSms, mayWrite) {
      let outcome: Outcome | undefined;
      // The SDK makes the request, and knows of its end only that there was one.
      const request = async (made: Made) => {
        outcome = await transport.send(callOf(made, base), mayWrite);
        return { statusCode: 201, body: {}, headers: {} };
      };
      // oxlint-disable-next-line typescript/consistent-type-assertions -- it calls nothing but `request`
      const httpClient = { request } as unknown as Client;
      const client = twilio(accountSid, authToken, { httpClient });
      const message = {
        to,
        body: text,
        ...sender,
        ...(statusCallback !== "" && { statusCallback }),
      };
      await client.messages.create(message).catch(() => {});
      return outcome ?? { kind: "transient", code: "no-request" };
    },
    find: createFind({ accountSid, authToken, base }),
    read: createRead({ accountSid, authToken, base }),
    check: createCheck({ accountSid, authToken, base }),
    close: async () => transport.close(),
  };
}

/** The SDK's request with our origin in the place of Twilio's, as a form. */
function callOf({ method, uri, username, password, headers, data }: Made, base: URL): Call {
  const { pathname } = new URL(uri);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data ?? {}))
    if (typeof value === "string") form.append(name, value);
  const credentials = Buffer.from(`${username}:${password}`).toString("base64");
  return {
    method: method.toUpperCase(),
    url: new URL(base.pathname.replace(/\/+$/, "") + pathname, base),
    headers: { ...headers, authorization: `Basic ${credentials}` },
    body: form.toString(),
  };
}

type Client = NonNullable<NonNullable<Parameters<typeof twilio>[2]>["httpClient"]>;

/** What the SDK hands to its HTTP client. */
interface Made {
  readonly method: string;
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, unknown>>;
}
