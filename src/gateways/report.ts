import { createRequire } from "node:module";

import type PdfKit from "pdfkit";

import type { Report } from "../domain/filing/paper.ts";
import type { Fonts } from "./letter-fonts.ts";

/**
 * Set a report as a PDF: a title, a few lines under it, and a heading with its text for each part.
 * Tagged for screen readers; in the bundled fonts, Chinese among them.
 */
export async function printReport(fonts: Fonts, report: Report): Promise<Buffer> {
  const PDFDocument: typeof PdfKit = load("pdfkit");
  const { title, author, madeAt, lines, parts } = report;
  const doc = new PDFDocument({
    size: "A4",
    margins: { top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN },
    lang: "en",
    tagged: true,
    displayTitle: true,
    pdfVersion: "1.7",
    info: { Title: title, Author: author, Creator: "Candor", CreationDate: madeAt },
  });
  doc.registerFont("sans", fonts.regular.sans.bytes);
  doc.registerFont("han", fonts.regular.han.bytes);
  doc.registerFont("sans-bold", fonts.bold.bytes);
  const root = doc.struct("Document");
  doc.addStructure(root);
  const say = (role: string, text: string, style: Style) =>
    void root.add(doc.struct(role, {}, () => write(doc, runsOf(fonts, text), style)));
  say("H1", title, { size: 17, bold: true, after: 6 });
  for (const line of lines) say("P", line, { size: 9.5, bold: false, after: 1 });
  for (const { label, source, text } of parts) {
    doc.y += PART_GAP;
    say("H2", `${label} (${source})`, { size: 10.5, bold: true, after: 2 });
    for (const paragraph of text.split("\n"))
      say("P", paragraph, { size: 10.5, bold: false, after: 2 });
  }
  root.end();
  const pieces: Buffer[] = [];
  doc.on("data", (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((resolve, reject) => {
    doc.on("end", resolve);
    doc.on("error", reject);
  });
  doc.end();
  await ended;
  return Buffer.concat(pieces);
}

interface Style {
  readonly size: number;
  readonly bold: boolean;
  /** Points below. */
  readonly after: number;
}

/** A text in runs of the font that has their characters. */
function write(doc: PDFKit.PDFDocument, runs: readonly Run[], { size, bold, after }: Style): void {
  runs.forEach((run, index) => {
    const font = run.han ? "han" : bold ? "sans-bold" : "sans";
    doc.font(font).fontSize(size);
    doc.text(run.text, { continued: index < runs.length - 1, lineGap: 2 });
  });
  doc.y += after;
}

interface Run {
  text: string;
  readonly han: boolean;
}

function runsOf({ regular }: Fonts, text: string): Run[] {
  const runs: Run[] = [];
  for (const character of text === "" ? " " : text) {
    const code = character.codePointAt(0) ?? 0;
    const han = !regular.sans.has(code) && regular.han.has(code);
    const last = runs.at(-1);
    if (last?.han === han) last.text += character;
    else runs.push({ text: character, han });
  }
  return runs;
}

const MARGIN = 56;
const PART_GAP = 7;
const load = createRequire(import.meta.url);
