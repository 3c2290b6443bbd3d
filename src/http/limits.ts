import type { Request, Response } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

import { refuse } from "../domain/refusal.ts";

/**
 * Counts guesses per process and refuses `too-many-requests` above the limit. Only what was
 * wrong is counted, so nobody can lock out a person whose token is right.
 */
export interface GuessLimits {
  /** A token that never was: 5 in 15 minutes per beginning of the token, 20 per address. */
  token(req: Request, res: Response, token: string): Promise<void>;
  /** An invitation that does not work: 10 in 15 minutes per address. */
  invitation(req: Request, res: Response): Promise<void>;
}

export function createLimits(): GuessLimits {
  const perToken = new RateLimiterMemory({ points: 5, duration: WINDOW_SECONDS });
  const perAddress = new RateLimiterMemory({ points: 20, duration: WINDOW_SECONDS });
  const perInvitee = new RateLimiterMemory({ points: 10, duration: WINDOW_SECONDS });
  return {
    async token(req, res, token) {
      await count(perAddress, addressOf(req), res);
      await count(perToken, token.slice(0, TOKEN_BEGINNING), res);
    },
    invitation: (req, res) => count(perInvitee, addressOf(req), res),
  };
}

async function count(limiter: RateLimiterMemory, key: string, res: Response): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    res.set("Retry-After", String(Math.ceil(error.msBeforeNext / 1_000)));
    refuse("too-many-requests", "Too many wrong tries. Wait before the next one.");
  }
}

/** IPv6 callers own a whole /64, so they are counted by it. */
function addressOf(req: Request): string {
  const ip = req.ip ?? "unknown";
  return ip.includes(":") && !ip.startsWith("::ffff:") ? ip.split(":").slice(0, 4).join(":") : ip;
}

const WINDOW_SECONDS = 15 * 60;
/** The prefix `cnt_` and eight characters: enough to tell tokens apart, too few to be one. */
const TOKEN_BEGINNING = 12;
