/** Kleene's three values: *unknown* says that it hangs on something nobody found out yet. */
export type Kleene = "yes" | "no" | "unknown";

/** An answer, the sentences it rests on, and the questions that would settle it. */
export interface Verdict {
  readonly value: Kleene;
  readonly because: readonly string[];
  /** Codes: of the library's questions, or of `FACT_QUESTIONS`. */
  readonly open: readonly string[];
}

/** What nothing speaks against. */
export const HOLDS: Verdict = { value: "yes", because: [], open: [] };

/** A verdict without questions. */
export function decided(holds: boolean, because: string): Verdict {
  return { value: holds ? "yes" : "no", because: [because], open: [] };
}

/** A verdict that hangs on a question. */
export function unknown(question: string, because: string): Verdict {
  return { value: "unknown", because: [because], open: [question] };
}

/** The same for the same reasons, denied. */
export function opposite({ value, because, open }: Verdict): Verdict {
  return { value: OPPOSITES[value], because, open };
}

/** Both must hold; an absent verdict holds. What denies is the whole reason. */
export function both(one: Verdict, other: Verdict = HOLDS): Verdict {
  if (one.value === "no") return one;
  if (other.value === "no") return other;
  return {
    value: one.value === "yes" && other.value === "yes" ? "yes" : "unknown",
    because: unique([...one.because, ...other.because]),
    open: unique([...one.open, ...other.open]),
  };
}

/** Several reasons as one sentence. */
export function oneSentence(reasons: readonly string[]): string {
  return `${reasons.map((reason) => reason.replace(/[.]$/, "")).join("; ")}.`;
}

/** Each once, in the order in which they came. */
export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

const OPPOSITES = { yes: "no", no: "yes", unknown: "unknown" } as const;
