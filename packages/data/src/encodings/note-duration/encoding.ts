import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedNoise, droppedPitched, PITCHED_VOICES, songSteps } from '../grid/steps.ts';
import { dealVoices } from '../grid/voices.ts';
import { NES_RULES } from '../melody/extract.ts';

const NAME = 'note-duration';
const SPECIALS = ['xxbos', 'xxpad', 'xxeos', 'xxs2scls', 'xxmask', 'xxcseq', 'xxmseq', 'xxnscls', 'xxsep'] as const;
const PITCHES = 128;
/** d0..d160: ten bars of sixteen steps. */
const DURATIONS = 161;
const TEMPI = 10;
/** Names that fill the alphabet up to a multiple of 8. */
const DUMMIES = 4;

const BEGIN = SPECIALS.indexOf('xxbos');
const PAD = SPECIALS.indexOf('xxpad');
const END = SPECIALS.indexOf('xxeos');
const SEPARATOR = SPECIALS.indexOf('xxsep');
const NOTE = SPECIALS.length;
const DURATION = NOTE + PITCHES;
const TEMPO = DURATION + DURATIONS;
const CLASSES = TEMPO + TEMPI + DUMMIES;
const LONGEST_WAIT = DURATIONS - 1;

/** The piano's range as MusicAutobot has it: 21..107. */
const LOWEST = 21;
const HIGHEST = 107;
const STEPS_PER_QUARTER = 4;
const STEPS_PER_WHOLE = 4 * STEPS_PER_QUARTER;
/** The longest note, 8 bars. */
const LONGEST_NOTE = 128;
/** Longer rests, in steps, are shortened to this and what they have beyond whole quarters. */
const LONGEST_REST = 8 * STEPS_PER_QUARTER;
/** Fewest rows (notes and separators, each with its duration) of a song. */
const MIN_ROWS = 32;

/**
 * The encoding of MusicAutobot, the pop transformer: `xxbos xxpad n60 d4 n55 d8 xxsep d4 ... xxeos`. All pitched voices
 * in one sequence of rows of two: a note and its duration in 16ths, the highest first, or the separator and the steps
 * to the next notes. 312 classes: 9 specials, n0..n127, d0..d160, mt0..mt9 and 4 dummies, of which only xxbos, xxpad,
 * xxeos, xxsep, notes and durations occur. Pitches outside 21..107 are left out, notes end after 128 steps, rests of
 * more than 32 steps are shortened.
 *
 * Starts and durations are rounded to steps. It forgets voices, volume and duty. (Departures from MusicAutobot: the
 * table in the package's README.)
 */
export const noteDurationEncoding: Encoding = {
  name: NAME,
  version: 2,
  classes: CLASSES,
  // Four onsets of two notes: twelve rows of two.
  stepsPerBar: 24,
  voices: PITCHED_VOICES,
  encode,
  encodePitches(pitches) {
    for (const pitch of pitches) refusePitch(NAME, pitch, LOWEST, HIGHEST);
    return [BEGIN, PAD, ...pitches.flatMap((pitch) => [NOTE + pitch, DURATION + 2, SEPARATOR, DURATION + 2])];
  },
  decode,
  allowedAfter: (previous) => GRAMMAR[previous ?? CLASSES],
  barsOf: (event, previous) => (previous === SEPARATOR ? durationOf(event) / STEPS_PER_WHOLE : 0),
  pitchesOf: (event) => (event >= NOTE && event < DURATION ? [event - NOTE] : []),
  isEnd: (event) => event === END,
  describe(event) {
    refuseClass(NAME, event, 0, CLASSES);
    if (event < NOTE) return SPECIALS[event];
    if (event < DURATION) return `n${event - NOTE}`;
    if (event < TEMPO) return `d${event - DURATION}`;
    return event < TEMPO + TEMPI ? `mt${event - TEMPO}` : `dummy${event - TEMPO - TEMPI}`;
  },
};

