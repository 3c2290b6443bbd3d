import pino from "pino";
import type { DestinationStream, Logger, LoggerOptions } from "pino";

export type Log = Logger;

/**
 * The log. It takes ids, codes and counts only: an error is written as its class,
 * code, constraint and stack without its message, because messages quote values.
 */
export function createLog(level: string, part: string, to?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describe },
    redact: { paths: SECRET, censor: "[removed]" },
  };
  return to ? pino(options, to) : pino(options);
}

/** What may be logged of an error. Its class is called `type`, because a `name` may be a person's. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: "unknown" };
  const { code, table_name, constraint_name } = error as Error & Record<string, unknown>;
  const frames = error.stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? [];
  return { type: error.name, code, table_name, constraint_name, stack: frames.slice(0, 12) };
}

const SECRET = ["authorization", "*.authorization", "*.token", "*.email", "*.phone", "*.name"];
