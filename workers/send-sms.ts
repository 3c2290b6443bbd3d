import { sendSlice } from "../src/actions/delivery/send.ts";
import type { Sender } from "../src/actions/delivery/send.ts";
import { JOBS } from "../src/jobs.ts";
import { defineWorker } from "./define.ts";

/** As for e-mail: the slots of the sender are the real limit. */
export const sendSms = (sender: Sender) =>
  defineWorker("sms-twilio", {
    data: JOBS["sms-twilio"],
    concurrency: 2,
    run: (ctx, { sliceId }) => sendSlice(ctx, sender, sliceId),
  });
