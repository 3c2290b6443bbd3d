import { startProxy } from "../support/proxy.ts";
import { givenCrowd, givenPlace } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Later, Sizes } from "./lab.ts";
import { smtpSource } from "./postfix.ts";
import { median, shown, table } from "./row.ts";
import type { Found } from "./row.ts";
import { expectSent, sentCount, timedWave } from "./wave.ts";

/**
 * Sending to a relay that is 50 ms away: a proxy of our own holds every byte for 25 ms each way.
 * The yardstick is a sender that waits for four answers a message on each of 20 connections.
 * `smtp-source` with ten times as many sessions shows that the proxy is not what limits.
 */
export async function benchLatency(sizes: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  const { sink } = lab;
  const proxy = await startProxy(sink.port);
  later(proxy.close);
  proxy.delay(DELAY_MS);
  const settings = { SMTP_URL: `smtp://127.0.0.1:${proxy.port}` };
  for (const _ of [1, 2]) await lab.worker(settings);
  const messages = sizes.quick ? 300 : 1_500;
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), messages);

  const source = async (count: number, sessions: number) => {
    const sent = await sentCount(lab);
    const seconds = await smtpSource(proxy.port, count, BYTES, sessions);
    await expectSent(lab, sent + count);
    return count / seconds;
  };
  const wide = await source(sizes.quick ? messages : 4_000, 200);
  const narrow = await source(Math.round(messages / 3), CONNECTIONS);
  await timedWave(lab, crowd, 0);
  const most = proxy.counts.open;
  const rates: number[] = [];
  for (let i = 0; i < sizes.rounds; i += 1)
    rates.push(messages / (await timedWave(lab, crowd, 0)).seconds);
  const ratio = median(rates) / YARDSTICK;
  return {
    rows: [
      {
        what: `50 ms round trip, ${CONNECTIONS} connections, against ${YARDSTICK}/s`,
        measured: ratio,
        unit: "×",
        floor: 1,
        aim: 2.5,
        better: "more",
        profile: "send",
        note: `median of ${rates.length} rounds, ${shown(median(rates))}/s`,
      },
    ],
    lines: [
      `${messages} messages a round through a proxy that delays 25 ms each way, 2 workers × 10 ` +
        `connections (${most} were open after the first wave). Through the same proxy ` +
        `\`smtp-source\` sends ${shown(narrow)}/s over ${CONNECTIONS} sessions and ${shown(wide)}/s ` +
        "over 200: the proxy carries that much. Waves without a canary.",
      "",
      ...table(
        ["round", "Candor /s", `ratio to ${YARDSTICK}/s`],
        rates.map((rate, i) => [String(i + 1), shown(rate), (rate / YARDSTICK).toFixed(2)]),
      ),
    ],
  };
}

const DELAY_MS = 25;
const CONNECTIONS = 20;
/** 20 connections, four round trips of 50 ms a message. */
const YARDSTICK = CONNECTIONS / (4 * 0.05);
const BYTES = 8_192;
