import type { PageLanguage } from "../../domain/language.ts";

/**
 * How the links of a page are written: for the door, which answers them, and for standing copies
 * on any web server, which know files only and lead to the door for what needs an answer.
 */
export interface Place {
  /** What stands before `/candor.css`. */
  readonly root: string;
  readonly home: (language: PageLanguage) => string;
  readonly page: (slug: string, language: PageLanguage) => string;
  readonly feed: (slug: string, kind: FeedKind, language: PageLanguage) => string;
  /** A page that only the door has. */
  readonly door: (path: string, language: PageLanguage) => string;
  readonly standing: boolean;
}

export type FeedKind = "atom" | "json";

/** Links on the door itself, or with `origin` in front of them in feeds and mails. */
export function doorPlace(origin = ""): Place {
  const at = (path: string, language: PageLanguage) => `${origin}${path}?language=${language}`;
  return {
    root: origin,
    home: (language) => at("/", language),
    page: (slug, language) => at(`/incidents/${slug}`, language),
    feed: (slug, kind, language) => at(`/incidents/${slug}/feed.${kind}`, language),
    door: at,
    standing: false,
  };
}

/** Links between files, from a page that lies `depth` folders below the top. */
export function standingPlace(publicUrl: string, depth: 0 | 2): Place {
  const root = depth === 0 ? "." : "../..";
  const door = doorPlace(new URL(publicUrl).origin);
  return {
    root,
    home: (language) => `${root}/${homeFile(language)}`,
    page: (slug, language) => `${root}/${pageFile(slug, language)}`,
    feed: (slug, kind, language) => `${root}/${feedFile(slug, kind, language)}`,
    door: door.door,
    standing: true,
  };
}

/** Where the standing copy of each page lies. English has the name that servers look for. */
export function homeFile(language: PageLanguage): string {
  return `index${suffix(language)}.html`;
}

export function pageFile(slug: string, language: PageLanguage): string {
  return `incidents/${slug}/index${suffix(language)}.html`;
}

export function feedFile(slug: string, kind: FeedKind, language: PageLanguage): string {
  return `incidents/${slug}/feed${suffix(language)}.${kind}`;
}

function suffix(language: PageLanguage): string {
  return language === "en" ? "" : `.${language}`;
}
