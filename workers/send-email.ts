import { sendSlice } from "../src/actions/delivery/send.ts";
import type { Sender } from "../src/actions/delivery/send.ts";
import { JOBS } from "../src/jobs.ts";
import { defineWorker } from "./define.ts";

/** Slices overlap, so that the end of one leaves no connection idle; slots are the real limit. */
export const sendEmail = (sender: Sender) =>
  defineWorker("email-smtp", {
    data: JOBS["email-smtp"],
    concurrency: 2,
    run: (ctx, { sliceId }) => sendSlice(ctx, sender, sliceId),
  });
