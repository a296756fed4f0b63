import { VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { pitchName } from '../../pitch.ts';
import type { Song } from '../../song.ts';
import { refuseClass, refusePitch } from '../check-events.ts';
import type { DecodeOptions, Encoded, Encoding } from '../encoding.ts';
import { type Span, songOnGrid } from '../grid/song.ts';
import { droppedAll, songSteps } from '../grid/steps.ts';
import { NES_RULES, STEPS_PER_BAR } from '../melody/extract.ts';
import { bitmapOf, FIRST_CELL, STEP_END } from './cells.ts';

/** Where the pitches of each voice lie in a plane: pulses 33..108, triangle 21..108, noise 1..16, 256 rows together. */
const ROWS = VOICE_NAMES.map((voice, index) => {
  const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
  const first = VOICE_NAMES.slice(0, index).reduce((sum, name) => sum + rowsOf(name), 0);
  return { voice, first, lowestPitch, highestPitch };
});
const PLANE = VOICE_NAMES.reduce((sum, voice) => sum + rowsOf(voice), 0);
/** A note starts: plane 0. It goes on: plane 1. */
const CELLS = 2 * PLANE;
/** Volume v, 0..15: VOLUME + v. */
const VOLUME = FIRST_CELL + CELLS;
const VOLUMES = 16;
const SHORTEST = 2 * STEPS_PER_BAR;

/** Columns of a step in pianorollOf: two planes (starts, goes on) of 256 rows. */
export const PIANOROLL_SHAPE = { planes: 2, rows: PLANE } as const;

/**
 * The piano roll of the four voices, one sequence a song, a step a 16th note. A step has two planes of 256 rows (the
 * pitches of pulse 1, pulse 2, triangle and noise): notes that start, and notes that go on. Written as events (see
 * cells.ts): 0 ends a step, 1..512 are cells. `pianoroll-volume` writes the loudest volume of a note, 513..528, after
 * the cell where it starts.
 */
function createPianorollEncoding(name: string, withVolume: boolean): Encoding {
  const classes = withVolume ? VOLUME + VOLUMES : VOLUME;
  const grammar = createGrammar(classes, withVolume);
  return {
    name,
    version: 2,
    classes,
    // 16 STEP_ENDs and three sounding notes in each.
    stepsPerBar: 4 * STEPS_PER_BAR,
    voices: VOICE_NAMES,
    encode: (song) => encode(song, withVolume),
    encodePitches(pitches) {
      const { lowestPitch, highestPitch } = VOICE_RANGES.pulse1;
      for (const pitch of pitches) refusePitch(name, pitch, lowestPitch, highestPitch);
      return pitches.flatMap((pitch) => [cellOf('pulse1', pitch, 0), ...(withVolume ? [VOLUME + 10] : []), STEP_END]);
    },
    decode: (events, options) => decode(events, options, name, classes),
    allowedAfter: (previous) => grammar[previous ?? classes],
    barsOf: (event) => (event === STEP_END ? 1 / STEPS_PER_BAR : 0),
    pitchesOf(event) {
      if (event < FIRST_CELL || event >= FIRST_CELL + PLANE) return [];
      const { voice, pitch } = noteOfCell(event);
      return voice === 'noise' ? [] : [pitch];
    },
    describe(event) {
      refuseClass(name, event, 0, classes);
      if (event === STEP_END) return 'end of step';
      if (event >= VOLUME) return `volume ${event - VOLUME}`;
      const { voice, pitch, plane } = noteOfCell(event);
      return `${voice} ${voice === 'noise' ? pitch : pitchName(pitch)} ${plane === 0 ? 'starts' : 'goes on'}`;
    },
  };
}

/** 513 classes. */
export const pianorollEncoding: Encoding = createPianorollEncoding('pianoroll', false);
/** 529 classes. */
export const pianorollVolumeEncoding: Encoding = createPianorollEncoding('pianoroll-volume', true);

/**
 * The bitmap of a `pianoroll` or `pianoroll-volume` sequence, (steps, 2, 256): 0 or 1, or with volume the volume of the
 * note in fifteenths, where it starts and where it goes on.
 */
export function pianorollOf(events: ArrayLike<number>): Float32Array {
  const bitmap = bitmapOf(events, CELLS);
  const volumes = new Float32Array(PLANE).fill(1);
  let step = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    if (event === STEP_END) step++;
    if (event < FIRST_CELL || event >= VOLUME) continue;
    const row = (event - FIRST_CELL) % PLANE;
    const next = events[index + 1] ?? STEP_END;
    if (event - FIRST_CELL < PLANE) volumes[row] = next >= VOLUME ? (next - VOLUME) / (VOLUMES - 1) : 1;
    const cell = step * CELLS + event - FIRST_CELL;
    if (cell < bitmap.length) bitmap[cell] = volumes[row];
  }
  return bitmap;
}

