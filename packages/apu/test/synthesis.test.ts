import { describe, expect, it } from 'vitest';
import { FILTER_PROFILES, type FilterName, NTSC_CPU_CLOCK, renderAudio } from '../src/index.ts';
import { FirstOrderFilter } from '../src/synthesis/filters.ts';
import { StepBuffer } from '../src/synthesis/step-buffer.ts';
import { KERNEL_PHASES, KERNEL_TAPS, makeStepKernel } from '../src/synthesis/step-kernel.ts';
import { pulseLog, triangleLog } from './support/logs.ts';
import { amplitudeAt, spuriousEnergy } from './support/spectrum.ts';

describe('step kernel', () => {
  it('adds up to 1 in every row, so that levels are exact at any phase', () => {
    const kernel = makeStepKernel();
    for (let phase = 0; phase <= KERNEL_PHASES; phase++) {
      const sum = kernel
        .subarray(phase * KERNEL_TAPS, (phase + 1) * KERNEL_TAPS)
        .reduce((total, tap) => total + tap, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('is the same forwards and backwards: row p mirrors row 256 - p', () => {
    const kernel = makeStepKernel();
    for (let phase = 0; phase <= KERNEL_PHASES; phase++) {
      for (let tap = 0; tap < KERNEL_TAPS; tap++) {
        const mirror = kernel[(KERNEL_PHASES - phase) * KERNEL_TAPS + KERNEL_TAPS - 1 - tap];
        expect(Math.abs(kernel[phase * KERNEL_TAPS + tap] - mirror)).toBeLessThan(1e-13);
      }
    }
  });

  it('crosses one half where the step is', () => {
    for (const cycle of [1000, 1007.5, 1019.25]) {
      const steps = new StepBuffer(48_000, 48_000 * 32, 64);
      steps.add(cycle, 1);
      const samples = new Float64Array(64);
      steps.read(samples, 64);
      const before = Math.floor(cycle / 32);
      const crossing = before + (0.5 - samples[before]) / (samples[before + 1] - samples[before]);
      expect(crossing).toBeCloseTo(cycle / 32, 1);
      expect(samples[0]).toBe(0);
      expect(samples[63]).toBeCloseTo(1, 12);
    }
  });
});

describe('aliasing: energy below 20 kHz that is not a harmonic stays below -100 dB', () => {
  const size = 1 << 16;
  const measure = (log: Parameters<typeof renderAudio>[0], fundamental: number) => {
    const samples = renderAudio(log, { filter: 'clean' });
    // The start, where the DC block settles, is left out.
    return spuriousEnergy(samples.slice(96_000, 96_000 + size), 48_000, fundamental, 20_000);
  };

  it.each([13, 27, 55, 253])('square pulse, t = %i', (period) => {
    expect(measure(pulseLog(period, 2, 3.5), NTSC_CPU_CLOCK / (16 * (period + 1)))).toBeLessThan(-100);
  });
  it('triangle, t = 27', () => {
    expect(measure(triangleLog(27, 3.5), NTSC_CPU_CLOCK / (32 * 28))).toBeLessThan(-100);
  });
});

/** Magnitude of the analogue filters of a profile, in dB. */
function prototype(filter: FilterName, frequency: number): number {
  return FILTER_PROFILES[filter].reduce((sum, { kind, corner }) => {
    const ratio = kind === 'highpass' ? corner / frequency : frequency / corner;
    return sum - 10 * Math.log10(1 + ratio * ratio);
  }, 0);
}

const frequencies = Array.from({ length: 60 }, (_, i) => 30 * (16_000 / 30) ** (i / 59));

describe('output filters are within 0.1 dB of their analogue prototypes from 30 Hz to 16 kHz', () => {
  const cases = [44_100, 48_000, 96_000].flatMap((rate) =>
    (Object.keys(FILTER_PROFILES) as FilterName[]).map((filter) => [filter, rate] as const),
  );

  it.each(cases)('%s at %i Hz, by the impulse response', (filter, rate) => {
    const response = new Float64Array(rate / 2);
    response[0] = 1;
    for (const stage of FILTER_PROFILES[filter]) new FirstOrderFilter(stage, rate).process(response, response.length);
    for (const frequency of frequencies) {
      let real = 0;
      let imaginary = 0;
      response.forEach((sample, i) => {
        real += sample * Math.cos((2 * Math.PI * frequency * i) / rate);
        imaginary += sample * Math.sin((2 * Math.PI * frequency * i) / rate);
      });
      const decibels = 20 * Math.log10(Math.hypot(real, imaginary));
      expect(Math.abs(decibels - prototype(filter, frequency))).toBeLessThan(0.1);
    }
  });

  it.each([
    ['nes', 48_000],
    ['nes', 44_100],
    ['famicom', 48_000],
    ['clean', 48_000],
  ] as const)('%s at %i Hz, by the harmonics of rendered pulses', (filter, rate) => {
    const height = 95.88 / (8128 / 15 + 100);
    for (const period of [253, 1500, 33]) {
      const fundamental = NTSC_CPU_CLOCK / (16 * (period + 1));
      const samples = renderAudio(pulseLog(period, 1, 2), { filter, sampleRate: rate, gain: 1 }).slice(
        rate,
        rate + 32_768,
      );
      for (const order of [1, 2, 3, 5, 7, 10, 14, 30, 70, 110]) {
        const frequency = order * fundamental;
        if (frequency > 16_000) break;
        // Fourier series of a wave that is high for a quarter of its period.
        const expected = ((2 * height) / (Math.PI * order)) * Math.abs(Math.sin((Math.PI * order) / 4));
        if (expected < 1e-6) continue;
        const decibels = 20 * Math.log10(amplitudeAt(samples, rate, frequency) / expected);
        expect(Math.abs(decibels - prototype(filter, frequency))).toBeLessThan(0.1);
      }
    }
  });
});
