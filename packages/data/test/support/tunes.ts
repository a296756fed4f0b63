import { Random, type Song, writeMidi } from '../../src/index.ts';
import { plainNote, songOf } from './songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;

/** A tune of eighths that wanders about C major: `bars` bars on pulse 1 and a bass in fifths. The seed makes it. */
export function tuneSong(seed: number, bars = 4): Song {
  const random = new Random(seed);
  const scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76];
  let degree = 4;
  const at = (step: number) => Math.round(step * STEP);
  const melody = Array.from({ length: bars * 8 }, (_, index) => {
    degree = Math.min(scale.length - 1, Math.max(0, degree + random.nextInteger(5) - 2));
    return plainNote(at(index * 2), at(index * 2 + 2), scale[degree]);
  });
  const bass = Array.from({ length: bars * 4 }, (_, index) =>
    plainNote(at(index * 4), at(index * 4 + 3), [36, 43, 41, 40][index % 4], 'triangle'),
  );
  return songOf({ pulse1: melody, triangle: bass }, { title: `tune ${seed}` });
}

export const tuneMidi = (seed: number, bars = 4): Uint8Array => writeMidi(tuneSong(seed, bars));
