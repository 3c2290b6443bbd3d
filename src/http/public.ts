import type { Router } from "express";

import type { DoorContext } from "../context.ts";
import { callbackPage } from "./public/callback.ts";
import { checkPage } from "./public/check.ts";
import { eventPages } from "./public/events.ts";
import { incidentPages } from "./public/incident.ts";
import { lookupPage } from "./public/lookup.ts";
import { myPages } from "./public/my.ts";
import { stopPage } from "./public/stop.ts";
import { subscriptionPages } from "./public/subscription.ts";
import { surveyPages } from "./public/survey.ts";

/** Every page of the public door, each a function of what that door has. They ask for no token. */
export const PUBLIC_PAGES: readonly ((ctx: DoorContext) => Router)[] = [
  callbackPage,
  (ctx) => eventPages(ctx),
  checkPage,
  incidentPages,
  subscriptionPages,
  myPages,
  lookupPage,
  stopPage,
  surveyPages,
];
