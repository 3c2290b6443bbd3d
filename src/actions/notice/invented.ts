import type { Reader } from "../../domain/notice/render.ts";

/** One of the people that a preview is rendered for. They do not exist. */
export interface InventedPerson extends Reader {
  readonly id: "long-name" | "shared-mailbox" | "no-name";
}

/** Codes that open nothing. */
const OWN = {
  personal_code: "7K2M-9QXT-4HWP",
  survey_code: "3D8Z-V5RC-N6JE-0YTB",
  survey_link: "https://incident.example.org/survey/3D8Z-V5RC-N6JE-0YTB",
};

/**
 * The people of a preview, each hard in their own way: a long name from several scripts and a
 * life in another time zone, a mailbox that others read, and no name at all. Each has all of
 * the incident's kinds of data, and invented codes.
 */
export const INVENTED: readonly [InventedPerson, ...InventedPerson[]] = [
  {
    id: "long-name",
    name: "María-Ángeles Þóra O’Sullivan-Świętosławska 山田太郎 <Tag>",
    exposure: "all",
    sharedMailbox: false,
    zone: "Pacific/Auckland",
    own: OWN,
  },
  { id: "shared-mailbox", name: "Robin Example", exposure: "all", sharedMailbox: true, own: OWN },
  { id: "no-name", exposure: "all", sharedMailbox: false, own: OWN },
];
