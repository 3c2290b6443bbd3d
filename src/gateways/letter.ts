import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import type PdfKit from "pdfkit";

import type { Press, PressFile, PressOptions } from "../context.ts";
import type { Face, Metrics, Run } from "../domain/delivery/letter-line.ts";
import { SHEETS } from "../domain/delivery/letter-paper.ts";
import type { PlacedLine, SetLetter } from "../domain/delivery/letter.ts";
import { readFonts } from "./letter-fonts.ts";
import type { Fonts } from "./letter-fonts.ts";
import { printReport } from "./report.ts";

/** A press with the bundled fonts, which are read when the first letter is set. */
export function createPress(): Press {
  let known: { readonly fonts: Fonts; readonly metrics: Metrics } | undefined;
  const ready = () => {
    if (!known) {
      const fonts = readFonts(FONTS);
      known = { fonts, metrics: createMetrics(fonts) };
    }
    return known;
  };
  return {
    get metrics() {
      return ready().metrics;
    },
    open: (options) => openFile(ready().fonts, options),
    report: (report) => printReport(ready().fonts, report),
  };
}

/** Widths are kept: most words of a batch are the same. */
function createMetrics(fonts: Fonts): Metrics {
  const ruler = newDocument(fonts, { compress: false });
  const known = new Map<string, number>();
  return {
    faceOf(character, order) {
      const code = character.codePointAt(0) ?? 0;
      const has = (face: Face) => fonts.regular[face].has(code);
      return order.find(has);
    },
    widthOf(run, size) {
      const name = fontOf(run);
      const key = `${name} ${run.text}`;
      const width = known.get(key) ?? ruler.font(name).fontSize(UNIT).widthOfString(run.text);
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(key, width);
      return (width * size) / UNIT;
    },
  };
}

function openFile(fonts: Fonts, options: PressOptions): PressFile {
  const { paper, language, title, author, madeAt } = options;
  const { width, height } = SHEETS[paper];
  const doc = newDocument(fonts, {
    size: [width, height],
    lang: language,
    tagged: true,
    displayTitle: true,
    pdfVersion: "1.7",
    info: { Title: title, Author: author, Creator: "Candor", CreationDate: madeAt },
  });
  const root = doc.struct("Document");
  doc.addStructure(root);
  return {
    add: (letter) => drawLetter(doc, letter, root),
    take() {
      const bytes: unknown = doc.read();
      return Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
    },
    end() {
      root.end();
      doc.end();
    },
  };
}

function newDocument(fonts: Fonts, options: PDFKit.PDFDocumentOptions): PDFKit.PDFDocument {
  // Read when the first letter is set: it takes 29 MB, and most processes never print.
  const PDFDocument: typeof PdfKit = load("pdfkit");
  const doc = new PDFDocument({ autoFirstPage: false, margin: 0, ...options });
  doc.registerFont("sans", fonts.regular.sans.bytes);
  doc.registerFont("han", fonts.regular.han.bytes);
  doc.registerFont("sans-bold", fonts.bold.bytes);
  return doc;
}

/** Draw a letter on pages of its own, as one section of the document. */
function drawLetter(doc: PDFKit.PDFDocument, letter: SetLetter, root: Element): void {
  const { width, height } = SHEETS[letter.paper];
  const section = doc.struct("Sect");
  root.add(section);
  const nested = nesting(doc, section);
  for (const lines of letter.pages) {
    doc.addPage({ size: [width, height], margin: 0 });
    for (const group of groupsOf(lines)) {
      const [first] = group;
      const draw = () => group.forEach((line) => drawLine(doc, line));
      if (first?.part === "foot") {
        doc.markContent("Artifact", { type: "Pagination" });
        draw();
        doc.endMarkedContent();
      } else if (first) nested.elementFor(first).add(draw);
    }
  }
  nested.end();
  section.end();
}

/** Elements for the lines of one letter: one a paragraph, and lists around their items. */
function nesting(doc: PDFKit.PDFDocument, section: Element) {
  let open: { key: string; element: Element; ends: Element[] } | undefined;
  let list: Element | undefined;

  function close(): void {
    for (const each of open?.ends ?? []) each.end();
    open = undefined;
  }
  function closeList(): void {
    list?.end();
    list = undefined;
  }
  return {
    elementFor(line: PlacedLine): Element {
      const key = keyOf(line);
      if (open?.key === key) return open.element;
      close();
      const role = line.role === "Rule" ? "P" : line.role;
      if (role !== "LI") {
        closeList();
        const element = doc.struct(role);
        section.add(element);
        open = { key, element, ends: [element] };
        return element;
      }
      if (!list) {
        list = doc.struct("L");
        section.add(list);
      }
      const item = doc.struct("LI");
      const element = doc.struct("LBody");
      list.add(item);
      item.add(element);
      open = { key, element, ends: [element, item] };
      return element;
    },
    end(): void {
      close();
      closeList();
    },
  };
}

/** Lines that follow each other and belong to one element. */
function groupsOf(lines: readonly PlacedLine[]): PlacedLine[][] {
  const groups: PlacedLine[][] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last?.[0] && keyOf(last[0]) === keyOf(line)) last.push(line);
    else groups.push([line]);
  }
  return groups;
}

function keyOf({ part, paragraph }: PlacedLine): string {
  return `${part} ${paragraph}`;
}

function drawLine(doc: PDFKit.PDFDocument, { runs, size, y, part, role }: PlacedLine): void {
  const grey = part === "foot" || (part === "sender" && size < 8);
  doc.fillColor(grey ? "#555555" : "#000000");
  if (role === "Rule") return;
  for (const run of runs) {
    doc.font(fontOf(run)).fontSize(size);
    const heavier = run.bold && run.face === "han";
    if (heavier) doc.lineWidth(size * HEAVIER).strokeColor("#000000");
    doc.text(run.text, run.x, y, {
      lineBreak: false,
      baseline: "alphabetic",
      fill: true,
      stroke: heavier,
    });
  }
}

function fontOf({ face, bold }: Run): string {
  return face === "han" ? "han" : bold ? "sans-bold" : "sans";
}

type Element = PDFKit.PDFStructureElement;

/** Share of the type size by which Chinese in bold is outlined. */
const HEAVIER = 0.024;
/** Widths are measured at this size and scaled. */
const UNIT = 1_000;
const KNOWN_MAX = 50_000;
const FONTS = fileURLToPath(new URL("../../templates/fonts", import.meta.url));

const load = createRequire(import.meta.url);
