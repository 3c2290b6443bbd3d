/**
 * What a provider told us about one attempt. Every caller must tell these apart,
 * so they are values, not exceptions. `code` is the provider's reply code; its
 * text is dropped, because providers quote addresses.
 */
export type Outcome =
  | { readonly kind: "accepted"; readonly code: string; readonly reference?: string }
  | { readonly kind: "throttled"; readonly code: string; readonly retryAfterMs?: number }
  | { readonly kind: "transient"; readonly code: string }
  | {
      readonly kind: "rejected";
      readonly fault: "recipient" | "content" | "configuration";
      readonly code: string;
    }
  /** The body may have been taken and we cannot tell. Never resent without evidence or a person. */
  | { readonly kind: "unknown"; readonly code: string }
  /** We ourselves stopped before the body was written. */
  | { readonly kind: "not-sent"; readonly code: string };
