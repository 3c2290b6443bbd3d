import { join } from "node:path";

import type { TestProject } from "vitest/node";

import { runFolder } from "../../src/dev/folder.ts";
import { createDatabase, createFeedbackDatabase, startPostgres } from "../../src/dev/postgres.ts";
import { startRedis } from "../../src/dev/redis.ts";
import { connect } from "../../src/store/db.ts";
import { migrate } from "../../src/store/migrate.ts";

/** Start one set of real servers for the whole run, with a migrated template to clone per world. */
export default async function servers(project: TestProject): Promise<() => Promise<void>> {
  const folder = await runFolder("tests");
  const started = await startServers(folder.path);
  for (const [name, url] of Object.entries(started.urls)) project.provide(name as Named, url);
  project.provide("folder", folder.path);

  return async () => {
    await started.stop();
    await folder.remove();
  };
}

/** The servers of a run in this folder, for speed without durability. */
export async function startServers(folder: string) {
  const [main, keystore, redis] = await Promise.all([
    startPostgres({ folder: join(folder, "main"), fast: true }),
    startPostgres({ folder: join(folder, "keystore"), fast: true }),
    startRedis(join(folder, "redis")),
  ]);
  for (const [server, family] of [
    [main, "main"],
    [keystore, "keystore"],
  ] as const) {
    const sql = connect(await createDatabase(server, TEMPLATE), 1);
    await migrate(sql, family);
    await sql.end();
  }
  const feedbackUrl = await createFeedbackDatabase(main, FEEDBACK_TEMPLATE);
  const feedback = connect(feedbackUrl, 1);
  await migrate(feedback, "feedback");
  await feedback.end();
  const urls = {
    feedbackUrl,
    mainUrl: main.url("postgres"),
    keystoreUrl: keystore.url("postgres"),
    redisUrl: redis.url,
  };
  const stop = async () => void (await Promise.all([main.stop(), keystore.stop(), redis.stop()]));
  return { urls, stop };
}

type Named = keyof Awaited<ReturnType<typeof startServers>>["urls"];

/** The migrated, empty database that every world is a copy of. */
export const TEMPLATE = "candor_template";

/** The same for the answers of surveys, owned by their own role. */
export const FEEDBACK_TEMPLATE = "candor_feedback_template";

declare module "vitest" {
  export interface ProvidedContext {
    mainUrl: string;
    keystoreUrl: string;
    /** The template for answers, under the role that owns them. */
    feedbackUrl: string;
    redisUrl: string;
    folder: string;
  }
}
