import type { Field } from "./fields.ts";

/** A Markdown text as a tree, with fields and conditions as parts of it like any other. */
export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly inline: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly inline: readonly Inline[] }
  | {
      readonly kind: "list";
      readonly ordered: boolean;
      readonly start: number;
      readonly items: readonly (readonly Block[])[];
    }
  | { readonly kind: "quote"; readonly blocks: readonly Block[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "rule" }
  | Slot
  | Condition<Block>;

export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "break" }
  | { readonly kind: "link"; readonly href: string }
  | { readonly kind: "em" | "strong"; readonly inline: readonly Inline[] }
  | Slot
  | Condition<Inline>;

export interface Slot {
  readonly kind: "field";
  readonly field: Field;
  readonly line: number;
}

export interface Condition<T> {
  readonly kind: "if";
  readonly field: Field;
  readonly then: readonly T[];
  readonly otherwise: readonly T[];
}
