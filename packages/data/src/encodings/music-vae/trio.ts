import type { VoiceName } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, EncodedSequence, Encoding } from '../encoding.ts';
import { songOnGrid } from '../grid/song.ts';
import { droppedAll, songSteps } from '../grid/steps.ts';
import { type Melody, NO_EVENT, PIANO_ALPHABET } from '../melody/alphabet.ts';
import { describeMelodyEvent } from '../melody/encoding.ts';
import { NES_RULES, STEPS_PER_BAR } from '../melody/extract.ts';
import { melodyOfSpans, melodySpans } from '../melody/spans.ts';
import { DRUM_CLASSES, describeDrums, drumClassOf, noisePitchOf } from './drums.ts';
import { fullWindowStarts } from './windows.ts';

const NAME = 'music-vae-trio';
const BARS = 16;
/** Every part sounds in each bar of a window, or in one that is so many bars before or after it. */
const GAP_BARS = 2;
/** Events of a step: melody, bass, drums. */
const PARTS = 3;
const BASS = PIANO_ALPHABET.classes;
const DRUM = 2 * PIANO_ALPHABET.classes;
const CLASSES = DRUM + DRUM_CLASSES;
/** The part that begins each range of classes. */
const FIRST_CLASSES = [0, BASS, DRUM] as const;

/**
 * The trio encoding of MusicVAE: windows of 16 bars, three events a 16th note, melody (0..89), bass (90..179, the same
 * 90 classes) and drums (180..691, a bit for each of nine drums); 692 classes together, which is the depth of the
 * original's input. Windows begin at every bar of the song, and hold what lies in it as it is: also the end of a note
 * that began before, of which nothing is left when a window is decoded. Equal windows of a trio count once.
 *
 * A song gives trios of pulse 1, triangle and noise, and of pulse 2, triangle and noise. A noise's brightness decides
 * which drum it is; the noise's own pitch and sound are forgotten, and a hit comes back one step long. (Departures from
 * MusicVAE: the table in the package's README.)
 */
export const vaeTrioEncoding: Encoding = {
  name: NAME,
  version: 3,
  classes: CLASSES,
  stepsPerBar: PARTS * STEPS_PER_BAR,
  voices: ['pulse1', 'triangle', 'noise'],
  encode,
  encodePitches(pitches) {
    for (const pitch of pitches) refusePitch(NAME, pitch, PIANO_ALPHABET.minNote, PIANO_ALPHABET.maxNote - 1);
    return pitches.flatMap((pitch) => [PIANO_ALPHABET.classOf(pitch), BASS, DRUM]);
  },
  decode,
  allowedAfter: (previous) => GRAMMAR[previous === undefined ? PARTS - 1 : partOf(previous)],
  // The drums end a step.
  barsOf: (event) => (partOf(event) === 2 ? 1 / STEPS_PER_BAR : 0),
  pitchesOf(event) {
    const started = partOf(event) === 2 ? NO_EVENT : PIANO_ALPHABET.eventOf(event - FIRST_CLASSES[partOf(event)]);
    return started >= 0 ? [started] : [];
  },
  describe(event) {
    refuseClass(NAME, event, 0, CLASSES);
    if (event >= DRUM) return describeDrums(event - DRUM);
    const part = partOf(event) === 0 ? 'melody' : 'bass';
    return `${part} ${describeMelodyEvent(event - FIRST_CLASSES[partOf(event)], NAME, PIANO_ALPHABET)}`;
  },
};

/** The input of the original: the one-hots of melody, bass and drums side by side, (steps, 692). */
export function trioInputs(events: ArrayLike<number>): Float32Array {
  const inputs = new Float32Array(Math.floor(events.length / PARTS) * CLASSES);
  for (let index = 0; index < events.length; index++) {
    inputs[Math.floor(index / PARTS) * CLASSES + events[index]] = 1;
  }
  return inputs;
}

function partOf(event: number): number {
  if (event < BASS) return 0;
  return event < DRUM ? 1 : 2;
}

/** Entry n: what may follow an event of part n, which is whatever belongs to the next part. */
const GRAMMAR: readonly (readonly boolean[])[] = FIRST_CLASSES.map((_, part) =>
  Array.from({ length: CLASSES }, (_, next) => partOf(next) === (part + 1) % PARTS),
);

function encode(song: Song): Encoded {
  const sequences = [...encodeTrio(song, 'pulse1'), ...encodeTrio(song, 'pulse2')];
  const isEmpty = (voice: VoiceName) => song.voices[voice].length === 0;
  if (sequences.length > 0) return { sequences, dropped: [] };
  const lacks = isEmpty('triangle') || isEmpty('noise') || (isEmpty('pulse1') && isEmpty('pulse2'));
  const reason = lacks ? 'no trio of pulse, triangle and noise' : `no ${BARS} bars of a trio`;
  return droppedAll(song, reason, ['pulse1', 'pulse2', 'triangle', 'noise']);
}

function encodeTrio(song: Song, lead: VoiceName): EncodedSequence[] {
  const names = [lead, 'triangle', 'noise'] as const;
  const { restrikeRise } = NES_RULES;
  const { voices, steps } = songSteps(song, { stepsPerQuarter: 4, voices: names, restrikeRise, keepSilence: true });
  const parts = names.map((name) => voices[name]);
  const wholeBars = Math.ceil(steps / STEPS_PER_BAR) * STEPS_PER_BAR;
  const events = eventsOf(parts.map((part) => melodyOfSpans(part, wholeBars)));
  const windows = new Map<string, Uint16Array>();
  for (const start of fullWindowStarts(parts, steps, { bars: BARS, gapBars: GAP_BARS })) {
    const window = events.slice(PARTS * start, PARTS * (start + BARS * STEPS_PER_BAR));
    windows.set(window.join(), window);
  }
  return [...windows.values()].map((window) => ({ voice: 'all', events: window }));
}

/** Three events a step. */
function eventsOf([melody, bass, hits]: readonly Melody[]): Uint16Array {
  const events = new Uint16Array(melody.length * PARTS);
  for (let step = 0; step < melody.length; step++) {
    events[step * PARTS] = PIANO_ALPHABET.classOf(melody[step]);
    events[step * PARTS + 1] = BASS + PIANO_ALPHABET.classOf(bass[step]);
    events[step * PARTS + 2] = DRUM + (hits[step] >= 0 ? drumClassOf(hits[step]) : 0);
  }
  return events;
}

/**
 * Events in another order than melody, bass, drums: a step ends where a part comes that is not later than the one
 * before. Windows are bars of 4/4, whatever the meter of the song that they are cut from.
 */
function decode(events: ArrayLike<number>, { meter: _, ...options }: DecodeOptions): Song {
  const steps: number[][] = [];
  let last = PARTS;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(NAME, event, index, CLASSES);
    const part = partOf(event);
    if (part <= last) steps.push([0, 0, 0]);
    steps[steps.length - 1][part] = event - FIRST_CLASSES[part];
    last = part;
  }
  const melodyOf = (part: number) => melodySpans(steps.map((step) => PIANO_ALPHABET.eventOf(step[part])));
  const noise = steps.flatMap((step, start) => {
    const pitch = noisePitchOf(step[2]);
    return pitch === undefined ? [] : [{ start, end: start + 1, pitch }];
  });
  return songOnGrid({ voices: { pulse1: melodyOf(0), triangle: melodyOf(1), noise }, steps: steps.length }, options);
}
