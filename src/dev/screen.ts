import { Presets, SingleBar } from "cli-progress";

/** What the demo shows while it runs: one line per step, a bar for the long ones. On stderr. */
export interface Screen {
  /** A new step begins; the one before it is done. */
  begin(step: string): void;
  /** How far the current step is. */
  progress(done: number, total: number, note?: string): void;
  /** The last step is done. */
  end(): void;
}

/** A screen; a quiet one only names the steps, for programs that read the last line. */
export function createScreen(quiet: boolean): Screen {
  let bar: SingleBar | undefined;
  let step: string | undefined;

  function end(): void {
    bar?.stop();
    if (step !== undefined) process.stderr.write(`  ✓ ${step}\n`);
    bar = step = undefined;
  }

  return {
    end,
    begin(next) {
      end();
      step = next;
    },
    progress(done, total, note = "") {
      if (quiet || !process.stderr.isTTY) return;
      if (!bar) {
        bar = new SingleBar(OPTIONS, Presets.shades_classic);
        bar.start(total, done, { step, note });
      }
      bar.setTotal(total);
      bar.update(done, { step, note });
    },
  };
}

const OPTIONS = {
  format: "  {bar} {percentage}% {step} {value}/{total} {note}",
  barsize: 20,
  stream: process.stderr,
  clearOnComplete: true,
};
