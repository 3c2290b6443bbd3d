import { Worker } from "bullmq";
import type { ConnectionOptions } from "bullmq";
import type { z } from "zod";

import type { Context } from "../src/context.ts";
import { PREFIX } from "../src/jobs.ts";
import type { JobName } from "../src/jobs.ts";

interface Definition<T extends z.ZodType> {
  readonly data: T;
  /** Jobs at a time in one process. */
  readonly concurrency: number;
  readonly run: (ctx: Context, data: z.output<T>) => Promise<void>;
}

/** A worker is a name, a limit and one call into `src/actions`. */
export function defineWorker<T extends z.ZodType>(
  name: JobName,
  { data, concurrency, run }: Definition<T>,
) {
  return (ctx: Context, connection: ConnectionOptions): Worker => {
    const options = { connection, prefix: PREFIX, concurrency, ...LOCKS };
    const worker = new Worker(name, (job) => run(ctx, data.parse(job.data)), options);
    worker.on("failed", (job, err) =>
      ctx.log.error({ err, queue: name, job: job?.id }, "a job failed"),
    );
    worker.on("error", (err) => ctx.log.warn({ err, queue: name }, "queue trouble"));
    return worker;
  };
}

/** A stalled job is run again as often as it takes: rows are fenced, so nothing is sent twice. */
const LOCKS = { lockDuration: 15_000, stalledInterval: 5_000, maxStalledCount: 1_000 };
