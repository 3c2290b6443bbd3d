import type { Reader } from "../../domain/notice/render.ts";

/** One of the people that a preview is rendered for. They do not exist. */
export interface InventedPerson extends Reader {
  readonly id: "long-name" | "shared-mailbox" | "no-name";
}

/**
 * The people of a preview, each hard in their own way: a long name from several scripts, a
 * mailbox that others read, and no name at all. Each has all of the incident's
 * kinds of data.
 */
export const INVENTED: readonly [InventedPerson, ...InventedPerson[]] = [
  {
    id: "long-name",
    name: "María-Ángeles Þóra O’Sullivan-Świętosławska 山田太郎 <Tag>",
    exposure: "all",
    sharedMailbox: false,
  },
  { id: "shared-mailbox", name: "Robin Example", exposure: "all", sharedMailbox: true },
  { id: "no-name", exposure: "all", sharedMailbox: false },
];
