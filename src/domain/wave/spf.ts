/** One term of an SPF record that counts against its ten look-ups, or decides something. */
export interface SpfTerm {
  readonly kind: "include" | "redirect" | "look-up";
  readonly pass: boolean;
  /** Where the next record is; absent where it depends on who sends (RFC 7208, 7). */
  readonly domain?: string;
}

/** What the records at a name say (RFC 7208, 4.5 and 4.6). */
export type Spf =
  | { readonly kind: "none" | "several" | "invalid" }
  | {
      readonly kind: "record";
      /** In their order, up to `all`. */
      readonly terms: readonly SpfTerm[];
      /** What `all` says: pass, fail, softfail or neutral; nothing where it is not there. */
      readonly all: Qualifier | undefined;
      /** Lets every address pass without `all`, by a network of the whole Internet. */
      readonly everywhere: boolean;
    };

type Qualifier = "+" | "-" | "~" | "?";

/** Read the TXT records of a domain as SPF. */
export function parseSpf(texts: readonly string[]): Spf {
  const records = texts.filter((text) => /^v=spf1( |$)/i.test(text));
  const [record = ""] = records;
  if (records.length !== 1) return { kind: records.length === 0 ? "none" : "several" };
  const words = record
    .split(/ +/)
    .slice(1)
    .filter((word) => word !== "");
  if (!words.every((word) => MECHANISM.test(word) || MODIFIER.test(word)))
    return { kind: "invalid" };
  const mechanisms = words.filter((word) => MECHANISM.test(word));
  const last = mechanisms.findIndex((word) => ALL.test(word));
  const heeded = last === -1 ? mechanisms : mechanisms.slice(0, last);
  const all = last === -1 ? undefined : qualifierOf(mechanisms[last] ?? "");
  const redirect = words.map((word) => /^redirect=(.+)$/i.exec(word)?.[1]).find((to) => to);
  return {
    kind: "record",
    terms: [
      ...heeded.flatMap(termOf),
      ...(redirect !== undefined && all === undefined
        ? [{ kind: "redirect", pass: true, ...targetOf(redirect) } as const]
        : []),
    ],
    all,
    everywhere: heeded.some((word) => WHOLE.test(word) && qualifierOf(word) === "+"),
  };
}

function termOf(word: string): SpfTerm[] {
  const pass = qualifierOf(word) === "+";
  const [, include] = /^[+\-~?]?include:(.+)$/i.exec(word) ?? [];
  if (include !== undefined) return [{ kind: "include", pass, ...targetOf(include) }];
  return LOOKED_UP.test(word) ? [{ kind: "look-up", pass }] : [];
}

function targetOf(domain: string): { domain?: string } {
  return domain.includes("%") ? {} : { domain: domain.replace(/\.$/, "").toLowerCase() };
}

function qualifierOf(word: string): Qualifier {
  const [sign] = word;
  return sign === "-" || sign === "~" || sign === "?" ? sign : "+";
}

/** RFC 7208, 4.6.4: more of them is an error for every receiver. */
export const SPF_LOOKUPS_MAX = 10;

const MECHANISM =
  /^[+\-~?]?(all|(include|exists):[^\s:/]+|(a|mx)(:[^\s:/]+)?(\/\d{1,2})?(\/\/\d{1,3})?|ptr(:[^\s:/]+)?|ip4:\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?|ip6:[0-9a-f:.]+(\/\d{1,3})?)$/i;
const MODIFIER = /^[a-z][a-z0-9_.-]*=\S*$/i;
const ALL = /^[+\-~?]?all$/i;
const LOOKED_UP = /^[+\-~?]?(a|mx|ptr|exists)([:/]|$)/i;
const WHOLE = /^\+?ip[46]:.*\/0+$/i;
