/**
 * The same with filling beside it, so that its JSON is a multiple of `step` bytes: once it is
 * sealed, its length tells a long question from a short one only roughly, or not at all.
 */
export function padded<T extends Readonly<Record<string, unknown>>>(
  value: T,
  step: number,
): T & { readonly padding: string } {
  const bytes = Buffer.byteLength(JSON.stringify({ ...value, padding: "" }));
  return { ...value, padding: " ".repeat((step - (bytes % step)) % step) };
}
