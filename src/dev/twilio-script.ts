/** What happens to one request to the fake Twilio. */
export type Behaviour = Fault | Taken;

/** It is refused. */
export interface Fault {
  readonly status: number;
  readonly code: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** It is taken, unless it is lost before. */
export interface Taken {
  /** The answer never comes: because the request was lost, or after it was taken. */
  readonly lost?: "before" | "after";
  /** By a closed socket unless said: as a 503, or as silence. */
  readonly how?: "status" | "silence";
  /** The application hears of it before it has its answer. */
  readonly callbacksFirst?: boolean;
  /** What becomes of the message; by default no more is heard of it. */
  readonly steps?: readonly Step[];
}

/** One status that a message gets, and how the application is told. */
export interface Step {
  readonly status: "queued" | "sent" | "delivered" | "undelivered" | "failed";
  readonly errorCode?: string;
  readonly afterMs?: number;
  /** How often it is said. */
  readonly copies?: number;
}

export type Script = (request: {
  readonly to: string;
  readonly body: string;
  /** Which request of all this is, from 1. */
  readonly n: number;
}) => Behaviour;

/** Delivered, as most are. */
export const DELIVERED: Taken = {
  steps: [{ status: "queued" }, { status: "sent" }, { status: "delivered" }],
};

/**
 * The usual script goes by the end of the number: 0196 has stopped SMS, 0197 is no mobile phone,
 * 0198 is switched off, 0199 cannot be reached by this sender. Everyone else gets theirs.
 */
export const usual: Script = ({ to }) => ENDINGS.get(to.slice(-4)) ?? DELIVERED;

/** Whether a request is refused. */
export function isFault(behaviour: Behaviour): behaviour is Fault {
  return "code" in behaviour;
}

const ENDINGS = new Map<string, Behaviour>([
  ["0196", { status: 400, code: 21610 }],
  ["0197", { status: 400, code: 21614 }],
  [
    "0198",
    {
      steps: [
        { status: "queued" },
        { status: "sent" },
        { status: "undelivered", errorCode: "30003" },
      ],
    },
  ],
  ["0199", { status: 400, code: 21612 }],
]);
