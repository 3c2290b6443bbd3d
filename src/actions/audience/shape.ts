import { z } from "zod";

import type { Keys } from "../../context.ts";
import { columnsOf, isErrorReport, Mapping } from "../../domain/audience/columns.ts";
import { Country } from "../../domain/audience/country.ts";
import { Language } from "../../domain/audience/person.ts";
import type { RowPlan } from "../../domain/audience/row.ts";
import { csvScan, jsonScan } from "../../domain/audience/records.ts";
import type { Scan } from "../../domain/audience/records.ts";
import { Element } from "../../domain/element.ts";
import type { Upload } from "../../store/audience/upload.ts";

/** What a person says when confirming an import. */
export const ImportOrder = z.strictObject({
  mapping: Mapping,
  /** For rows without a language of their own. */
  defaultLanguage: Language,
  /** For rows without a country: phones without `+` are read as numbers of it. */
  defaultCountry: Country.optional(),
  /** For rows that do not say which data elements were exposed. */
  defaultExposure: z.array(Element).min(1).optional(),
});
export type ImportOrder = z.output<typeof ImportOrder>;

/**
 * How a file is laid out and read. Sealed, because column names are the file's own words:
 * somebody may have put a person there.
 */
const Shape = z.object({
  headers: z.array(z.string()),
  delimiter: z.string(),
  order: ImportOrder.optional(),
  /** Columns, or keys met in JSON lines, that nobody mapped. */
  ignored: z.array(z.string()),
});
export type Shape = z.output<typeof Shape>;

/** The layout of an upload. */
export function openShape(keys: Keys, { id, shape }: Pick<Upload, "id" | "shape">): Shape {
  return Shape.parse(keys.open("upload", id, shape));
}

/** The layout as stored. */
export function sealShape(keys: Keys, uploadId: string, shape: Shape): Buffer {
  return keys.seal("upload", uploadId, shape);
}

/** How rows are cut from the file. */
export function scanOf(format: Upload["format"], shape: Shape): Scan {
  return format === "csv" ? csvScan(shape.delimiter) : jsonScan(shape.headers);
}

/** How rows become people. Refuses a mapping that does not fit, and one without any exposure. */
export function planOf(shape: Shape, order: ImportOrder): RowPlan {
  return {
    columns: columnsOf(shape.headers, order.mapping),
    width: shape.headers.length,
    defaultLanguage: order.defaultLanguage,
    defaultCountry: order.defaultCountry,
    defaultExposure: order.defaultExposure ?? [],
    guarded: isErrorReport(shape.headers),
  };
}
