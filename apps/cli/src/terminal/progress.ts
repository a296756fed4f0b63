import { printable } from '@chipsmith/data';
import type { PreparationProgress } from '@chipsmith/kernels';
import { Presets, SingleBar } from 'cli-progress';
import { clockTime } from '../clock-time.ts';

/** Shows how far long work is, on standard error so that results can be piped. */
export interface Progress {
  /** @param share done, 0..1 @param detail a few words: rate, loss, time left */
  update(share: number, detail: string): void;
  stop(): void;
}

/** Seconds between two lines where standard error is not a terminal. */
const PLAIN_INTERVAL_SECONDS = 10;

/** A bar on a terminal; elsewhere plain lines: at first, at the end, and every ten seconds. */
export function startProgress(label: string): Progress {
  return process.stderr.isTTY ? barProgress(label) : plainProgress(label);
}

/** Shows what is measured and compiled before work begins. */
export interface Preparation {
  readonly onProgress: (progress: PreparationProgress) => void;
  /** Needed where it ends early. */
  stop(): void;
}

/** A bar for each stage, or plain lines, as `startProgress` has it. */
export function startPreparation(): Preparation {
  let progress: Progress | undefined;
  const stop = () => progress?.stop();
  return {
    onProgress({ stage, done, total, label, secondsLeft }) {
      if (done === 0) {
        stop();
        progress = startProgress(`${stage} kernels`);
      }
      const left = secondsLeft === undefined || done === total ? '' : `, ${clockTime(secondsLeft)} left`;
      progress?.update(done / total, `${label}${left}`);
      if (done === total) stop();
    },
    stop,
  };
}

/** Drawn from the first update on, so that what is printed before does not run into it. */
function barProgress(label: string): Progress {
  const format = `${label} {bar} {percentage}% {detail}`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, barsize: 24 }, Presets.shades_classic);
  return {
    update(share, detail) {
      const shown = { detail: printable(detail) };
      if (!bar.isActive) bar.start(1000, 0, shown);
      bar.update(Math.round(share * 1000), shown);
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}

function plainProgress(label: string): Progress {
  let printed = Number.NEGATIVE_INFINITY;
  let last = '';
  return {
    update(share, detail) {
      const now = performance.now();
      if (share < 1 && now - printed < PLAIN_INTERVAL_SECONDS * 1000) return;
      const line = printable(`${label} ${Math.floor(share * 100)}% ${detail}`).trimEnd();
      if (line !== last) process.stderr.write(`${line}\n`);
      printed = now;
      last = line;
    },
    stop() {},
  };
}

/** 1234567 -> "1.2 MB": in the units of `--vram 6GB`, so that what is typed is what is read back. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
