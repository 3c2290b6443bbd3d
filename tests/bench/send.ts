import { createCpuTally } from "./cpu.ts";
import { givenCrowd, givenPlace } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { smtpSource } from "./postfix.ts";
import { median, shown, table } from "./row.ts";
import type { Found } from "./row.ts";
import { expectSent, sentCount, timedWave } from "./wave.ts";

/**
 * Messages a second from *start* to the last acceptance, contacts sealed and every message
 * composed for its person, beside Postfix's `smtp-source` to the same `smtp-sink`, in turns.
 * Throws where the sink did not count exactly what was sent.
 */
export async function benchSend({ recipients, rounds }: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  for (const _ of [1, 2]) await lab.worker({ EMAIL_CONNECTIONS: String(CONNECTIONS) });
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), recipients);
  const { sink } = lab;
  const source = () =>
    counted(lab, recipients, () => smtpSource(sink.port, recipients, BYTES_MEAN, 2 * CONNECTIONS));

  await timedWave(lab, crowd); // Compiled code and warm caches for everyone.
  await source();
  const cpu = createCpuTally();
  const measured: { source: number; candor: number; ratio: number }[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const perSecond = recipients / (await source());
    const wave = await cpu.during(recipients, () => timedWave(lab, crowd));
    const candor = recipients / wave.seconds;
    measured.push({ source: perSecond, candor, ratio: candor / perSecond });
  }
  const ratio = median(measured.map((round) => round.ratio));
  return {
    rows: [
      {
        what: "end to end, against `smtp-source`",
        measured: ratio,
        unit: "×",
        floor: 0.22,
        aim: 0.45,
        better: "more",
        profile: "send",
        note: `median of ${rounds} rounds, ${shown(median(measured.map(({ candor }) => candor)))}/s`,
      },
    ],
    lines: [
      `${recipients} messages of about ${BYTES_MEAN} bytes a round, 2 workers × ${CONNECTIONS} connections, ` +
        `contacts sealed, HTML and text, composed per person; \`smtp-source\` with ${2 * CONNECTIONS} sessions; one ` +
        "`smtp-sink`, its count checked.",
      "",
      ...table(
        ["round", "smtp-source /s", "Candor /s", "ratio"],
        measured.map((round, i) => [
          String(i + 1),
          shown(round.source),
          shown(round.candor),
          round.ratio.toFixed(3),
        ]),
      ),
      "",
      ...cpu.lines(),
    ],
  };
}

async function counted(lab: Lab, messages: number, send: () => Promise<number>): Promise<number> {
  const sent = await sentCount(lab);
  const seconds = await send();
  await expectSent(lab, sent + messages);
  return seconds;
}

/** Of each worker: while some wait for the database, there are enough others to keep two cores busy. */
const CONNECTIONS = 40;
/** What our own messages weigh, as the catcher of the demo shows them. */
const BYTES_MEAN = 8_192;
