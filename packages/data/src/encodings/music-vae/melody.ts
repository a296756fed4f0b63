import type { Song } from '../../song.ts';
import type { Encoded, EncodedSequence, Encoding } from '../encoding.ts';
import { droppedNoise, PITCHED_VOICES } from '../grid/steps.ts';
import { type Melody, NO_EVENT, NOTE_OFF, PIANO_ALPHABET } from '../melody/alphabet.ts';
import { melodyEncodingOf } from '../melody/encoding.ts';
import { type ExtractionRules, extractMelodies, NES_RULES, STEPS_PER_BAR } from '../melody/extract.ts';
import { windowStarts } from './windows.ts';

/** As MusicVAE's converter takes them: any melody of a bar and more, of which the first 100 bars count. */
const RULES: ExtractionRules = {
  ...NES_RULES,
  minimumBars: 1,
  minimumPitchClasses: 1,
  maximumSteps: 100 * STEPS_PER_BAR,
};

/**
 * The melody encoding of MusicVAE: windows of a fixed number of bars, one event a 16th note, 90 classes (0 no event, 1
 * note-off, 2..89 the pitches 21..108), no transposition. Windows begin at every bar of a melody; equal ones of a voice
 * count once. Only those are taken in whose first bar a note starts and in whose last one sounds, so that a window
 * alone tells where it begins and ends. (Departures from MusicVAE: the table in the package's README.)
 */
function createVaeMelodyEncoding(bars: number): Encoding {
  const encoding = melodyEncodingOf(`music-vae-${bars}bar`, 3, PIANO_ALPHABET, (song) => encode(song, bars));
  // Windows are bars of 4/4, whatever the meter of the song that they are cut from.
  return { ...encoding, decode: (events, { meter: _, ...options }) => encoding.decode(events, options) };
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
      .filter(isFilled);
    const different = new Map(slices.map((slice) => [slice.join(), slice]));
    for (const slice of different.values()) {
      sequences.push({ voice, events: Uint16Array.from(slice, PIANO_ALPHABET.classOf) });
    }
    if (slices.length === 0) dropped.push({ voice, reason });
  }
  return { sequences, dropped };
}

/**
 * Part of a melody, filled up with rest beyond its end. A note that started before is not in it: what is left of it,
 * and the note-off before the first note, become no event, as in note_seq.
 */
function sliceMelody(melody: Melody, start: number, bars: number): Melody {
  const end = start + bars * STEPS_PER_BAR;
  const slice = melody.slice(start, end);
  if (isSounding(slice) && melody.length < end) slice.push(NOTE_OFF);
  while (slice.length < bars * STEPS_PER_BAR) slice.push(NO_EVENT);
  const firstNote = slice.findIndex((event) => event >= 0);
  return slice.fill(NO_EVENT, 0, firstNote < 0 ? slice.length : firstNote);
}

/** Whether a note starts in the first bar, and one sounds in the last. */
function isFilled(melody: Melody): boolean {
  const [first, last] = [melody.slice(0, STEPS_PER_BAR), melody.slice(-STEPS_PER_BAR)];
  const isHeld = isSounding(melody.slice(0, -STEPS_PER_BAR)) && last[0] !== NOTE_OFF;
  return first.some((event) => event >= 0) && (isHeld || last.some((event) => event >= 0));
}

/** Whether a note goes on beyond the end of a melody. */
function isSounding(melody: Melody): boolean {
  return (melody.findLast((event) => event !== NO_EVENT) ?? NOTE_OFF) >= 0;
}
