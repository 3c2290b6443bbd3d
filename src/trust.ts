import { createSecretKey } from "node:crypto";

import { ConfigError } from "./config.ts";
import type { Config } from "./config.ts";
import { fingerprint } from "./gateways/vault.ts";
import type { RootKey } from "./gateways/vault.ts";
import type { Log } from "./log.ts";
import type { Database } from "./store/db.ts";
import { feedbackRoleProblem } from "./store/feedback/role.ts";
import * as keystore from "./store/keystore.ts";

// What would make the keys worth nothing: a start looks for it, and refuses or warns.

/** The root key, if it is the one this keystore was made with. The first start records its fingerprint. */
export async function trustedRootKey(keys: Database, config: Config, log: Log): Promise<RootKey> {
  const print = fingerprint(config.rootKey);
  if (!(await keystore.rootKey(keys))) await keystore.addRootKey(keys, FIRST_VERSION, print);
  const known = await keystore.rootKey(keys);
  if (!known?.fingerprint.equals(print))
    throw new ConfigError([
      "KEK_FILE: this is not the root key that the keystore was made with. " +
        "Bring back the right key from its offline copy; nothing was changed.",
    ]);
  if (known.escrowConfirmedAt === null)
    log.warn(
      "The root key has no confirmed offline copy. Without it every sealed record is lost " +
        "with this file. Make a copy, then run `candor key confirm`.",
    );
  return { version: known.version, key: createSecretKey(config.rootKey) };
}

export interface Servers {
  readonly sql: Database;
  readonly keys: Database;
  readonly config: Config;
  readonly log: Log;
}

/** Keys beside the data they lock protect nothing: a stolen backup would hold both. */
export async function compareServers({ sql, keys, config, log }: Servers): Promise<void> {
  const [main, keystored] = await Promise.all([
    keystore.systemIdentifier(sql),
    keystore.systemIdentifier(keys),
  ]);
  if (main !== keystored) return;
  const sentence =
    "KEYSTORE_URL: it leads to the same PostgreSQL server as DATABASE_URL, so one stolen " +
    "backup holds both the data and its keys. Put the keystore on a server of its own.";
  if (config.NODE_ENV === "production") throw new ConfigError([sentence]);
  log.warn(sentence);
}

/** Whoever takes over the role of the answers must not have the people too. */
export async function checkFeedbackRole(config: Config, log: Log): Promise<void> {
  const sentence = await feedbackRoleProblem(config.DATABASE_URL, config.FEEDBACK_URL);
  if (sentence === undefined) return;
  if (config.NODE_ENV === "production") throw new ConfigError([sentence]);
  log.warn(sentence);
}

const FIRST_VERSION = 1;
