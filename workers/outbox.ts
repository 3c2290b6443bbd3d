import { importUpload } from "../src/actions/audience.ts";
import { handle } from "../src/actions/outbox.ts";
import { onScopeRevised } from "../src/actions/wave.ts";
import type { Context } from "../src/context.ts";
import { JOBS } from "../src/jobs.ts";
import { defineWorker } from "./define.ts";

/** Later stages hear of earlier ones here. */
export const handleOutbox = defineWorker("outbox", {
  data: JOBS.outbox,
  concurrency: 2,
  run: (ctx, { outboxId }) => handle(ctx, handlers(ctx), outboxId),
});

function handlers(ctx: Context) {
  return {
    "upload.import": ({ uploadId = "" }, keepAlive: () => Promise<void>) =>
      importUpload(ctx, uploadId, keepAlive),
    "scope.revised": ({ incidentId = "" }) => onScopeRevised(ctx, { incidentId }),
  } satisfies Parameters<typeof handle>[1];
}
