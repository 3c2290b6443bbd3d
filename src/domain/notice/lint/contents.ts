import { NOT_YET_KNOWN } from "../../instant.ts";
import type { Content } from "../../law/content.ts";
import type { ScopeFacts } from "../../scope.ts";
import type { Field } from "../fields.ts";
import { SAY, WRITE } from "./contents/say.ts";
import type { Told } from "./contents/say.ts";

/** How it is seen that a text says what a law wants said, and what to add where it does not. */
export interface Recognition {
  /** Any one of these groups of fields, whole. */
  readonly fields?: readonly (readonly Field[])[];
  /** Or words like these, anywhere in the text; a point in a pattern ends with its sentence. */
  readonly phrases?: Told<RegExp>;
  /** Or every mail and every letter has it by itself. */
  readonly carried?: true;
  /** And the facts that the fields tell are enough. */
  readonly enough?: (facts: ScopeFacts) => boolean;
  /** The law wants it where it is so, which a person must know: a lack is advice. */
  readonly sometimes?: true;
  /** Ready words, and the section (of five) that they belong to. */
  readonly say?: Told;
  /** Words with gaps that only a person can fill. */
  readonly write?: Told;
  readonly section?: 0 | 1 | 2 | 3 | 4;
}

/**
 * Content → how it is recognised in a notice to the people affected. What is not in here no
 * pattern recognises: the approver is asked to confirm it, and it is never passed in silence.
 */
