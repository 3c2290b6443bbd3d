import { setTimeout as sleep } from "node:timers/promises";

import type { Breach } from "../breach.ts";
import type { Member } from "../cast.ts";
import type { Screen } from "../screen.ts";

/** Who plays, what happened, and the people file. */
export interface Scene {
  readonly breach: Breach;
  readonly file: string;
  readonly cast: { readonly responder: Member; readonly approvers: readonly Member[] };
  readonly screen?: Screen;
  /** How many rows the file has, for the bar. */
  readonly rows?: number;
  /** Told now and then how far the first wave is; the story waits for it. */
  readonly onProgress?: (done: number, total: number) => Promise<void>;
}

/** Look again and again until there is something to see. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(LOOK_MS);
  }
}

/** The approvers from the `n`th on: an authenticator shows each of them a code every 30 seconds. */
export function from(approvers: readonly Member[], n: number): readonly Member[] {
  const at = n % Math.max(approvers.length, 1);
  return [...approvers.slice(at), ...approvers.slice(0, at)];
}

const LOOK_MS = 200;
