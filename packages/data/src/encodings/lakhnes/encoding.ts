import { VGM_SAMPLE_RATE, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import type { Encoding } from '../encoding.ts';
import { decodeLakhNes } from './decode.ts';
import { encodeLakhNes } from './encode.ts';
import { FIRST_WAIT, type LakhNesEvent, makeVocabulary, nameOf, type Vocabulary } from './vocabulary.ts';
import { nearestWait } from './waits.ts';

const TYPICAL_TEMPO = 120;
/** Of 4/4 at that tempo. */
const SAMPLES_PER_BAR = (4 * 60 * VGM_SAMPLE_RATE) / TYPICAL_TEMPO;

/** Notes and timing of all four voices: 631 events, LakhNES' own alphabet (Donahue et al., ISMIR 2019). */
export const tx1Encoding: Encoding = lakhNesEncoding('tx1', makeVocabulary(false));
/** As TX1, with velocities and timbres within notes: 686 events. */
export const tx2Encoding: Encoding = lakhNesEncoding('tx2', makeVocabulary(true));

/**
 * Both encodings take a song to the sample and give one sequence of all voices, without `<S>`. encode(decode(events))
 * gives the same events for every sequence that encode gave; times drift by the rounding of each wait (at most half a
 * step).
 */
function lakhNesEncoding(name: string, vocabulary: Vocabulary): Encoding {
  const { events } = vocabulary;
  const grammar = events.map((previous) => events.map((next) => mayFollow(previous, next, vocabulary)));
  const atStart = events.map(({ kind }) => kind !== 'boundary');
  return {
    name,
    version: 1,
    classes: events.length,
    // NES-MDB's valid split has 57 TX1 events a second; a bar lasts about two.
    stepsPerBar: 115,
    voices: VOICE_NAMES,
    exactTimes: true,
    encode(song) {
      const encoded = encodeLakhNes(song, vocabulary);
      return { sequences: encoded.length > 0 ? [{ voice: 'all', events: encoded }] : [], dropped: [] };
    },
    encodePitches: (pitches) =>
      pitches.flatMap((pitch) => [...noteOn(pitch, vocabulary), FIRST_WAIT + nearestWait(STEP)]),
    decode: (sampled, { title, beatsPerMinute = 120 }) => ({
      title,
      ...decodeLakhNes(sampled, vocabulary),
      tempo: { beatsPerMinute, firstBeat: 0, origin: 'assumed', confidence: 0 },
      meter: { beats: 4, unit: 4, origin: 'assumed' },
    }),
    allowedAfter: (previous) => (previous === undefined ? atStart : grammar[previous]),
    typicalTempo: TYPICAL_TEMPO,
    barsOf: (event) => (events[event].kind === 'wait' ? events[event].value / SAMPLES_PER_BAR : 0),
    pitchesOf(event) {
      const started = events[event];
      return started.kind === 'on' && started.voice !== 'noise' ? [started.value] : [];
    },
    isEnd: (event) => events[event].kind === 'boundary',
    describe: (event) => (events[event] ? nameOf(events[event]) : `no event of ${name}: ${event}`),
  };
}

/** Samples of the notes that encodePitches makes: an eighth at about 120 bpm. */
const STEP = 11_000;

/** A note-on of pulse 1, with a velocity of 12 where the alphabet has them. */
function noteOn(pitch: number, { events, voices }: Vocabulary): number[] {
  const id = events.findIndex((event) => event.kind === 'on' && event.voice === 'pulse1' && event.value === pitch);
  const { firstVelocity } = voices.pulse1;
  if (id >= 0) return firstVelocity === undefined ? [id] : [id, firstVelocity + 11];
  const last = events[voices.pulse1.firstOn];
  throw new DataError(`pitch ${pitch}`, `pulse 1 cannot play it (${nameOf(last)} is its lowest)`, 'use 33 to 108');
}

/**
 * What encode can write. Within one time voices come in order and each speaks once: a note-off or a note-on, or only
 * dynamics; in TX2 a note-on is followed by its velocity, a velocity by no more than a timbre. Two waits are never
 * neighbours.
 */
function mayFollow(previous: LakhNesEvent, next: LakhNesEvent, vocabulary: Vocabulary): boolean {
  if (previous.kind === 'boundary') return next.kind !== 'boundary';
  if (next.kind === 'boundary') return true;
  if (previous.kind === 'wait') return next.kind !== 'wait';
  const isBare = previous.kind === 'on' && vocabulary.voices[previous.voice].firstVelocity !== undefined;
  if (isBare) return next.kind === 'velocity' && next.voice === previous.voice;
  if (next.kind === 'wait') return true;
  if (next.voice !== previous.voice) return orderOf(next.voice) > orderOf(previous.voice);
  return next.kind === 'timbre' && previous.kind === 'velocity';
}

function orderOf(voice: VoiceName): number {
  return VOICE_NAMES.indexOf(voice);
}
