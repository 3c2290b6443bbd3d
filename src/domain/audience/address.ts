/**
 * The one rule for e-mail addresses. It is narrower than RFC 5321 on purpose: quoted local
 * parts, comments, groups and lists are where mail libraries disagree about who is written to.
 */

/**
 * The address in the form we store and send to: the local part as given, the domain as
 * lower-case ASCII (IDNA). Nothing where the text is not exactly one plain address: one `@`,
 * a dot-atom local part of at most 64 characters, a domain with a dot, 254 in all.
 */
export function emailOf(text: string): string | undefined {
  const address = parse(text);
  // What we store must read back as itself, or it is not stored.
  return address !== undefined && parse(address) === address ? address : undefined;
}

/** Whether a cell holds more than one address, so that the report can say so. */
export function holdsSeveral(text: string): boolean {
  return text.indexOf("@") !== text.lastIndexOf("@");
}

/** The form in which two addresses are compared: letter case does not make two people. */
export function foldEmail(address: string): string {
  return address.toLowerCase();
}

function parse(text: string): string | undefined {
  const at = text.indexOf("@");
  if (at < 1 || holdsSeveral(text)) return undefined;
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1));
  if (local.length > 64 || !DOT_ATOM.test(local) || domain === undefined) return undefined;
  return local.length + 1 + domain.length <= 254 ? `${local}@${domain}` : undefined;
}

function asciiDomain(text: string): string | undefined {
  if (PLAIN_DOMAIN.test(text) && !/(^|\.)xn--/i.test(text)) return text.toLowerCase();
  if (NOT_IN_A_DOMAIN.test(text)) return undefined;
  try {
    const { hostname } = new URL(`http://${text.normalize("NFC")}`);
    return PLAIN_DOMAIN.test(hostname) ? hostname : undefined;
  } catch {
    return undefined;
  }
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOT_ATOM = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`);
/** Labels of letters, digits and inner hyphens; at least one dot; the last label is not a number. */
const PLAIN_DOMAIN =
  /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?!\d+$|0[xX])[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** Spaces, controls, invisible characters and all that a URL would read as something else. */
const NOT_IN_A_DOMAIN = /[\s\p{C}!-,/:;<=>?[\\\]^_`{|}~]/u;
