/** One analogue stage of an output path: first order, by its corner frequency in Hz. */
export interface FilterStage {
  readonly kind: 'highpass' | 'lowpass';
  readonly corner: number;
}

/**
 * Output paths by name: the front-loading NES (corners as given by nesdev), the Famicom before its RF modulator, and
 * a plain DC block.
 */
export const FILTER_PROFILES = {
  nes: [
    { kind: 'highpass', corner: 90 },
    { kind: 'highpass', corner: 440 },
    { kind: 'lowpass', corner: 14_000 },
  ],
  famicom: [{ kind: 'highpass', corner: 37 }],
  clean: [{ kind: 'highpass', corner: 4 }],
} as const satisfies Record<string, readonly FilterStage[]>;

export type FilterName = keyof typeof FILTER_PROFILES;

/** A first-order digital filter: y[n] = b0 x[n] + b1 x[n-1] - a1 y[n-1], starting from rest. */
export class FirstOrderFilter {
  private readonly b0: number;
  private readonly b1: number;
  private readonly a1: number;
  private input = 0;
  private output = 0;

  constructor(stage: FilterStage, sampleRate: number) {
    [this.b0, this.b1, this.a1] =
      stage.kind === 'highpass' ? highpass(stage.corner, sampleRate) : lowpass(stage.corner, sampleRate);
  }

  /** Filters the first `count` samples in place. */
  process(samples: Float64Array, count: number): void {
    const { b0, b1, a1 } = this;
    let { input, output } = this;
    for (let i = 0; i < count; i++) {
      const next = samples[i];
      output = b0 * next + b1 * input - a1 * output;
      input = next;
      samples[i] = output;
    }
    this.input = input;
    this.output = output;
  }
}

type Coefficients = [b0: number, b1: number, a1: number];

/**
 * The bilinear transform, exact at the corner; corners here are far below the sample rate, where it is true throughout.
 */
function highpass(corner: number, sampleRate: number): Coefficients {
  const k = Math.tan((Math.PI * corner) / sampleRate);
  return [1 / (1 + k), -1 / (1 + k), (k - 1) / (k + 1)];
}

/**
 * The bilinear transform pulls a 14 kHz low-pass to nothing at the Nyquist frequency. Here the squared magnitude,
 * (p + q cos w) / (1 + r cos w), is made equal to the analogue 1 / (1 + (f / corner)^2) at 0 Hz and two more places;
 * between them it stays within 0.04 dB for sample rates from 44.1 kHz.
 */
function lowpass(corner: number, sampleRate: number): Coefficients {
  const nyquist = sampleRate / 2;
  const [c1, c2] = [Math.min(10_000, 0.62 * nyquist), Math.min(15_500, 0.93 * nyquist)].map((frequency) => ({
    cosine: Math.cos((Math.PI * frequency) / nyquist),
    power: 1 / (1 + (frequency / corner) ** 2),
  }));
  // p + q = 1 + r at 0 Hz leaves two equations in q and r: q (cos - 1) + r (1 - power cos) = power - 1.
  const determinant = (c1.cosine - 1) * (1 - c2.power * c2.cosine) - (c2.cosine - 1) * (1 - c1.power * c1.cosine);
  const q = ((c1.power - 1) * (1 - c2.power * c2.cosine) - (c2.power - 1) * (1 - c1.power * c1.cosine)) / determinant;
  const r = ((c1.cosine - 1) * (c2.power - 1) - (c2.cosine - 1) * (c1.power - 1)) / determinant;
  const p = 1 + r - q;
  const zero = stableRoot(q / p);
  const pole = stableRoot(r);
  const gain = Math.sqrt((p * (1 + pole * pole)) / (1 + zero * zero));
  return [gain, gain * zero, pole];
}

/** The s within the unit circle with 2 s / (1 + s^2) = `ratio`, so that |1 + s z|^2 is as 1 + ratio cos w. */
function stableRoot(ratio: number): number {
  return ratio === 0 ? 0 : (1 - Math.sqrt(1 - ratio * ratio)) / ratio;
}
