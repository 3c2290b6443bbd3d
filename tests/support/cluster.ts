import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

import { freePort, LOOPBACK } from "../../src/dev/process.ts";

/** A Redis Cluster of three servers on loopback, each with a third of the slots. */
export interface RedisCluster {
  /** All three addresses, with commas. */
  readonly url: string;
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

export async function startCluster(): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), "candor-cluster-"));
  const ports = [await clusterPort(), await clusterPort(), await clusterPort()];
  const children = await Promise.all(ports.map((port) => startNode(join(folder, `${port}`), port)));
  const nodes = ports.map((port) => new Redis(port, LOOPBACK, { maxRetriesPerRequest: null }));
  for (const node of nodes) node.on("error", () => {});
  try {
    await united(nodes, ports);
  } finally {
    for (const node of nodes) node.disconnect();
  }
  return {
    url: ports.map((port) => `redis://${LOOPBACK}:${port}`).join(","),
    ports,
    async stop() {
      await Promise.all(children.map(ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The nodes talk to each other 10,000 ports higher. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port < 55_000) return port;
  }
}

async function startNode(folder: string, port: number): Promise<ChildProcess> {
  await mkdir(folder, { recursive: true });
  const given = ["--bind", LOOPBACK, "--port", String(port), "--dir", folder, "--save", ""];
  const cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  return spawn("redis-server", [...given, ...cluster], { stdio: "ignore" });
}

async function united(nodes: readonly Redis[], ports: readonly number[]): Promise<void> {
  for (const [i, node] of nodes.entries()) {
    const from = Math.floor((i * SLOTS) / nodes.length);
    const to = Math.floor(((i + 1) * SLOTS) / nodes.length) - 1;
    await node.call("CLUSTER", "ADDSLOTSRANGE", from, to);
    if (i > 0) await node.call("CLUSTER", "MEET", LOOPBACK, ports[0] ?? 0);
  }
  for (const node of nodes)
    while (!String(await node.call("CLUSTER", "INFO")).includes("cluster_state:ok"))
      await sleep(50);
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => void child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

const SLOTS = 16_384;
