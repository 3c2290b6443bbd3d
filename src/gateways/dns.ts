import { Resolver } from "node:dns/promises";

import type { Dns } from "../context.ts";

/**
 * Look-ups of TXT records, by these servers (`host` or `host:port`) or by the system's. Nothing
 * is cached here: who asks wants to know how it is now.
 */
export function createDns(servers: readonly string[] | undefined): Dns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async txt(name) {
      try {
        const records = await resolver.resolveTxt(name);
        // One record may come in several strings, which are read as one (RFC 7208, 3.3).
        return { kind: "found", records: records.map((strings) => strings.join("")) };
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "error";
        return ABSENT.has(code) ? { kind: "found", records: [] } : { kind: "failed", code };
      }
    },
  };
}

/** There is no such name, or nothing of this kind at it. */
const ABSENT = new Set(["ENOTFOUND", "ENODATA"]);
const TIMEOUT_MS = 1_500;
const TRIES = 2;
