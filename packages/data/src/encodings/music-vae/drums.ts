/** A drum class of MusicVAE, and the noise pitch (1..16, higher is brighter) that stands for it. */
interface Drum {
  readonly name: string;
  readonly pitch: number;
}

/** Magenta's nine drum classes in its order: drum n is bit n of the class of a step. */
export const DRUMS: readonly Drum[] = [
  { name: 'bass drum', pitch: 3 },
  { name: 'snare', pitch: 10 },
  { name: 'closed hi-hat', pitch: 15 },
  { name: 'open hi-hat', pitch: 14 },
  { name: 'low tom', pitch: 4 },
  { name: 'mid tom', pitch: 6 },
  { name: 'high tom', pitch: 8 },
  { name: 'crash', pitch: 12 },
  { name: 'ride', pitch: 13 },
];

/** Every set of drums that may be struck together. */
export const DRUM_CLASSES = 2 ** DRUMS.length;

/** The class of one hit of the noise: that of the drum nearest in brightness, of equals the darker. */
export function drumClassOf(noisePitch: number): number {
  const distance = ({ pitch }: Drum) => Math.abs(pitch - noisePitch);
  const nearest = DRUMS.reduce((best, drum) => {
    const nearer = distance(drum) - distance(best);
    return nearer < 0 || (nearer === 0 && drum.pitch < best.pitch) ? drum : best;
  });
  return 2 ** DRUMS.indexOf(nearest);
}

/** The noise pitch for a class: of several drums struck together the first in the list sounds. Undefined for none. */
export function noisePitchOf(drumClass: number): number | undefined {
  return DRUMS.find((_, bit) => (drumClass >> bit) & 1)?.pitch;
}

export function describeDrums(drumClass: number): string {
  const struck = DRUMS.filter((_, bit) => (drumClass >> bit) & 1).map(({ name }) => name);
  return struck.length === 0 ? 'no drum' : struck.join(' + ');
}
