import type { Context } from "../../context.ts";
import { Person } from "../../domain/audience/person.ts";
import type { PageLanguage } from "../../domain/language.ts";
import { pageLanguageOf } from "../../domain/language.ts";
import type { Sql } from "../../store/db.ts";
import type { Person as Ids } from "../../store/inquiry/code.ts";
import * as mine from "../../store/inquiry/mine.ts";

/** Where a message of our own reaches somebody. */
export interface Address {
  readonly channel: "email" | "sms";
  readonly to: string;
}

/** A person as we know them now, opened. */
export interface Known {
  readonly person: Person;
  /** The language of pages and messages for them. */
  readonly language: PageLanguage;
  readonly preferredChannel: Person["preferredChannel"] | null;
  /** Why they get nothing of some kind. */
  readonly reason: string | null;
  /** Nothing for the dead, and for those who can be reached by letter only. */
  readonly address: Address | undefined;
}

/** Look a person up and open what is sealed. Nothing where they were erased. */
export async function knownPerson(ctx: Context, tx: Sql, ids: Ids): Promise<Known | undefined> {
  const row = await mine.standing(tx, ids);
  if (!row) return undefined;
  const keys = await ctx.vault.keys(ids.incidentId);
  const person = Person.parse(keys.open("recipient", ids.recipientId, row.sealed));
  const { preferredChannel, preferredLanguage, reason } = row;
  const closed = reason === "hard-bounce" ? [...row.closed, "email"] : row.closed;
  const address = isDead(reason)
    ? undefined
    : addressOf(person, {
        closed: ctx.sms ? closed : [...closed, "sms"],
        smsFirst: preferredChannel === "sms",
      });
  const language = preferredLanguage ?? pageLanguageOf(row.language);
  return { person, language, preferredChannel, reason, address };
}

interface Way {
  readonly closed: readonly string[];
  readonly smsFirst: boolean;
}

/** E-mail, unless it is closed or the person wants SMS; then SMS. */
function addressOf({ email, phone }: Person, { closed, smsFirst }: Way): Address | undefined {
  const mail: Address | undefined =
    email === undefined || closed.includes("email") ? undefined : { channel: "email", to: email };
  const sms: Address | undefined =
    phone === undefined || closed.includes("sms") ? undefined : { channel: "sms", to: phone };
  return smsFirst ? (sms ?? mail) : (mail ?? sms);
}

function isDead(reason: string | null): boolean {
  return reason === "deceased" || reason === "erased";
}
