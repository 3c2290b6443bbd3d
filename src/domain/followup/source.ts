/** What an update on the public page says in one language. */
interface Told {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

/**
 * The source of a notice that tells what an update on the public page told: the shipped notice,
 * with the update between its greeting and its first heading. Nothing in the update becomes a
 * field, front matter or part of the template: its braces are escaped, its title is plain text.
 */
export function followupSource(shipped: string, { title, body }: Told): string {
  const at = shipped.search(/^## /m);
  const [before, after] = at < 0 ? [shipped, ""] : [shipped.slice(0, at), shipped.slice(at)];
  const told = `## ${plain(title)}\n\n${withoutFields(levelled(body))}`;
  return `${before.trimEnd()}\n\n${told}\n\n${after}`.trimEnd() + "\n";
}

/** Every character of Markdown's punctuation as itself (CommonMark 2.4). */
function plain(text: string): string {
  return text.replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`);
}

/** No two braces stand together, so that no field begins. */
function withoutFields(text: string): string {
  return text.replaceAll(/(?<=\{)\{/g, String.raw`\{`);
}

/** The notice has the first heading itself; those of the update go below it. */
function levelled(text: string): string {
  return text.replaceAll(/^#(?=\s)/gm, "##");
}
