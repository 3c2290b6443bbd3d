/** What of the machine this asks about. */
interface Known {
  readonly attempts: ReadonlyMap<
    string,
    { readonly outcome?: string | undefined; readonly failed: boolean }
  >;
  readonly told: readonly (One & { readonly status: string })[];
}

interface One {
  readonly key: string;
  readonly attempt: number;
}

/** Whether an earlier attempt reached the person, as far as anybody knows. */
export function takenBefore(m: Known, { key, attempt }: One): boolean {
  for (let n = 1; n < attempt; n += 1)
    if (
      m.attempts.get(`${key}/${n}`)?.outcome === "accepted" &&
      !failedLater(m, { key, attempt: n })
    )
      return true;
  return false;
}

/** Whether a report says that this attempt failed, heard or not. */
export function failedLater(m: Known, { key, attempt: n }: One): boolean {
  const waiting = m.told.filter((told) => told.key === key && told.attempt === n);
  return (
    (m.attempts.get(`${key}/${n}`)?.failed ?? false) ||
    waiting.some(({ status }) => status === "failed")
  );
}

/** Whether an attempt of a delivery may have been taken, for all that anybody knows. */
export function isUnsure(m: Pick<Known, "attempts">, { key, attempt }: One): boolean {
  return Array.from({ length: attempt }).some(
    (_, i) => m.attempts.get(`${key}/${i + 1}`)?.outcome === "unknown",
  );
}
