import { VOICE_RANGES } from '@chipsmith/apu';
import { pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { barSteps } from '../grid/quantise.ts';
import { songOnGrid } from '../grid/song.ts';
import { PITCHED_VOICES } from '../grid/steps.ts';
import {
  BASIC_ALPHABET,
  type Melody,
  type MelodyAlphabet,
  MONO_ALPHABET,
  NO_EVENT,
  NOTE_OFF,
  SPECIAL_EVENTS,
} from './alphabet.ts';
import { type ExtractionRules, extractMelodies, MAGENTA_RULES, NES_RULES, STEPS_PER_BAR } from './extract.ts';
import { melodySpans } from './spans.ts';
import { squash, squashTransposition } from './squash.ts';

/** What tells one melody encoding from another. */
interface MelodyKind {
  readonly name: string;
  readonly inC: boolean;
  readonly alphabet: MelodyAlphabet;
  /** Brings a melody into the alphabet's range, and tells by how many semitones it moved it up. */
  readonly fit: (melody: Melody) => { readonly fitted: Melody; readonly transposition: number };
}

/** Basic RNN: three octaves, in C. */
const BASIC: MelodyKind = {
  name: 'melody',
  inC: true,
  alphabet: BASIC_ALPHABET,
  fit(melody) {
    const transposition = squashTransposition(melody);
    return { fitted: squash(melody, transposition), transposition };
  },
};
/** Mono RNN: every pitch as it is (transpose_to_key=None). */
const MONO: MelodyKind = {
  name: 'mono',
  inC: false,
  alphabet: MONO_ALPHABET,
  fit: (melody) => ({ fitted: melody, transposition: 0 }),
};

/**
 * The melody encoding of Magenta's Basic RNN: 38 classes (0 no event, 1 note-off, 2..37 the pitches 48..83), one event
 * a 16th note, everything transposed to C. Each pitched voice gives melodies of its own; the noise has no pitch and
 * takes no part.
 *
 * @param rules when a voice counts; NES_RULES if left out
 */
export function createMelodyEncoding(rules: ExtractionRules = NES_RULES): Encoding {
  return createEncoding(BASIC, rules);
}

/** The melody encoding with the rules for NES music. */
export const melodyEncoding: Encoding = createMelodyEncoding();

/**
 * The melody encoding of Magenta's Mono RNN: 130 classes (0 no event, 1 note-off, 2..129 the pitches 0..127), no
 * transposition.
 */
export const monoEncoding: Encoding = createEncoding(MONO, NES_RULES);

/** Rules by which each voice with notes is one melody. */
const WHOLE_VOICES: Partial<ExtractionRules> = {
  minimumBars: 0,
  minimumPitchClasses: 0,
  gapBars: Number.POSITIVE_INFINITY,
  maximumSteps: undefined,
  crowdedStep: 'keep-longest',
};

function createEncoding(kind: MelodyKind, rules: ExtractionRules): Encoding {
  return {
    ...melodyEncodingOf(kind.name, 2, kind.alphabet, (song) => encodeMelodies(song, kind, rules)),
    inC: kind.inC,
    encodePrimer: (song) => encodeMelodies(song, kind, { ...rules, ...WHOLE_VOICES }),
    naive: {
      description: "Magenta's rules at a fixed 120 bpm, without frames",
      encode: (song) => encodeMelodies({ ...song, ...NAIVE_TIMING }, kind, MAGENTA_RULES),
    },
  };
}

/** An encoding of one class of a melody alphabet a 16th note, whatever `encode` takes out of a song. */
export function melodyEncodingOf(
  name: string,
  version: number,
  alphabet: MelodyAlphabet,
  encode: Encoding['encode'],
): Encoding {
  return {
    name,
    version,
    classes: alphabet.classes,
    stepsPerBar: STEPS_PER_BAR,
    voices: ['pulse1'],
    encode,
    encodePitches: (pitches) => {
      for (const pitch of pitches) refusePitch(name, pitch, alphabet.minNote, alphabet.maxNote - 1);
      return pitches.map(alphabet.classOf);
    },
    decode: (events, options) => decodeMelody(events, options, name, alphabet),
    allowedAfter: melodyGrammar(alphabet.classes),
    barsOf: () => 1 / STEPS_PER_BAR,
    pitchesOf: (event) => (event < SPECIAL_EVENTS ? [] : [alphabet.eventOf(event)]),
    describe: (classIndex) => describeMelodyEvent(classIndex, name, alphabet),
  };
}

/** What a reader without tempo estimation believes of a register log. */
export const NAIVE_TIMING: Pick<Song, 'tempo' | 'meter'> = {
  tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 },
  meter: { beats: 4, unit: 4, origin: 'assumed' },
};

function encodeMelodies(song: Song, { alphabet, fit }: MelodyKind, rules: ExtractionRules): Encoded {
  const sequences = [];
  const dropped = [];
  for (const voice of PITCHED_VOICES) {
    if (song.voices[voice].length === 0) continue;
    const { melodies, reason } = extractMelodies(song.voices[voice], song, rules);
    const bar = barSteps(song.meter, STEPS_PER_BAR);
    for (const melody of melodies) {
      const { fitted, transposition } = fit(melody);
      sequences.push({ voice, bar, events: Uint16Array.from(fitted, alphabet.classOf), transposition });
    }
    if (reason) dropped.push({ voice, reason });
  }
  return { sequences, dropped };
}

/**
 * A melody for one voice: pulse 1, or the triangle where a note is too low for it.
 *
 * @throws DataError at a strange event
 */
function decodeMelody(events: ArrayLike<number>, options: DecodeOptions, name: string, alphabet: MelodyAlphabet): Song {
  const melody = Array.from(events, (classIndex, step) => {
    refuseClass(name, classIndex, step, alphabet.classes);
    return alphabet.eventOf(classIndex);
  });
  const spans = melodySpans(melody);
  const low = spans.some(({ pitch }) => pitch < VOICE_RANGES.pulse1.lowestPitch);
  return songOnGrid({ voices: { [low ? 'triangle' : 'pulse1']: spans }, steps: melody.length }, options);
}

/** A note-off (class 1) needs a note: it comes neither first nor straight after another. */
function melodyGrammar(classes: number): Encoding['allowedAfter'] {
  const noteOff = BASIC_ALPHABET.classOf(NOTE_OFF);
  const anything: readonly boolean[] = new Array<boolean>(classes).fill(true);
  const anythingButOff: readonly boolean[] = anything.map((_, index) => index !== noteOff);
  return (previous) => (previous === undefined || previous === noteOff ? anythingButOff : anything);
}

/** @throws DataError if it is not a class of the alphabet */
export function describeMelodyEvent(classIndex: number, name: string, alphabet: MelodyAlphabet): string {
  refuseClass(name, classIndex, 0, alphabet.classes);
  const event = alphabet.eventOf(classIndex);
  if (event === NO_EVENT) return 'no event';
  return event === NOTE_OFF ? 'note off' : `note ${pitchName(event)}`;
}