export const RECOGNISED: Readonly<Partial<Record<Content, Recognition>>> = {
  "nature-of-breach": { fields: [["what_happened"], ["how"]] },
  "what-happened": { fields: [["what_happened"]] },
  "how-it-happened": { fields: [["how"]] },
  "how-discovered": { fields: [["how"]] },
  cause: { fields: [["how"]] },
  location: { fields: [["where_it_happened"]], say: field("where_it_happened"), section: 0 },
  "date-of-breach": { fields: [["when_it_began"], ["when_it_ended"]] },
  "date-of-discovery": { fields: [["when_we_found_out"]] },
  "determination-date": { fields: [["when_we_found_out"]] },
  "when-occurred-and-detected": { fields: [["when_it_began", "when_we_found_out"]] },
  duration: { fields: [["when_it_began", "when_it_ended"]] },
  "notice-date": { carried: true },
  "number-of-persons": number(),
  "number-of-persons-in-jurisdiction": number(),
  "categories-and-number-of-persons": number(),
  "data-categories": { fields: [["data_elements"]] },
  "likely-consequences": {
    phrases: {
      en: /\b(?:could|can|might)\b.{0,80}\b(?:use|misuse|pretend|trick|open an account|harm|blackmail|defraud)\b|\bconsequences\b/i,
      zh: /(?:可能|会)(?:会|被|有人|利用|用来).{0,40}(?:冒充|盗用|骗|滥用|开立)|后果/u,
      ru: /(?:может|могут|мог бы|могли бы).{0,80}(?:выдать себя|воспользоваться|обман|использовать|открыть сч|навредить)|последстви/iu,
    },
    say: SAY.consequences,
    section: 1,
  },
  "security-measures-in-place": {
    fields: [["encryption"]],
    phrases: { en: /\bencrypt/i, zh: /加密/u, ru: /шифр/iu },
  },
  "what-we-are-doing": { fields: [["what_we_do"]] },
  "measures-taken": { fields: [["what_we_do"]] },
  "measures-planned": { fields: [["what_we_do"]] },
  "prevention-measures": { fields: [["what_we_do"]] },
  "what-you-can-do": { fields: [["actions"]] },
  contact: contact(),
  "dpo-contact": contact(),
  "assistance-to-individuals": contact(),
  "entity-name-contact": { ...contact(), fields: [["organisation", "contact_lines"]] },
  "contact-two-or-more-means": { ...contact(), enough: hasTwoWays },
  "entity-identity": { fields: [["organisation"]] },
  website: { fields: [["check_address"], ["my_address"], ["public_address"]] },
  "cra-contacts": {
    phrases: same(/^(?=.*equifax)(?=.*experian)(?=.*transunion)/is),
    say: SAY.bureaus,
    section: 3,
  },
  "ftc-contact": {
    phrases: same(/identitytheft\.gov|\bftc\.gov|877-438-4338|877-ID-?THEFT/i),
    say: SAY.ftc,
    section: 3,
  },
  "security-freeze-info": {
    phrases: {
      en: /\bfreez.*\bfree\b|\bfree\b.*\bfreez|\bfreez.*no c(?:harge|ost)/i,
      zh: /免费.*冻结|冻结.*免费/u,
      ru: /бесплатно.*заморо[зж]|заморо[зж].*бесплатно/iu,
    },
    say: SAY.freeze,
    section: 3,
  },
  "fraud-alert-freeze-statement": {
    phrases: {
      en: /^(?=.*fraud alert)(?=.*freez)/is,
      zh: /^(?=.*欺诈警[示报])(?=.*冻结)/su,
      ru: /^(?=.*предупреждени\p{L}* о мошенничестве)(?=.*заморо[зж])/isu,
    },
    say: SAY.alert,
    section: 3,
  },
  "police-report-right": {
    phrases: {
      en: /\b(?:right to|can|may)\b.{0,60}\bpolice report\b/i,
      zh: /有权.{0,20}(?:警方报告|报案)/u,
      ru: /(?:имеете право|можете|вправе).{0,60}(?:полицейск\p{L}* отч[её]т|полици)/iu,
    },
    say: SAY.policeReport,
    section: 3,
  },
  "report-to-law-enforcement-advice": {
    phrases: {
      en: /\b(?:report|tell|contact|call)\b.{0,80}\b(?:police|law enforcement|sheriff)\b/i,
      zh: /(?:请|可以|应当).{0,30}(?:报警|报案|警方)/u,
      ru: /(?:сообщите|заявите|обратитесь|подайте).{0,80}полици/iu,
    },
    say: SAY.tellPolice,
    section: 3,
  },
  "report-to-ag-ftc-advice": {
    phrases: {
      en: /\breport\b.{0,120}\b(?:attorney general|Federal Trade Commission|FTC)\b/i,
      zh: /(?:总检察长|联邦贸易委员会).{0,20}(?:报告|举报)/u,
      ru: /сообщите.{0,120}(?:генеральн\p{L}* прокурор|Федеральн\p{L}* торгов)/iu,
    },
    say: SAY.tellAgencies,
    section: 3,
  },
  "fcra-rights": {
    phrases: same(/Fair Credit Reporting Act|\bFCRA\b|公平信用报告法/i),
    say: SAY.fairCredit,
    section: 3,
  },
  "ag-contact": attorney(),
  "agency-contacts": attorney(),
  "remediation-services": {
    phrases: {
      en: /credit monitoring|identity (?:protection|restoration|monitoring)/i,
      zh: /信用监控|身份保护/u,
      ru: /(?:наблюдени|мониторинг)\p{L}* (?:за )?кредитн|защит\p{L}* личности/iu,
    },
    sometimes: true,
    write: WRITE.monitoring,
    section: 3,
  },
  "law-enforcement-delay-statement": {
    phrases: {
      en: /law enforcement.{0,80}\bdelay|\bdelay.{0,80}law enforcement/i,
      zh: /执法.{0,30}(?:推迟|延迟|延后)|(?:推迟|延迟|延后).{0,30}执法/u,
      ru: /правоохранительн.{0,60}(?:отложи|отложен|задержа)|(?:отложен|задержа).{0,60}правоохранительн/iu,
    },
    sometimes: true,
    write: WRITE.delay,
    section: 2,
  },
  "parent-company-name": {
    phrases: {
      en: /parent company|part of the .* group|subsidiary of|owned by/i,
      zh: /母公司/u,
      ru: /материнск\p{L}* компани/iu,
    },
    sometimes: true,
    write: WRITE.parent,
    section: 4,
  },
  "right-to-complain": {
    phrases: {
      en: /\bright to (?:complain|lodge a complaint)|\bcomplain(?:t)? (?:to|with)\b/i,
      zh: /投诉/u,
      ru: /пожаловаться|жалоб/iu,
    },
    write: WRITE.complain,
    section: 4,
  },
  remedies: {
    phrases: { en: /\bcompensation\b|\bdamages\b/i, zh: /赔偿/u, ru: /возмещени|компенсаци/iu },
    write: WRITE.remedies,
    section: 4,
  },
};

/** The fields that tell what a law forbids to be told. */
export function fieldsTelling(content: Content): readonly Field[] {
  return RECOGNISED[content]?.fields?.flat() ?? [];
}

function number(): Recognition {
  return { fields: [["how_many_people"]], say: field("how_many_people"), section: 1 };
}

function contact(): Recognition {
  return { fields: [["contact_lines"]], enough: hasContact };
}

function attorney(): Recognition {
  return {
    phrases: same(/attorney general.{0,200}(?:\d{3}[-.) ]+\d{3}-\d{4}|\.(?:gov|us|com)\b)/is),
    write: WRITE.attorney,
    section: 4,
  };
}

function hasContact({ contactLines }: ScopeFacts): boolean {
  return contactLines !== NOT_YET_KNOWN;
}

function hasTwoWays({ contactLines }: ScopeFacts): boolean {
  return contactLines !== NOT_YET_KNOWN && new Set(contactLines.map(({ kind }) => kind)).size > 1;
}

function field(name: Field): Told {
  return same(`{{${name}}}`);
}

function same<T>(one: T): Told<T> {
  return { en: one, zh: one, ru: one };
}
