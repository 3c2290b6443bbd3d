import type { Context } from "../../context.ts";
import type { FilingPath, FilingView } from "../../domain/filing.ts";
import { instantWords } from "../../domain/obligation/calendar.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { refuse } from "../../domain/refusal.ts";
import { read } from "../filing.ts";

export interface FilingFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: readonly (string | Buffer)[];
}

/**
 * A filing as a file for the authority. What is not approved yet says so on its first line. Refuses,
 * by its line, a text for which the bundled fonts have no letters: it would be printed as boxes.
 */
export async function fileOf(
  ctx: Context,
  path: FilingPath,
  format: "pdf" | "json",
): Promise<FilingFile> {
  const view = await read(ctx, path);
  const filename = `filing-${view.filing.id.slice(0, 8)}-${view.filing.state}.${format}`;
  if (format === "json") {
    const content = [`${JSON.stringify(plain(view, ctx.config.ORGANISATION), null, 2)}\n`];
    return { filename, contentType: "application/json", content };
  }
  return { filename, contentType: "application/pdf", content: [await paper(ctx, view)] };
}

function plain({ filing, authority, fields }: FilingView, organisation: string) {
  const { obligation, form, kind, state, reference, filedAt, approvedAt } = filing;
  return {
    organisation,
    authority,
    obligation,
    form,
    kind,
    state,
    approvedAt: approvedAt?.toISOString() ?? null,
    reference,
    filedAt: filedAt?.toISOString() ?? null,
    fields: fields.map(({ key, label, source, value }) => ({ key, label, source, value })),
  };
}

/** Refuses what a PDF could not show. */
function expectPrintable({ press, config }: Context, { filing, authority, fields }: FilingView) {
  const said = [
    ["organisation", config.ORGANISATION],
    ["authority", authority],
    ["reference", filing.reference ?? ""],
    ...fields.map(({ key, value }) => [`given.${key}`, value] as const),
  ] as const;
  const strange = said.filter(([, value]) =>
    [...new Set(printable(value))].some(
      (each) => each !== "\n" && !press.metrics.faceOf(each, FACES),
    ),
  );
  if (strange.length > 0)
    refuse(
      "wrong-state",
      "The fonts of a PDF lack letters of this filing. Save it as JSON, or copy it from the screen.",
      strange.map(([field]) => ({ field, code: "no-letters", message: "Write it otherwise." })),
    );
}

function paper(ctx: Context, view: FilingView): Promise<Buffer> {
  expectPrintable(ctx, view);
  const { filing, authority, fields } = view;
  const { state, kind, obligation, reference, filedAt, approvedAt, createdAt } = filing;
  const time = (at: Date) => `${instantWords(at, "UTC")} (UTC)`;
  return ctx.press.report({
    title: `${state === "draft" ? "DRAFT: " : ""}Report of a personal data breach (${kind})`,
    author: ctx.config.ORGANISATION,
    // Of the filing and not of the download, so that the same filing is the same file.
    madeAt: approvedAt ?? createdAt,
    lines: [
      `To: ${authority}`,
      `From: ${ctx.config.ORGANISATION}`,
      `Duty: ${obligation}`,
      approvedAt === null
        ? "Not approved yet: nobody but its author has read it."
        : `Approved ${time(approvedAt)}`,
      ...(filedAt === null ? [] : [`Filed ${time(filedAt)}, reference ${reference ?? ""}`]),
    ],
    parts: fields.map(({ label, source, value }) => ({
      label,
      source,
      text: value === NOT_YET_KNOWN ? "Not yet known." : printable(value),
    })),
  });
}

/** With the spaces that the fonts have, and without signs that are not seen. */
function printable(text: string): string {
  return text
    .replaceAll("\t", "  ")
    .replaceAll(/[\u2007\u202f]/g, "\u00a0")
    .replaceAll(/[\u00ad\u200b\u2060]/g, "");
}

/** Latin, Greek and Cyrillic; Chinese. */
const FACES = ["sans", "han"] as const;
