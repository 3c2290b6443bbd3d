import { fail } from "./source.ts";

/**
 * The address of a link, if it may stand in a notice: https, on one of the organisation's
 * own hosts, no field in it, and shown in full so that the reader sees where it leads.
 */
export function safeLink(
  href: string,
  words: string,
  linkHosts: readonly string[],
  at: number,
): string {
  if (FIELD.test(href)) fail(at, "field-in-link", "Remove the field from the link.");
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url?.protocol !== "https:") fail(at, "link-not-https", "A link must begin with https://.");
  if (url.username || url.password || !linkHosts.includes(url.host))
    fail(at, "link-host", "Links may lead to the organisation's registered hosts only.");
  if (words !== href)
    fail(
      at,
      "link-hidden",
      "Show the whole address: write it as <https://…>, without other words.",
    );
  // What the reader sees is what was judged: an address that is spelt another way is refused.
  if (href !== url.href && `${href}/` !== url.href)
    fail(at, "link-spelling", "Write the address in plain ASCII letters, as the browser shows it.");
  return href;
}

/**
 * Refuse addresses in running text that mail programs would turn into links: foreign
 * hosts, other schemes, or a field inside an address.
 */
export function refuseAddresses(content: string, linkHosts: readonly string[], at: number): void {
  if (/[\w.-]\.\w+\/\S*\uE000|\/\/\uE000|\uE001\.[a-z]{2,}\b|\bwww\.\uE000/i.test(content))
    fail(at, "field-in-link", "Put a space between the field and the address.");
  for (const [, whole, short = ""] of content.matchAll(ADDRESS)) {
    const address = whole ?? short;
    const bare = address.replace(/[).,;:!?>\]*_]+$/, "").replace(/\]\(.*$/, "");
    if (FIELD.test(bare))
      fail(at, "field-in-link", "Put a space between the field and the address.");
    const full = /^www\./i.test(bare) ? `https://${bare}` : bare;
    const url = URL.canParse(full) ? new URL(full) : undefined;
    if (url?.protocol !== "https:" || url.username || !linkHosts.includes(url.host))
      fail(at, "link-host", "Write addresses of others without https:// and www., as plain words.");
  }
}

const FIELD = /[\uE000\uE001]|%EE%80%8/i;
/** A scheme is looked for once in each run of its characters, not from each of them on. */
const ADDRESS = /(?<![a-z0-9+.-])[0-9+.-]*([a-z][a-z0-9+.-]*:\/\/\S*)|(\bwww\.\S*)/gi;