function rowsOf(voice: VoiceName): number {
  return VOICE_RANGES[voice].highestPitch - VOICE_RANGES[voice].lowestPitch + 1;
}

function cellOf(voice: VoiceName, pitch: number, plane: number): number {
  const { first, lowestPitch } = ROWS[VOICE_NAMES.indexOf(voice)];
  return FIRST_CELL + plane * PLANE + first + pitch - lowestPitch;
}

function noteOfCell(event: number): { readonly voice: VoiceName; readonly pitch: number; readonly plane: number } {
  const row = (event - FIRST_CELL) % PLANE;
  const { voice, first, lowestPitch } = ROWS.findLast((rows) => rows.first <= row) ?? ROWS[0];
  return { voice, pitch: lowestPitch + row - first, plane: event - FIRST_CELL < PLANE ? 0 : 1 };
}

function encode(song: Song, withVolume: boolean): Encoded {
  const { restrikeRise } = NES_RULES;
  const { voices, steps } = songSteps(song, { stepsPerQuarter: 4, restrikeRise });
  if (steps < SHORTEST) return droppedAll(song, `shorter than ${SHORTEST / STEPS_PER_BAR} bars`, VOICE_NAMES);
  const inStep: { cell: number; volume: number }[][] = Array.from({ length: steps }, () => []);
  for (const voice of VOICE_NAMES) {
    for (const { start, end, pitch, volume = 0 } of voices[voice]) {
      inStep[start].push({ cell: cellOf(voice, pitch, 0), volume });
      for (let step = start + 1; step < end; step++) inStep[step].push({ cell: cellOf(voice, pitch, 1), volume });
    }
  }
  const events = inStep.flatMap((cells) => [
    ...cells
      .sort((a, b) => a.cell - b.cell)
      .flatMap(({ cell, volume }) => (withVolume && cell <= PLANE ? [cell, VOLUME + volume] : [cell])),
    STEP_END,
  ]);
  return { sequences: [{ voice: 'all', events: Uint16Array.from(events) }], dropped: [] };
}

/**
 * Of several cells of a voice in one step the first counts, a start before what goes on; what goes on without sounding
 * is ignored.
 */
function decode(events: ArrayLike<number>, options: DecodeOptions, name: string, classes: number): Song {
  const voices: Record<VoiceName, Span[]> = { pulse1: [], pulse2: [], triangle: [], noise: [] };
  const taken = new Set<VoiceName>();
  let step = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    refuseClass(name, event, index, classes);
    if (event === STEP_END) {
      step++;
      taken.clear();
    }
    if (event === STEP_END || event >= VOLUME) continue;
    const { voice, pitch, plane } = noteOfCell(event);
    const spans = voices[voice];
    const last = spans.at(-1);
    if (taken.has(voice)) continue;
    if (plane === 0) {
      const next = events[index + 1] ?? STEP_END;
      spans.push({ start: step, end: step + 1, pitch, ...(next >= VOLUME && { volume: next - VOLUME }) });
    } else if (last?.end === step && last.pitch === pitch) {
      spans[spans.length - 1] = { ...last, end: step + 1 };
    }
    taken.add(voice);
  }
  const steps = Math.max(step, ...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
  return songOnGrid({ voices, steps }, options);
}

/**
 * Entry n: what may follow event n; entry `classes`: what may come first, where nothing can go on. Cells rise within a
 * step.
 */
function createGrammar(classes: number, withVolume: boolean): readonly (readonly boolean[])[] {
  const isStart = (event: number) => event >= FIRST_CELL && event < FIRST_CELL + PLANE;
  return Array.from({ length: classes + 1 }, (_, previous) =>
    Array.from({ length: classes }, (_, next) => {
      if (withVolume && isStart(previous)) return next >= VOLUME;
      if (next >= VOLUME) return false;
      if (previous === classes) return next < FIRST_CELL + PLANE;
      return next === STEP_END || previous === STEP_END || previous >= VOLUME || next > previous;
    }),
  );
}
