import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeAll, expect, test, vi } from "vitest";

import { runDelta } from "../../src/actions/notice/delta.ts";
import { deltaCommand } from "../../src/cli/delta.ts";
import { filingCommands, registerCommand } from "../../src/cli/filing.ts";
import { processorCommands } from "../../src/cli/processor.ts";
import { severityCommands } from "../../src/cli/severity.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { desk } from "../support/cli.ts";
import { givenAuthenticator } from "../support/staff.ts";
import type { World } from "../support/world.ts";

const at = desk(filingCommands, registerCommand, severityCommands, processorCommands, deltaCommand);
let w: World;
let folder: string;
beforeAll(() => void ({ w, folder } = at));

const { candor } = at;

function idIn(said: string): string {
  return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(said)?.[0] ?? "";
}

const DUTY = "eu-gdpr-33/regulator/initial@DE";

test("a filing is drafted, written, approved as it was read, saved, and reported", async () => {
  const { id } = await givenIncident(w);
  await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 40 }], role: "controller" });
  const { responder, counsel } = w.staff;
  const drafted = await candor(responder, "filing", "draft", id, DUTY);
  expect(drafted).toMatch(/^initial filing to .+: draft\. /);
  const path = [id, idIn(drafted)];
  const words = "likely-consequences=Fraud = a risk.";
  const written = await candor(responder, "filing", "write", ...path, words);
  expect(written).toContain("as a person wrote it\n    Fraud = a risk.");

  const digest = /digest: ([0-9a-f]{64})/.exec(await candor(counsel, "filing", "show", ...path));
  const code = await givenAuthenticator(w, counsel);
  const approve = (read: string) =>
    candor(counsel, "filing", "approve", ...path, "--digest", read, "--totp", code());
  expect(await approve(digest?.[1] ?? "")).toContain(": approved.");

  const out = join(folder, "filing.pdf");
  await candor(responder, "filing", "save", ...path, "--out", out);
  expect(String(await readFile(out))).toMatch(/^%PDF-/);
  expect((await stat(out)).mode & 0o777).toBe(0o600);

  const filed = ["--reference", "LDA-9", "--at", "2026-03-03T10:30+01:00"];
  expect(await candor(responder, "filing", "report", ...path, ...filed)).toContain(": filed.");
  expect(await candor(responder, "filing", "list", id)).toContain(`filed  initial  ${DUTY}  LDA-9`);

  const register = join(folder, "register.csv");
  await candor(w.staff.auditor, "register", "--out", register);
  expect(await readFile(register, "utf8")).toContain("reference LDA-9");
});

test("severity is shown with its inputs, and judged with a reason", async () => {
  const { id } = await givenIncident(w);
  const shown = await candor(w.staff.responder, "severity", id);
  expect(shown).toContain("counted at its worst");
  const judge = ["severity", "judge", id, "--intent", "accident", "--override", "low"];
  await expect(candor(w.staff.responder, ...judge)).rejects.toThrow(/Say why "override"/);
  const judged = await candor(w.staff.responder, ...judge, "--reason", "The finder was police.");
  expect(judged).toMatch(/^Severity: low \(a person's judgement; by the figure \S+\)\./);
  expect(judged).toContain("intent: accident (0), as a person said");
});

test("a processor's key is trusted, and its notice issued and opened", async () => {
  const { responder, counsel } = w.staff;
  const shown = await candor(responder, "processor", "key");
  const [, key = "", fingerprint = ""] = /^Key: (\S+)\n.*: (.+)$/m.exec(shown) ?? [];
  const code = await givenAuthenticator(w, counsel);
  const trust = ["--name", "Us", "--key", key, "--fingerprint", fingerprint, "--totp", code()];
  expect(await candor(counsel, "processor", "trust", ...trust)).toContain("Notices of Us");
  expect(await candor(responder, "processor", "list")).toContain(`Us  ${fingerprint}`);

  const { id } = await givenIncident(w);
  await givenScope(w, id, { role: "processor" });
  const out = join(folder, "notice.json");
  const told = ["--people", "DE=40", "FR=12", "--for", key];
  await candor(responder, "processor", "issue", id, "--out", out, ...told);
  const opened = await candor(responder, "processor", "open", out);
  expect(opened).toMatch(
    /^Opened as incident \S+\nThe processor says of the breach: suspected\.$/m,
  );
  const again = await candor(responder, "processor", "open", out);
  expect(again).toContain(`Known already, as incident ${idIn(opened)}`);

  const forged = (await readFile(out, "utf8")).replace('"count": 40', '"count": 41');
  await writeFile(join(folder, "forged.json"), forged);
  await expect(candor(responder, "processor", "open", join(folder, "forged.json"))).rejects.toThrow(
    /was changed/,
  );
});

test("a comparison waits for the worker, and says who must hear what", async () => {
  const { id: incidentId } = await givenIncident(w);
  const person = (n: number) => ({ email: `cli-${n}@example.com`, name: `Cli ${n}` });
  const { id: told } = await givenFrozenAudience(w, incidentId, [person(1), person(2)]);
  const { id: current } = await givenFrozenAudience(w, incidentId, [person(2), person(3)]);
  const asked = ["delta", incidentId, "--told", told, "--current", current];
  const saying = candor(w.staff.responder, ...asked);
  const ids = await vi.waitUntil(async () => {
    const [row] = await w.sql<{ ids: { incidentId: string; deltaId: string; drafts: string } }[]>`
      select ids from outbox where kind = 'audiences.compare'`;
    return row?.ids;
  });
  await runDelta(w.ctx, ids);
  const said = await saying;
  expect(said).toMatch(/^1 {2}newly affected: not told yet\n {2}audience \S+$/m);
  expect(said).toMatch(/^1 {2}no longer affected: we were wrong$/m);
  expect(said).toMatch(/^1 {2}unchanged, of whom 0 by less than they were told$/m);
});
