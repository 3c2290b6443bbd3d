import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { breaches } from "../../src/dev/breach.ts";
import { startWeb, startWorker } from "../../src/dev/candor.ts";
import { join as joinStaff } from "../../src/dev/cast.ts";
import { freePort, LOOPBACK } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { play } from "../../src/dev/story.ts";
import { mutatedBuild } from "../support/build.ts";
import type { Edit } from "../support/build.ts";
import { dump, filesBelow, find, findInFiles } from "../support/scan.ts";

/** Marks no dictionary and no program holds, one per kind of contact data, 12 characters at least. */
const CANARY = {
  name: "Quillønbrask-Vey",
  address: "vexmarrowby.tindle",
  phone: "+12025550142",
  reference: "REF/Zylqvornth#9",
};
const STAFF = [
  { name: "Ines Duarte", email: "ines@example.org", roles: ["responder", "drafter"] },
  { name: "Tomasz Nowak", email: "tomasz@example.org", roles: ["approver"] },
  { name: "Aisha Rahman", email: "aisha@example.org", roles: ["counsel"] },
  { name: "Mei Lindholm", email: "mei@example.org", roles: ["approver"] },
] as const;
const NEEDLES = Object.values(CANARY);
const PEOPLE = 120;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
});

test("no mark of a person is found in dump, log, Redis or files, in mid-wave and after", async () => {
  const seen = await tell();
  expect(seen.midWave).toEqual([]);
  expect(seen.after).toEqual([]);
}, 180_000);

test("the same search finds every person's marks in a build that does not seal", async () => {
  const seen = await tell([
    {
      file: "src/gateways/vault.ts",
      from: "const body = cipher.update(plain);",
      to: "cipher.update(plain); const body = plain;",
    },
    { file: "src/gateways/vault.ts", from: "const plain = decipher.update(", to: "return (" },
    { file: "src/gateways/vault.ts", from: "  decipher.final();\n  return plain;", to: "" },
  ]);
  for (const mark of NEEDLES) expect(seen.after.join("\n")).toContain(mark);
  for (let i = 0; i < PEOPLE; i += 1)
    for (const mark of marksOf(i)) expect(find([mark], "dump", seen.dump), mark).not.toEqual([]);
}, 180_000);

/** Play the whole story with marked people and search in the middle and at the end. */
async function tell(edits: readonly Edit[] = []) {
  const build = edits.length > 0 ? await mutatedBuild(edits) : undefined;
  if (build) undo.push(build.remove);
  const inputs = await mkdtemp(join(tmpdir(), "canary-input-"));
  undo.push(() => rm(inputs, { recursive: true }));
  const stack = await startStack({}, { fast: true, catcher: { delayMs: 120 } });
  undo.push(stack.stop);
  // Whatever our processes put into their temporary folder is searched too.
  const temporary = join(stack.folder, "tmp");
  await mkdir(temporary);
  const env = { ...stack.env, ...(await settings()), TMPDIR: temporary };
  const at = (name: string) => ({
    env,
    ...(build && { root: build.folder }),
    logFile: join(stack.folder, `${name}.log`),
  });
  const parts = [
    await startWeb(at("web")),
    await startWorker(at("w1")),
    await startWorker(at("w2")),
  ];
  undo.push(() => Promise.all(parts.map((part) => part.stop())));

  const file = join(inputs, "people.csv");
  await writeFile(file, peopleCsv());
  // The command line of the same build: it opens what the others sealed.
  const [responder, ...approvers] = await Promise.all(
    STAFF.map((person) => joinStaff(env, person, build?.folder)),
  );
  const [breach] = breaches();
  if (!responder || approvers.length < 3 || !breach) throw new Error("The cast is not complete.");

  let midWave: string[] | undefined;
  const search = async () => {
    const urls = [env.DATABASE_URL, env.FEEDBACK_URL, env.KEYSTORE_URL];
    const dumps = await Promise.all(urls.map(dump));
    const files = await filesBelow(stack.folder);
    expect(
      files.some((path) => path.includes("pg_wal")),
      "the search reaches the write-ahead log",
    ).toBe(true);
    expect(
      files.some((path) => path.includes("appendonlydir")),
      "and Redis",
    ).toBe(true);
    return {
      dump: Buffer.concat(dumps),
      found: [
        ...dumps.flatMap((each) => find(NEEDLES, "dump", each)),
        ...(await findInFiles(NEEDLES, files)),
      ],
    };
  };
  const ending = await play({
    breach,
    file,
    cast: { responder, approvers },
    onProgress: async (done, total) => {
      // The other build is known by its end.
      if (!build && done > total / 3 && done < total) midWave ??= (await search()).found;
    },
  });
  expect(ending.figures.imported).toBe(PEOPLE);
  if (!build) expect(midWave, "the wave was seen in its middle").toBeDefined();
  const end = await search();
  return { midWave, after: end.found, dump: end.dump };
}

function marksOf(i: number): string[] {
  return [
    `${CANARY.name} ${i}`,
    `${i}.${CANARY.address}`,
    CANARY.phone,
    `${CANARY.reference}${i}.`,
  ];
}

function peopleCsv(): string {
  const rows = Array.from({ length: PEOPLE }, (_, i) => {
    const [name, address, phone, reference] = marksOf(i);
    return `${reference},${name},${address}@example.com,${phone},yes,name;ssn,${CANARY.address} ${i},Springvale,US`;
  });
  return ["reference,name,email,phone,agreed,exposure,street,city,country", ...rows].join("\r\n");
}

async function settings() {
  const port = await freePort();
  const url = `http://${LOOPBACK}:${port}`;
  return {
    NODE_ENV: "test",
    ORGANISATION: "Larkspur Clinic",
    MAIL_FROM: "notices@larkspur.example.org",
    CONSOLE_URL: url,
    PUBLIC_URL: url,
    PORT: String(port),
    LOG_LEVEL: "trace",
    EMAIL_CONNECTIONS: "4",
  };
}
