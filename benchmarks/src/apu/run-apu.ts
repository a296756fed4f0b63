import { playScore, type RegisterLog, renderAudio } from '@chipsmith/apu';
import { type Benchmark, BenchmarkError, type OnResult, summarise } from '../benchmark.ts';
import { type Effort, measureAlternately } from '../measure.ts';
import { denseScore } from './dense-score.ts';

/** Length of the piece that is played. */
const SECONDS = 20;
const SAMPLE_RATE = 48_000;

const REAL_TIME = { amount: SECONDS, unit: 'x real time' };

export const APU_BENCHMARKS: readonly Benchmark<void>[] = [
  {
    name: 'APU four voices, score to 48 kHz audio',
    work: REAL_TIME,
    async prepare() {
      const score = denseScore(SECONDS);
      return audible(() => renderAudio(playScore(score), { sampleRate: SAMPLE_RATE }));
    },
  },
  {
    name: 'APU four voices, register log to 48 kHz audio',
    work: REAL_TIME,
    async prepare() {
      const log = playScore(denseScore(SECONDS));
      return audible(() => renderAudio(log, { sampleRate: SAMPLE_RATE }));
    },
  },
  {
    name: 'APU driver, score to register log',
    work: REAL_TIME,
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
      return { run, verify, release: () => undefined };
    },
  },
];

/** A benchmark of something that makes sound; silence is a wrong result. */
function audible(render: () => Float32Array) {
  let samples: Float32Array = new Float32Array();
  const run = () => {
    samples = render();
  };
  const verify = async () => {
    const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
    // The last frame's register writes may end after the score.
    const surplus = samples.length - SECONDS * SAMPLE_RATE;
    if (!(surplus >= 0 && surplus < SAMPLE_RATE / 60 && peak > 0.1 && peak <= 1)) {
      throw new BenchmarkError(`APU: ${samples.length} samples with a peak of ${peak}.`);
    }
  };
  return { run, verify, release: () => undefined };
}

/** Measures the sound chip, which runs on the CPU in one thread. @throws BenchmarkError for a wrong result */
export async function runApu(
  benchmarks: readonly Benchmark<void>[],
  effort: Effort,
  onResult: OnResult,
): Promise<void> {
  for (const benchmark of benchmarks) {
    const prepared = await benchmark.prepare();
    const [samples] = await measureAlternately([prepared], effort);
    await prepared.verify();
    onResult(summarise(benchmark, samples));
    prepared.release();
  }
}
