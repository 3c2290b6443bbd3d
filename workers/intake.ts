import { onAsk, onPreference, onStop, onStopLink } from "../src/actions/inquiry/act.ts";
import { onLookup } from "../src/actions/inquiry/lookup.ts";
import { onCode, onOneTimeCode } from "../src/actions/inquiry/visit.ts";
import type { IntakeHandlers } from "../src/actions/intake.ts";
import { onAsked } from "../src/actions/subscription.ts";
import { onSmsWish } from "../src/actions/receipt.ts";

/** Each kind of thing that people send us through the public door, and the action for it. */
export const INTAKE_HANDLERS: IntakeHandlers = {
  "sms.wish": onSmsWish,
  "visit.code": onCode,
  "visit.one-time-code": onOneTimeCode,
  "visit.preference": onPreference,
  "visit.stop": onStop,
  "visit.ask": onAsk,
  "stop.asked": onStopLink,
  "lookup.asked": onLookup,
  "subscription.asked": onAsked,
};