function encode(song: Song): Encoded {
  const { restrikeRise } = NES_RULES;
  const { voices } = songSteps(song, {
    stepsPerQuarter: STEPS_PER_QUARTER,
    voices: PITCHED_VOICES,
    restrikeRise,
    rounding: 'lengths',
  });
  const notes = [...voices.pulse1, ...voices.pulse2, ...voices.triangle]
    .filter(({ pitch }) => pitch >= LOWEST && pitch <= HIGHEST)
    .map((note) => ({ ...note, end: Math.min(note.end, note.start + LONGEST_NOTE) }))
    .sort((a, b) => a.start - b.start || b.pitch - a.pitch || b.end - a.end);
  // Where notes were left out at the start, the bars before the first note are too.
  const origin = notes.length > 0 ? notes[0].start - (notes[0].start % STEPS_PER_WHOLE) : 0;
  const rows = rowsOf(notes.map((note) => ({ ...note, start: note.start - origin, end: note.end - origin })));
  if (rows.length / 2 < MIN_ROWS) return droppedPitched(song, `fewer than ${MIN_ROWS} notes and separators`);
  const events = Uint16Array.from([BEGIN, PAD, ...rows, END]);
  return { sequences: [{ voice: 'all', events }], dropped: droppedNoise(song) };
}

/** @param notes by start; of equal starts the highest first */
function rowsOf(notes: readonly Span[]): number[] {
  const rows: number[] = [];
  let onset = 0;
  let silentFrom = 0;
  for (const { start, end, pitch } of notes) {
    const rest = start - silentFrom;
    const shortened = rest > LONGEST_REST ? rest - LONGEST_REST - (rest % STEPS_PER_QUARTER) : 0;
    for (let wait = start - onset - shortened; wait > 0; wait -= LONGEST_WAIT) {
      rows.push(SEPARATOR, DURATION + Math.min(wait, LONGEST_WAIT));
    }
    rows.push(NOTE + pitch, DURATION + end - start);
    onset = start;
    silentFrom = Math.max(silentFrom, end);
  }
  return rows;
}

/** Of a row that is cut short, and of specials, there is nothing to play. */
function decode(events: ArrayLike<number>, options: DecodeOptions): Song {
  const spans: Span[] = [];
  let step = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(NAME, event, index, CLASSES);
    const duration = durationOf(events[index + 1]);
    if (event === SEPARATOR) step += duration;
    else if (event >= NOTE && event < DURATION && duration > 0) {
      spans.push({ start: step, end: step + duration, pitch: event - NOTE });
    }
  }
  const last = spans.reduce((latest, { end }) => Math.max(latest, end), step);
  return songOnGrid({ voices: dealVoices(spans), steps: last }, options, STEPS_PER_QUARTER);
}

/** The steps of a duration token; 0 of anything else. */
function durationOf(event: number | undefined): number {
  return event !== undefined && event >= DURATION && event < TEMPO ? event - DURATION : 0;
}

/** Entry n: what may follow event n; entry CLASSES: what may come first. */
const GRAMMAR: readonly (readonly boolean[])[] = Array.from({ length: CLASSES + 1 }, (_, previous) =>
  Array.from({ length: CLASSES }, (_, next) => mayFollow(previous, next)),
);

function mayFollow(previous: number, next: number): boolean {
  const isNote = next >= NOTE + LOWEST && next <= NOTE + HIGHEST;
  const duration = next - DURATION;
  if (previous === CLASSES || previous === END) return next === BEGIN;
  if (previous === BEGIN) return next === PAD;
  if (previous === SEPARATOR) return duration >= 1 && duration <= LONGEST_WAIT;
  if (previous >= NOTE && previous < DURATION) return duration >= 1 && duration <= LONGEST_NOTE;
  if (previous === PAD) return isNote || next === SEPARATOR;
  // After a duration; events that never occur may be followed by a new row too.
  return isNote || next === SEPARATOR || next === END;
}
