import { z } from "zod";

/**
 * Text that people type: NFC, trimmed, line breaks as `\n`, at most `max` characters.
 * Control characters and the invisible ones that reorder text are refused, because
 * they can forge what a reader sees (CWE-150, Unicode TR 36).
 */
export function text(max: number) {
  return shaped(max, (given) => given.normalize("NFC").replaceAll(/\r\n?/g, "\n").trim(), HOSTILE);
}

/** The same on one line: no line breaks, no tabs. For titles, names and subjects. */
export function line(max: number) {
  return shaped(max, (given) => given.normalize("NFC").trim(), HOSTILE_ON_A_LINE);
}

function shaped(max: number, tidy: (given: string) => string, hostile: RegExp) {
  return z
    .string()
    .max(max * 2)
    .overwrite(tidy)
    .min(1)
    .max(max)
    .refine((value) => !hostile.test(value), {
      message: "Remove control characters and invisible direction marks.",
    });
}

/** C0 and C1 controls except tab and line feed; bidi controls; zero-width no-break space; line separators. */
const HOSTILE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;
const HOSTILE_ON_A_LINE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;
