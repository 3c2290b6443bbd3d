import { createPublicKey } from "node:crypto";

/** What a domain asks of receivers (RFC 9989, 4.7, and RFC 7489, 6.3). */
export interface DmarcRecord {
  readonly policy: "none" | "quarantine" | "reject";
  /** How closely a signing domain must match the author's. */
  readonly dkim: "relaxed" | "strict";
  /** The same of the envelope's domain. */
  readonly spf: "relaxed" | "strict";
  /** Whether the domain says that names are registered below it. */
  readonly publicSuffix: "yes" | "no" | "unknown";
}

/** What the records at `_dmarc` of one domain say. */
export type Dmarc =
  | { readonly kind: "none" | "invalid" }
  | { readonly kind: "record"; readonly record: DmarcRecord };

/** Read the TXT records at `_dmarc.…`. Several records are as good as one that cannot be read. */
export function parseDmarc(texts: readonly string[]): Dmarc {
  const records = texts.filter((text) => /^v\s*=\s*DMARC1\s*(;|$)/.test(text));
  const [text = ""] = records;
  if (records.length === 0) return { kind: "none" };
  const tags = tagsOf(text);
  const policy = tags?.get("p")?.toLowerCase();
  if (records.length > 1 || tags === undefined || !isPolicy(policy)) return { kind: "invalid" };
  return {
    kind: "record",
    record: {
      policy,
      dkim: tags.get("adkim")?.toLowerCase() === "s" ? "strict" : "relaxed",
      spf: tags.get("aspf")?.toLowerCase() === "s" ? "strict" : "relaxed",
      publicSuffix: suffixOf(tags.get("psd")?.toLowerCase()),
    },
  };
}

/** A domain and those above it that a walk up the tree asks, at most eight (RFC 9989, 4.10). */
export function walkOf(domain: string): string[] {
  const labels = domain.toLowerCase().replace(/\.$/, "").split(".");
  const all = labels.map((_, i) => labels.slice(i).join("."));
  return all.length > WALK_MAX ? [...all.slice(0, 1), ...all.slice(1 - WALK_MAX)] : all;
}

/**
 * The organisational domain, from what the walk of a domain found, the longest name first
 * (RFC 9989, 4.10.2): one that says it is none to register below, else one below a public
 * suffix, else the shortest name with a record, else the domain itself.
 */
export function organisational(walked: readonly { domain: string; found: Dmarc }[]): string {
  const [start] = walked;
  let shortest = start?.domain ?? "";
  for (const [i, { domain, found }] of walked.entries()) {
    if (found.kind !== "record") continue;
    if (found.record.publicSuffix === "no") return domain;
    if (found.record.publicSuffix === "yes" && i > 0) return below(start?.domain ?? "", domain);
    shortest = domain;
  }
  return shortest;
}

/** What a DKIM key record says (RFC 6376, 3.6.1; RFC 8301, 3.2 for its length). */
export function dkimKey(texts: readonly string[]): "good" | "missing" | "revoked" | Bad {
  const keys = texts.map(tagsOf).filter((tags) => tags?.has("p"));
  const [tags] = keys;
  if (texts.length === 0) return "missing";
  if (keys.length !== 1 || tags === undefined || (tags.get("v") ?? "DKIM1") !== "DKIM1")
    return "invalid";
  const encoded = (tags.get("p") ?? "").replaceAll(/\s/g, "");
  if (encoded === "") return "revoked";
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return "invalid";
  const bytes = Buffer.from(encoded, "base64");
  if (tags.get("k")?.toLowerCase() === "ed25519") return bytes.length === 32 ? "good" : "invalid";
  const bits = rsaBits(bytes);
  if (bits === undefined) return "invalid";
  return bits < RSA_BITS_MIN ? "weak" : "good";
}

type Bad = "invalid" | "weak";

/** `name=value` pairs with semicolons; nothing where one is not of that form or comes twice. */
function tagsOf(text: string): Map<string, string> | undefined {
  const tags = new Map<string, string>();
  for (const part of text.split(";")) {
    if (part.trim() === "") continue;
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (!/^[a-z][a-z0-9_]*$/.test(name) || tags.has(name)) return undefined;
    tags.set(name, part.slice(at + 1).trim());
  }
  return tags;
}

function suffixOf(psd: string | undefined): DmarcRecord["publicSuffix"] {
  if (psd === "y") return "yes";
  return psd === "n" ? "no" : "unknown";
}

function isPolicy(text: string | undefined): text is DmarcRecord["policy"] {
  return text === "none" || text === "quarantine" || text === "reject";
}

/** The name one label longer than `suffix` on the way to `domain`. */
function below(domain: string, suffix: string): string {
  const labels = domain.split(".");
  return labels.slice(labels.length - suffix.split(".").length - 1).join(".");
}

/** RSA keys are published as SubjectPublicKeyInfo; the RFC's own grammar says RSAPublicKey. */
function rsaBits(key: Buffer): number | undefined {
  for (const type of ["spki", "pkcs1"] as const)
    try {
      return createPublicKey({ key, format: "der", type }).asymmetricKeyDetails?.modulusLength;
    } catch {
      // The other form may fit.
    }
  return undefined;
}

const WALK_MAX = 8;
const RSA_BITS_MIN = 1_024;
