import type { Context, Keys } from "../../context.ts";
import { FilingWords, digestOf, filled, missingOf } from "../../domain/filing.ts";
import type { Filing, FilingView } from "../../domain/filing.ts";
import type { FilingScene } from "../../domain/filing/prefill.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Assessed } from "../obligation/assess.ts";

/** A filing with all that it is filled from. */
export interface Known {
  readonly filing: Filing;
  readonly words: FilingWords;
  readonly known: Assessed;
  /** Absent where the facts no longer ask for it. */
  readonly obligation: Obligation | undefined;
}

/** A filing as people see it: what was approved, or a draft on the facts of now. */
export function viewOf(ctx: Context, { filing, words, known, obligation }: Known): FilingView {
  const scene = obligation && sceneOf(ctx, known, obligation);
  const fields = words.approved ?? (scene ? filled(filing, words.given, scene) : []);
  const [authority] = obligation?.authorities ?? [];
  return {
    filing,
    authority: authority?.name ?? obligation?.who ?? "no longer owed",
    url: obligation?.duty.url ?? authority?.breachReportUrl ?? authority?.website ?? null,
    fields: [...fields],
    missing: missingOf(fields),
    digest: digestOf(fields),
    outdated: filing.scopeVersion !== null && filing.scopeVersion < known.scope.version,
    receipt: words.receipt,
  };
}

/** What its form is filled from. */
export function sceneOf(ctx: Context, known: Assessed, obligation: Obligation): FilingScene {
  return {
    incident: known.incident,
    facts: known.scope.facts,
    obligation,
    obligations: known.assessment.obligations,
    organisation: ctx.config.ORGANISATION,
    now: ctx.now(),
  };
}

/** The obligation of a filing; nothing where the facts no longer ask for it. */
export function owing({ tracked }: Assessed, filing: Filing): Obligation | undefined {
  return tracked.find(({ obligation }) => obligation.id === filing.obligation)?.obligation;
}

/** Refuses a filing for what the facts no longer ask. */
export function expectStill(obligation: Obligation | undefined): Obligation {
  return obligation ?? refuse("wrong-state", "The facts no longer ask for this filing.");
}

/** The words of a filing, under the incident's key. */
export function opened(keys: Keys, id: string, blob: Buffer): FilingWords {
  return FilingWords.parse(keys.open("filing", id, blob));
}

/** The same, to be kept. */
export function sealed(keys: Keys, id: string, words: FilingWords): Buffer {
  return keys.seal("filing", id, words);
}
