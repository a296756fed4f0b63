import { playScore, type RegisterLog, renderAudio, TICKS_PER_SECOND } from '@chipsmith/apu';
import { embeddedCorpus } from '@chipsmith/data';
import { type Benchmark, BenchmarkError, type Prepared } from '../benchmark.ts';
import { denseScore } from './dense-score.ts';

/** Length of the piece that is played. */
const SECONDS = 20;
const SAMPLE_RATE = 48_000;

export const APU_BENCHMARKS: readonly Benchmark<void>[] = [
  {
    name: 'APU four voices, score to 48 kHz audio',
    async prepare() {
      const score = denseScore(SECONDS);
      return audible(SECONDS, () => [renderAudio(playScore(score), { sampleRate: SAMPLE_RATE })]);
    },
  },
  {
    name: 'APU four voices, register log to 48 kHz audio',
    async prepare() {
      const log = playScore(denseScore(SECONDS));
      return audible(SECONDS, () => [renderAudio(log, { sampleRate: SAMPLE_RATE })]);
    },
  },
  {
    name: 'APU three songs of the embedded corpus to 48 kHz audio',
    async prepare() {
      const songs = embeddedCorpus().slice(0, 3);
      const seconds = songs.reduce((sum, { duration }) => sum + duration / TICKS_PER_SECOND, 0);
      return audible(seconds, () => songs.map((song) => renderAudio(playScore(song), { sampleRate: SAMPLE_RATE })));
    },
  },
  {
    name: 'APU driver, score to register log',
    async prepare() {
      const score = denseScore(SECONDS);
      let log: RegisterLog | undefined;
      const run = () => {
        log = playScore(score);
      };
      const verify = async () => {
        if (log === undefined || log.writes.length < SECONDS * 60) {
          throw new BenchmarkError('APU driver: fewer than one register write a frame.');
        }
      };
      return { work: realTime(SECONDS), run, verify, release: () => undefined };
    },
  },
];

function realTime(seconds: number) {
  return { amount: seconds, unit: 'x real time' };
}

/** A benchmark of rendering pieces that last so long together; silence is a wrong result. */
function audible(seconds: number, render: () => Float32Array[]): Prepared {
  let pieces: Float32Array[] = [];
  const run = () => {
    pieces = render();
  };
  const verify = async () => {
    const length = pieces.reduce((sum, samples) => sum + samples.length, 0);
    // The register writes of a piece's last frame may end after its score.
    const surplus = length - seconds * SAMPLE_RATE;
    const complete = surplus > -pieces.length && surplus < (pieces.length * SAMPLE_RATE) / 60;
    const peaks = pieces.map((samples) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
    if (!complete || !peaks.every((peak) => peak > 0.1 && peak <= 1)) {
      throw new BenchmarkError(`APU: ${length} samples for ${seconds} s, with peaks of ${peaks.join(', ')}.`);
    }
  };
  return { work: realTime(seconds), run, verify, release: () => undefined };
}
