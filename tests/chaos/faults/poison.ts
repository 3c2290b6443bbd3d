import { Queue } from "bullmq";

import { PREFIX } from "../../../src/jobs.ts";
import { until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { states } from "../../support/wave.ts";
import { must, requireAllAccepted, settledSoundly } from "../acts.ts";
import { caught } from "../checker.ts";
import { startWave } from "../lab.ts";
import type { Fault } from "../lab.ts";

/** Work that always fails. */
export const POISON_FAULTS: readonly Fault[] = [
  {
    number: "29",
    name: "the stored text of a wave was changed by force and cannot be rendered",
    expected: "nothing of it is sent and its wave stops; the others go on",
    async run(lab) {
      const f = await lab.fleet();
      const [poisoned, sound] = [await startWave(lab, f, 50), await startWave(lab, f)];
      await f.w.sql.begin(async (tx) => {
        await tx`set local session_replication_role = replica`;
        await tx`
          update notice_version v
             set languages = replace(v.languages::text, '{{', '{{#if nothing}}{{')::jsonb
            from wave w where w.id = ${poisoned.waveId} and v.id = w.notice_version_id`;
      });
      await Promise.all([f.worker(), f.worker()]);
      const checked = await settledSoundly(f, [sound]);
      requireAllAccepted(checked);
      await until(
        "its wave stands",
        async () => (await stoppedBy(f, poisoned.waveId)) === "breaker",
      );
      const sent = caught(f)().filter((to) => to.startsWith(`${poisoned.prefix}-`)).length;
      must(sent === 0, `${sent} got a text that nobody approved.`);
      const stands = JSON.stringify(await states(f.w, poisoned.waveId));
      return {
        outcome: `none of the poisoned wave sent (${stands}); the other is complete`,
        checked,
      };
    },
  },
  {
    number: "30",
    name: "jobs that always throw",
    expected: "bounded tries, then parked with a reason; the queue flows",
    async run(lab) {
      const f = await lab.fleet();
      const ids = { incidentId: "none", waveId: "none", batchId: "none" };
      await f.w.sql`insert into outbox (kind, ids) values ('letters.make', ${f.w.sql.json(ids)})`;
      const queue = new Queue("email-smtp", { connection: { url: f.redis.url }, prefix: PREFIX });
      for (const sliceId of ["nonsense", "", 7, null])
        await queue.add("email-smtp", { sliceId }, { priority: 1 });
      await queue.close();
      const running = await startWave(lab, f);
      await Promise.all([f.worker(), f.worker()]);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      await until("it is parked", async () => {
        // The time between two tries passes at once.
        await f.w.sql`
          update outbox set handed_at = handed_at - interval '1 minute'
           where done_at is null and failures > 0`;
        return (await poisonOf(f)).parked;
      });
      const { failures, code } = await poisonOf(f);
      must(failures <= 20, `It was tried ${failures} times.`);
      must(code !== null, "Nobody can see why.");
      return {
        outcome: `parked after ${failures} tries (${code}); four unreadable jobs harmed nobody`,
        shortened: "the 48 minutes between twenty tries pass at once",
        checked,
      };
    },
  },
];

async function stoppedBy({ w }: Fleet, waveId: string): Promise<string | null> {
  const [row] = await w.sql<{ reason: string | null }[]>`
    select paused_reason as reason from wave where id = ${waveId}`;
  return row?.reason ?? null;
}

async function poisonOf({ w }: Fleet) {
  const [row] = await w.sql<{ failures: number; parked: boolean; code: string | null }[]>`
    select failures, parked_at is not null as parked, parked_code as code
      from outbox where kind = 'letters.make'`;
  return row ?? { failures: 0, parked: false, code: null };
}
