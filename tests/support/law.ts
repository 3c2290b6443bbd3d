import type { Library } from "../../src/domain/law.ts";
import { createLibrary } from "../../src/gateways/library.ts";

/** The rules that ship, read when a test first looks at them. */
export const LIBRARY: Library = createLibrary("src/law");
