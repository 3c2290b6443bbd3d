import { createSecretKey, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";

import type { Command } from "commander";

import { readConfig } from "../config.ts";
import type { Config } from "../config.ts";
import { fingerprint, unwrapKey, wrapKey } from "../gateways/vault.ts";
import type { RootKey } from "../gateways/vault.ts";
import { connect } from "../store/db.ts";
import type { Database } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import * as keystore from "../store/keystore.ts";
import { ask } from "./client.ts";

/** `candor key new | confirm | rotate`: the root key that wraps every other key. */
export function keyCommands(program: Command): void {
  const key = program.command("key").description("make, confirm and rotate the root key");

  key
    .command("new")
    .description("write a new root key to a file that only you can read")
    .argument("<file>")
    .action((file: string) => {
      writeFileSync(file, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
      say(
        `Wrote ${file}. Copy it to paper or a safe now: without it nothing can be opened again.\n` +
          "With KEK_FILE set to it, run `candor migrate`, then `candor key confirm`.",
      );
    });

  key
    .command("confirm")
    .description("prove that an offline copy of the root key exists, by typing it in")
    .action(() => withKeystore(confirm));

  key
    .command("rotate")
    .description("wrap every key anew under the key in <file>; then point KEK_FILE at it")
    .argument("<file>")
    .action((file: string) => withKeystore((config, sql) => rotate(config, sql, file)));
}

async function confirm(config: Config, sql: Database): Promise<void> {
  const stored = await storedRoot(config, sql);
  const typed = await ask(undefined, "Type the root key from its offline copy (64 hex digits):");
  if (!/^[0-9a-f]{64}$/i.test(typed) || !Buffer.from(typed, "hex").equals(config.rootKey))
    throw new Error("That is not the root key in use. Check the copy before you rely on it.");
  await keystore.confirmEscrow(sql, stored.version);
  say("Confirmed. Start-up stops asking.");
}

async function rotate(config: Config, sql: Database, file: string): Promise<void> {
  const stored = await storedRoot(config, sql);
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Error("Only its owner may read the new file; run chmod 600 on it.");
  const text = readFileSync(file, "utf8").trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error("The new file must hold 64 hex digits.");
  const bytes = Buffer.from(text, "hex");
  if (bytes.equals(config.rootKey)) throw new Error("The new file holds the key in use.");

  const before: RootKey = { version: stored.version, key: createSecretKey(config.rootKey) };
  const after: RootKey = { version: stored.version + 1, key: createSecretKey(bytes) };
  const count = await sql.begin(async (tx) => {
    await keystore.lock(tx);
    await keystore.addRootKey(tx, after.version, fingerprint(bytes));
    const keys = await keystore.all(tx);
    for (const each of keys)
      await keystore.rewrap(tx, wrapKey(after, each.id, unwrapKey(before, each)));
    return keys.length;
  });
  say(
    `Wrapped ${count} keys under root key ${after.version}. Now point KEK_FILE at ${file}, ` +
      "restart every process, keep an offline copy, run `candor key confirm`, and only then " +
      "destroy the old key.",
  );
}

async function storedRoot(config: Config, sql: Database) {
  await migrate(sql, "keystore");
  const stored = await keystore.rootKey(sql);
  if (!stored) throw new Error("This keystore has no root key yet. Run `candor migrate` first.");
  if (!stored.fingerprint.equals(fingerprint(config.rootKey)))
    throw new Error("KEK_FILE does not hold the root key this keystore was made with.");
  return stored;
}

async function withKeystore(run: (config: Config, sql: Database) => Promise<void>): Promise<void> {
  const config = readConfig(process.env);
  const sql = connect(config.KEYSTORE_URL, 1);
  try {
    await run(config, sql);
  } finally {
    await sql.end();
  }
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
