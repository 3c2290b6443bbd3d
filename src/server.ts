import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { parseArgs } from "node:util";

import { readLaw } from "./actions/obligation/assess.ts";
import { witness } from "./actions/recovery/witness.ts";
import { compose, composeDoor, usableConfig } from "./compose.ts";
import { ConfigError, readConfig, readDoorConfig } from "./config.ts";
import type { Context, DoorContext } from "./context.ts";
import { openRedis, readyWithin } from "./gateways/redis.ts";
import { witnessPlaces } from "./gateways/witness.ts";
import { createApp, createPublicApp } from "./http/app.ts";
import type { Door } from "./http/app.ts";

/**
 * The web process: `node src/server.ts [--door console|public] [--check-config]`.
 * SIGTERM stops listening and lets open requests finish; a second one, or 25 seconds, ends it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { door: { type: "string", default: "both" }, "check-config": { type: "boolean" } },
  });
  const door = DOORS.find((known) => known === values.door);
  if (!door) throw new ConfigError(["--door: use console, public or both."]);
  const read = door === "public" ? readDoorConfig : readConfig;
  if (values["check-config"]) {
    read(process.env);
    return void process.stdout.write("The settings are usable.\n");
  }

  const { app, ctx, close, listening } = await opened(door);
  drainOnSignal(await listen(ctx, app, door), ctx, close);
  setImmediate(listening);
}

/** The public door holds no key: it is composed of less. */
async function opened(door: Door) {
  if (door === "public") {
    const { ctx, close } = await composeDoor(readDoorConfig(process.env));
    return { app: createPublicApp(ctx), ctx, close, listening: () => {} };
  }
  const { ctx, close } = await compose(await usableConfig(process.env), `web-${door}`);
  await look(ctx);
  return { app: createApp(ctx, door), ctx, close, listening: () => readLaw(ctx) };
}

/** A database restored from a backup is found out before anybody starts a wave on it. */
async function look(ctx: Context): Promise<void> {
  const redis = openRedis(ctx.config.REDIS_URL, true);
  try {
    await readyWithin(redis, REDIS_MS_MAX);
    const { locked } = await witness(ctx, witnessPlaces(redis, ctx.config.WITNESS_FILE));
    if (locked) ctx.log.error("sending is locked; `candor queue status` says why");
  } finally {
    redis.disconnect();
  }
}

async function listen(ctx: DoorContext, app: RequestListener, door: Door): Promise<Server> {
  const server = createServer(LIMITS, app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(ctx.config.PORT, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  ctx.log.info({ door, port }, "listening");
  return server;
}

function drainOnSignal(server: Server, ctx: DoorContext, close: () => Promise<void>): void {
  let draining = false;
  const stop = () => {
    if (draining) process.exit(1);
    draining = true;
    ctx.log.info("draining");
    setTimeout(() => process.exit(1), DRAIN_MS_MAX).unref();
    // A connection that is kept alive becomes idle only after its answer.
    const idle = setInterval(() => server.closeIdleConnections(), 100);
    server.close(() => {
      clearInterval(idle);
      close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

const DOORS = ["console", "public", "both"] as const satisfies readonly Door[];
const DRAIN_MS_MAX = 25_000;
const REDIS_MS_MAX = 5_000;
/** Headers come at once; an upload of a million rows over a slow line may take half an hour. */
const LIMITS = { headersTimeout: 15_000, requestTimeout: 30 * 60_000, maxHeaderSize: 16_384 };

/** What may be said of an unexpected error: messages may quote settings and their secrets. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "Candor could not start.";
  return `Candor could not start: ${error.name} ${"code" in error ? String(error.code) : ""}`;
}

main().catch((error: unknown) => {
  const text = error instanceof ConfigError ? error.message : describe(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
