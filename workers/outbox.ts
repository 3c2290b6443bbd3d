import { importUpload } from "../src/actions/audience.ts";
import { makeBatch } from "../src/actions/delivery/letter-make.ts";
import { ownWords } from "../src/actions/feedback/own.ts";
import { destroyKey } from "../src/actions/feedback/release.ts";
import { keepCodes } from "../src/actions/inquiry/code.ts";
import { handleIntake } from "../src/actions/intake.ts";
import { runDelta } from "../src/actions/notice/delta.ts";
import { handle } from "../src/actions/outbox.ts";
import { writeSite } from "../src/actions/publication/site.ts";
import { tellSubscribers } from "../src/actions/subscription/tell.ts";
import { onScopeRevised } from "../src/actions/wave.ts";
import type { Context } from "../src/context.ts";
import { JOBS } from "../src/jobs.ts";
import { defineWorker } from "./define.ts";
import { INTAKE_HANDLERS } from "./intake.ts";

/**
 * Later stages hear of earlier ones here. Imports and letters take minutes; a one-time code must
 * not wait behind them.
 */
export const handleOutbox = defineWorker("outbox", {
  data: JOBS.outbox,
  concurrency: 4,
  run: (ctx, { outboxId }) => handle(ctx, handlers(ctx), outboxId),
});

function handlers(ctx: Context) {
  return {
    "upload.import": ({ uploadId = "" }, keepAlive: () => Promise<void>) =>
      importUpload(ctx, uploadId, keepAlive),
    "audience.frozen": ({ incidentId = "", audienceId = "" }) =>
      keepCodes(ctx, { incidentId, audienceId }),
    "audiences.compare": ({ incidentId = "", deltaId = "", drafts = "" }, keepAlive) =>
      runDelta(ctx, { incidentId, deltaId, drafts }, keepAlive),
    "intake.received": ({ intakeId = "" }) => handleIntake(ctx, INTAKE_HANDLERS, intakeId),
    "letters.make": ({ incidentId = "", waveId = "", batchId = "" }, keepAlive) =>
      makeBatch(ctx, { incidentId, waveId, batchId }, { own: ownWords, keepAlive }),
    "scope.revised": ({ incidentId = "" }) => onScopeRevised(ctx, { incidentId }),
    "publication.published": async ({ incidentId = "", updateId = "" }, keepAlive) => {
      await writeSite(ctx);
      await tellSubscribers(ctx, { incidentId, updateId }, keepAlive);
    },
    "survey.finished": ({ surveyId = "" }) => destroyKey(ctx, surveyId),
  } satisfies Parameters<typeof handle>[1];
}
