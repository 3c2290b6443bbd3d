import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import Handlebars from "handlebars";

import type { CheckView, Templates } from "../context.ts";
import type { LayoutView } from "../domain/notice/compile.ts";

/**
 * Read and compile every template of a folder, once. These are ours: they are reviewed like
 * code and may use all of Handlebars. What staff write goes through `domain/notice/source.ts`
 * and never comes here.
 */
export function readTemplates(folder: string): Templates {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const notices = new Map(
    readdirSync(join(folder, "notices"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => [name, read(join("notices", name))]),
  );
  const css = read("layouts/email.css");
  const layout = read("layouts/email.hbs");
  const mail = Handlebars.compile<LayoutView & { css: string }>(layout, STRICT);
  const page = Handlebars.compile<PageView>(read("layouts/public.hbs"), STRICT);
  const check = Handlebars.compile<CheckView>(read("public/check.hbs"), STRICT);
  return {
    notice: (kind, language) => notices.get(`${kind}.${language}.md`),
    mail: {
      version: createHash("sha256").update(layout).update("\0").update(css).digest("hex"),
      wrap: (view) => mail({ ...view, css }),
    },
    checkPage: (view) =>
      page({
        language: "en",
        title: "Check a notice",
        organisation: view.organisation,
        body: check(view),
      }),
    stylesheet: read("public/candor.css"),
  };
}

interface PageView {
  readonly language: string;
  readonly title: string;
  readonly organisation: string;
  readonly body: string;
}

/** Only built-in helpers: a name that is none of them is a field. */
const STRICT = { knownHelpersOnly: true, preventIndent: true };
