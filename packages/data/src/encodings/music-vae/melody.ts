import type { Song } from '../../song.ts';
import type { Encoded, EncodedSequence, Encoding } from '../encoding.ts';
import { droppedNoise, PITCHED_VOICES } from '../grid/steps.ts';
import { PIANO_ALPHABET } from '../melody/alphabet.ts';
import { melodyEncodingOf } from '../melody/encoding.ts';
import { type ExtractionRules, extractMelodies, NES_RULES, STEPS_PER_BAR } from '../melody/extract.ts';
import { isFilled, sliceMelody, windowStarts } from './windows.ts';

/** Any melody of a bar and more, and 100 bars of it, as MusicVAE's converter takes them. */
const RULES: ExtractionRules = {
  ...NES_RULES,
  minimumBars: 1,
  minimumPitchClasses: 1,
  maximumSteps: 100 * STEPS_PER_BAR,
};

/**
 * The melody encoding of MusicVAE: windows of a fixed number of bars, one event a 16th note, 90 classes (0 no event, 1
 * note-off,
 * 2..89 the pitches 21..108), no transposition. Windows begin at every bar of a melody; equal ones of a voice count
 *   once.
 *
 * Departures: every pitched voice is taken whatever its MIDI program would be; and only windows in whose first bar a
 * note starts and in whose last one sounds, so that a window alone tells where it begins and ends.
 */
function createVaeMelodyEncoding(bars: number): Encoding {
  const encoding = melodyEncodingOf(`music-vae-${bars}bar`, PIANO_ALPHABET, (song) => encode(song, bars));
  // Windows are bars of 4/4, whatever the meter of the song that they are cut from.
  return { ...encoding, version: 3, decode: (events, { meter: _, ...options }) => encoding.decode(events, options) };
}

/** Sequences of 32 events. */
export const vaeTwoBarEncoding: Encoding = createVaeMelodyEncoding(2);
/** Sequences of 256 events. */
export const vaeSixteenBarEncoding: Encoding = createVaeMelodyEncoding(16);

function encode(song: Song, bars: number): Encoded {
  const sequences: EncodedSequence[] = [];
  const dropped = [...droppedNoise(song)];
  for (const voice of PITCHED_VOICES) {
    if (song.voices[voice].length === 0) continue;
    const { melodies, reason = `no ${bars} bars together` } = extractMelodies(song.voices[voice], song, RULES);
    const slices = melodies
      .flatMap((melody) => windowStarts(melody.length, bars).map((start) => sliceMelody(melody, start, bars)))
      .filter((slice) => isFilled([slice]));
    const different = new Map(slices.map((slice) => [slice.join(), slice]));
    for (const slice of different.values()) {
      sequences.push({ voice, events: Uint16Array.from(slice, PIANO_ALPHABET.classOf) });
    }
    if (slices.length === 0) dropped.push({ voice, reason });
  }
  return { sequences, dropped };
}
