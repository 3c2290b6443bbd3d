import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Face } from "../domain/delivery/letter-line.ts";

/** A font file and the characters it has. */
export interface Font {
  readonly bytes: Buffer;
  readonly has: (codePoint: number) => boolean;
}

/** The bundled fonts; see `templates/fonts/README.md`. Chinese has no bold: it is drawn heavier. */
export interface Fonts {
  readonly regular: Readonly<Record<Face, Font>>;
  readonly bold: Font;
}

/** Read the fonts of a folder, once. */
export function readFonts(folder: string): Fonts {
  const font = (name: string): Font => {
    const bytes = readFileSync(join(folder, name));
    const characters = charactersOf(bytes);
    return { bytes, has: (codePoint) => characters.has(codePoint) };
  };
  return {
    regular: { sans: font("NotoSans-Regular.ttf"), han: font("NotoSansSC-Regular.ttf") },
    bold: font("NotoSans-Bold.ttf"),
  };
}

/** The characters that a font's `cmap` table maps to a glyph (OpenType 1.9, formats 4 and 12). */
function charactersOf(font: Buffer): ReadonlySet<number> {
  const cmap = tableAt(font, "cmap");
  const found = new Set<number>();
  for (let i = 0; i < font.readUInt16BE(cmap + 2); i += 1) {
    const at = cmap + font.readUInt32BE(cmap + 4 + i * 8 + 4);
    const format = font.readUInt16BE(at);
    if (format === 4) addSegments(font, at, found);
    if (format === 12) addGroups(font, at, found);
  }
  return found;
}

function tableAt(font: Buffer, tag: string): number {
  for (let i = 0; i < font.readUInt16BE(4); i += 1) {
    const record = 12 + i * 16;
    if (font.toString("latin1", record, record + 4) === tag) return font.readUInt32BE(record + 8);
  }
  throw new Error(`The font has no table ${tag}.`);
}

function addSegments(font: Buffer, at: number, found: Set<number>): void {
  const bytes = font.readUInt16BE(at + 6);
  const [ends, starts] = [at + 14, at + 16 + bytes];
  const [deltas, offsets] = [starts + bytes, starts + 2 * bytes];
  for (let i = 0; i < bytes; i += 2) {
    const start = font.readUInt16BE(starts + i);
    const offset = font.readUInt16BE(offsets + i);
    const delta = font.readUInt16BE(deltas + i);
    for (let code = start; code <= font.readUInt16BE(ends + i) && code < 0xffff; code += 1) {
      const glyph =
        offset === 0
          ? (code + delta) & 0xffff
          : font.readUInt16BE(offsets + i + offset + 2 * (code - start));
      if (glyph !== 0) found.add(code);
    }
  }
}

function addGroups(font: Buffer, at: number, found: Set<number>): void {
  for (let i = 0; i < font.readUInt32BE(at + 12); i += 1) {
    const group = at + 16 + i * 12;
    const end = font.readUInt32BE(group + 4);
    for (let code = font.readUInt32BE(group); code <= end; code += 1) found.add(code);
  }
}
