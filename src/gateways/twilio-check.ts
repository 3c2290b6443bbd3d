import { z } from "zod";

import type { ProviderCheck, SmsGateway } from "../context.ts";
import type { FindSettings } from "./twilio-find.ts";

/**
 * Ask Twilio for the account itself
 * (https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource): whether it answers, lets
 * us in, and is not suspended or closed.
 */
export function createCheck(settings: FindSettings): NonNullable<SmsGateway["check"]> {
  const { accountSid, authToken, base } = settings;
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const path = `${base.pathname.replace(/\/+$/, "")}/2010-04-01/Accounts/${accountSid}.json`;

  return async () => {
    const answer = await answerOf(new URL(path, base), credentials);
    return { name: "twilio", answer };
  };
}

async function answerOf(url: URL, credentials: string): Promise<ProviderCheck["answer"]> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Basic ${credentials}` },
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status >= 400 && response.status < 500) return "refuses";
    if (!response.ok) return "unreachable";
    return Account.parse(await response.json()).status === "active" ? "lets-in" : "refuses";
  } catch {
    return "unreachable";
  }
}

const Account = z.object({ status: z.string() });
const PATIENCE_MS = 8_000;
