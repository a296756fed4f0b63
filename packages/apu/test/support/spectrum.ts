/** Power spectrum of real samples under a Kaiser window (beta 20: side lobes below -150 dB). Length a power of two. */
export function powerSpectrum(samples: Float32Array): Float64Array {
  const size = samples.length;
  const real = Float64Array.from(samples, (sample, i) => sample * kaiser((2 * i) / (size - 1) - 1, 20));
  const imaginary = new Float64Array(size);
  transform(real, imaginary);
  return Float64Array.from({ length: size / 2 }, (_, bin) => real[bin] ** 2 + imaginary[bin] ** 2);
}

/**
 * Energy below `limit` Hz that is not within nine bins of 0 Hz or of a harmonic of `fundamental`, relative to the
 * energy that is near a harmonic, in dB.
 */
export function spuriousEnergy(samples: Float32Array, sampleRate: number, fundamental: number, limit: number): number {
  const spectrum = powerSpectrum(samples);
  const binWidth = sampleRate / samples.length;
  let harmonic = 0;
  let spurious = 0;
  for (let bin = 10; bin * binWidth < limit; bin++) {
    const order = Math.max(1, Math.round((bin * binWidth) / fundamental));
    if (Math.abs(bin - (order * fundamental) / binWidth) <= 9) harmonic += spectrum[bin];
    else spurious += spectrum[bin];
  }
  return 10 * Math.log10(spurious / harmonic);
}

/**
 * Frequency of the strongest line between `lowest` and `highest` Hz, by a parabola through the logarithms around it.
 */
export function peakFrequency(samples: Float32Array, sampleRate: number, lowest: number, highest: number): number {
  const spectrum = powerSpectrum(samples);
  const binWidth = sampleRate / samples.length;
  let best = Math.ceil(lowest / binWidth);
  for (let bin = best; bin * binWidth < highest; bin++) if (spectrum[bin] > spectrum[best]) best = bin;
  const [left, middle, right] = [-1, 0, 1].map((step) => Math.log(spectrum[best + step]));
  return (best + (left - right) / (2 * (left - 2 * middle + right))) * binWidth;
}

/** Amplitude of the sine of `frequency` Hz in the samples, read under a Kaiser window. */
export function amplitudeAt(samples: Float32Array, sampleRate: number, frequency: number): number {
  let real = 0;
  let imaginary = 0;
  let weights = 0;
  for (let i = 0; i < samples.length; i++) {
    const weight = kaiser((2 * i) / (samples.length - 1) - 1, 12);
    const angle = (2 * Math.PI * frequency * i) / sampleRate;
    real += weight * samples[i] * Math.cos(angle);
    imaginary += weight * samples[i] * Math.sin(angle);
    weights += weight;
  }
  return (2 * Math.hypot(real, imaginary)) / weights;
}

function kaiser(x: number, beta: number): number {
  const bessel = (argument: number) => {
    let [sum, term] = [1, 1];
    for (let k = 1; term > sum * 1e-16; k++) {
      term *= (argument / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  };
  return bessel(beta * Math.sqrt(Math.max(0, 1 - x * x))) / bessel(beta);
}

/** The fast Fourier transform in place, radix 2. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, reversed = 0; i < size; i++) {
    let mask = size >> 1;
    for (; reversed & mask; mask >>= 1) reversed ^= mask;
    reversed ^= mask;
    if (i >= reversed) continue;
    [real[i], real[reversed]] = [real[reversed], real[i]];
    [imaginary[i], imaginary[reversed]] = [imaginary[reversed], imaginary[i]];
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const cosine = Math.cos((Math.PI * k) / half);
      const sine = -Math.sin((Math.PI * k) / half);
      for (let i = k; i < size; i += 2 * half) {
        const j = i + half;
        const re = real[j] * cosine - imaginary[j] * sine;
        const im = real[j] * sine + imaginary[j] * cosine;
        real[j] = real[i] - re;
        imaginary[j] = imaginary[i] - im;
        real[i] += re;
        imaginary[i] += im;
      }
    }
  }
}
