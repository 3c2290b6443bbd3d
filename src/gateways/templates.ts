import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import Handlebars from "handlebars";

import type { Templates } from "../context.ts";
import { PAGE_LANGUAGES, PageLanguage } from "../domain/language.ts";
import type { LayoutView } from "../domain/notice/compile.ts";
import { readWords } from "./words.ts";

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
  const words = readWords(join(folder, "words"));
  return {
    notice: (kind, language) => notices.get(`${kind}.${language}.md`),
    mail: {
      version: createHash("sha256").update(layout).update("\0").update(css).digest("hex"),
      wrap: (view) => mail({ ...view, css }),
    },
    page: pages(folder, words.html),
    words: words.text,
    stylesheet: read("public/candor.css"),
  };
}

function pages(folder: string, html: ReturnType<typeof readWords>["html"]): Templates["page"] {
  const layout = Handlebars.compile(
    readFileSync(join(folder, "layouts/public.hbs"), "utf8"),
    STRICT,
  );
  const bodies = new Map(
    readdirSync(join(folder, "public"))
      .filter((name) => name.endsWith(".hbs"))
      .map((name) => {
        const source = readFileSync(join(folder, "public", name), "utf8");
        return [name.slice(0, -".hbs".length), Handlebars.compile(source, STRICT)];
      }),
  );
  return (name, language, view) => {
    const body = bodies.get(name);
    if (!body) throw new TypeError(`There is no page ${name}.`);
    const w = { ...html("layout", language, view), ...html(name, language, view) };
    const languages = PageLanguage.options.map((code) => ({
      code,
      ...PAGE_LANGUAGES[code],
      current: code === language,
    }));
    const tag = PAGE_LANGUAGES[language].tag;
    return layout({ ...view, w, languages, language: tag, body: body({ ...view, w, language }) });
  };
}

/** Only built-in helpers: a name that is none of them is a field. */
const STRICT = { knownHelpersOnly: true, preventIndent: true };
