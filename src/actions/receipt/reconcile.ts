import type { Context, FoundSms, SmsGateway } from "../../context.ts";
import {
  LOOKS_NEEDED,
  LOOK_GAP_MS,
  UNKNOWN_RULES,
  judgeLook,
} from "../../domain/delivery/reconcile.ts";
import { eventIdOf } from "../../domain/receipt.ts";
import type { Receipt } from "../../domain/receipt.ts";
import * as store from "../../store/delivery/reconcile.ts";
import type { Look } from "../../store/delivery/reconcile.ts";
import * as receipts from "../../store/receipt.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";
import type { Sql } from "../../store/db.ts";
import { prepareWave } from "../delivery/prepare.ts";
import type { NumberedSms, OwnSources, Prepared } from "../delivery/prepare.ts";
import { mayGoOn, reopen } from "../wave/reopen.ts";

/**
 * Resolve deliveries whose outcome nobody knows, by the rules of `UNKNOWN_RULES`. Any number of
 * workers may do this at once, and any may die at any moment: each step is one statement that
 * does nothing where another was first.
 */
export async function reconcile(ctx: Context, own: OwnSources): Promise<void> {
  for (const noticeClass of ["legal", "courtesy"] as const) {
    const { windowMs, then } = UNKNOWN_RULES.email[noticeClass];
    if (then !== "resend") continue;
    for (const wave of await store.withResends(ctx.sql, { noticeClass, windowMs }))
      await resendIn(ctx, wave, windowMs);
  }
  if (ctx.sms?.find) await lookForAll(ctx, ctx.sms.find, own);
}

interface WaveOf {
  readonly id: string;
  readonly incidentId: string;
}

/** The same message under the same Message-ID: who got the first copy may see one. */
function resendIn(ctx: Context, { id, incidentId }: WaveOf, windowMs: number): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, id);
    if (wave.state === "cancelled" || !(await mayGoOn(tx, id))) return;
    const resent = await store.resend(tx, id, { windowMs, rowsMax: RESENDS_MAX });
    if (resent > 0) await goOn(ctx, tx, wave, { action: "delivery.resend-unknown", count: resent });
  });
}

/** Ask the provider about SMS, a few at a time: it is the one that we send by. */
async function lookForAll(ctx: Context, find: Find, own: OwnSources): Promise<void> {
  const { windowMs } = UNKNOWN_RULES.sms.legal;
  const account = ctx.config.TWILIO_ACCOUNT_SID;
  const times = { windowMs, gapMs: LOOK_GAP_MS, looksMax: LOOKS_NEEDED };
  const looking = { account, ...times, rowsMax: LOOKS_MAX };
  const prepared = new Map<string, Promise<Prepared | undefined>>();
  for (const look of await store.takeLooks(ctx.sql, looking)) {
    const { waveId, sameAccount } = look;
    // That another account has nothing of it proves nothing.
    if (!sameAccount) {
      await store.inVain(ctx.sql, look, LOOKS_NEEDED);
      continue;
    }
    const known =
      prepared.get(waveId) ?? prepareWave(ctx, look, { channel: "sms", own, anyHour: true });
    prepared.set(waveId, known);
    const sms = composed(await known, look, ctx.now());
    // A person decides about what we cannot even compose.
    if (!sms) await store.inVain(ctx.sql, look, LOOKS_NEEDED);
    else await lookFor(ctx, find, { look, sms });
  }
}

type Find = NonNullable<SmsGateway["find"]>;

async function lookFor(
  ctx: Context,
  find: Find,
  { look, sms }: { look: Look; sms: NumberedSms },
): Promise<void> {
  const listed = await find({
    to: sms.to,
    from: new Date(look.startedAt.getTime() - CLOCKS_APART_MS),
    until: new Date(look.endedAt.getTime() + CLOCKS_APART_MS),
  });
  // Nothing was learned: the next turn asks again.
  if (listed === "unanswered") return;
  if (listed === "too-many") return store.inVain(ctx.sql, look, LOOKS_NEEDED);
  const references = listed.map(({ reference }) => reference);
  const knownReferences = await store.knownOf(ctx.sql, look, { references, ...sms });
  const judged = judgeLook(listed, { text: sms.text, knownReferences });
  if (judged.kind === "found") {
    const { reference, status } = judged.sms;
    const { numberHash } = sms;
    const state = status === "delivered" ? status : ("accepted" as const);
    return ctx.sql.begin(async (tx) => {
      const counts = await store.found(tx, look, { state, reference, numberHash });
      if (counts && status === "failed") await receipts.keep(tx, [failureOf(look, judged.sms)]);
    });
  }
  if (judged.kind === "unsure") return store.inVain(ctx.sql, look, LOOKS_NEEDED);
  if (look.looks + 1 < LOOKS_NEEDED) return store.inVain(ctx.sql, look, look.looks + 1);
  await ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, look.incidentId, look.waveId);
    if (wave.state === "cancelled" || !(await mayGoOn(tx, look.waveId)))
      return store.inVain(tx, look, LOOKS_NEEDED);
    if (await store.planAgain(tx, look))
      await goOn(ctx, tx, wave, { action: "delivery.plan-untaken", count: 1 });
  });
}

/** An ended wave goes on for what is sent after all. */
async function goOn(
  ctx: Context,
  tx: Sql,
  wave: Awaited<ReturnType<typeof waves.lock>>,
  { action, count }: { action: string; count: number },
): Promise<void> {
  if (wave.state === "done") await reopen(ctx, tx, wave, "system:reconcile");
  await timeline.append(
    tx,
    {
      incidentId: wave.incidentId,
      actor: "system:reconcile",
      action,
      subject: `wave:${wave.id}`,
      before: { state: "unknown" },
      after: { state: "planned", count },
    },
    ctx.now(),
  );
}

function composed(prepared: Prepared | undefined, look: Look, now: Date): NumberedSms | undefined {
  try {
    const message = prepared?.compose({ ...look, putOff: 0, relay: null }, now);
    return message && "numberHash" in message ? message : undefined;
  } catch {
    return undefined;
  }
}

/** As if the provider had called: what its code says of our account or sender follows from that. */
function failureOf({ id, attempt }: Look, { reference, code }: FoundSms): Receipt {
  const eventId = eventIdOf(id, attempt, reference, "failed", code ?? "");
  const about = { deliveryId: id, attempt, messageRef: null };
  return { provider: "twilio", eventId, ...about, status: "failed", code, reference };
}

/** A relay's own pace holds what is planned again; the wave's row is locked meanwhile. */
const RESENDS_MAX = 10_000;
/** A minute's worth: one a second. */
const LOOKS_MAX = 60;
/** Between our clock and the provider's. */
const CLOCKS_APART_MS = 5 * 60_000;
