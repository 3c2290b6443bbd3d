import type { RequestHandler, Response } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/**
 * Let at most `points` requests through in `seconds`, from whatever network they come: a flood
 * from many networks must not fill the queue that the workers open.
 */
export function inAll(
  { points, seconds }: { readonly points: number; readonly seconds: number },
  busy: (res: Response) => void,
): RequestHandler {
  const limiter = new RateLimiterMemory({ points, duration: seconds });
  return async (_req, res, next) => {
    try {
      await limiter.consume("all");
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      res.set("Retry-After", String(Math.ceil(error.msBeforeNext / 1_000)));
      busy(res);
      return;
    }
    next();
  };
}
