import { type Note, TICKS_PER_SECOND, type VoiceName } from '@chipsmith/apu';
import { type Song, ticksPerQuarter } from '@chipsmith/data';

/** The size of the picture's coordinates; the page may stretch it to any width. */
export interface RollSize {
  readonly width: number;
  readonly height: number;
}

/** Drawn in this order, so that the melody lies on top. */
const tonalVoices: readonly VoiceName[] = ['triangle', 'pulse2', 'pulse1'];

/** Share of the height that the drums take where there are any. */
const NOISE_SHARE = 0.18;

/** Noise pitches run from 1 to 16; hits are so short that they need four of these rows to be seen. */
const NOISE_ROWS = 16;
const HIT_ROWS = 4;

/** A piece that stays within a few notes is still shown in two octaves, so that steps look like steps. */
const MIN_ROWS = 24;

/** A note at full volume covers two rows, so that it stays a bar rather than a line where the range is wide. */
const NOTE_ROWS = 2;

/** The quietest note is still this share of the loudest one's height. */
const MIN_LOUDNESS = 0.3;

/** Pitch classes of the black keys. */
const blackKeys: ReadonlySet<number> = new Set([1, 3, 6, 8, 10]);

/**
 * Draws a song as SVG: time from left to right over the whole width, pitch upwards with the black keys' rows shaded,
 * drums in a lane of their own below, bars and beats as vertical lines. A note is as high as it is loud, and its
 * outline follows its volume. Colours come from the page's style: the classes are the voices' names, `bar`, `beat`,
 * `octave` and `black`.
 */
export function pianoRoll(song: Song, { width, height }: RollSize): string {
  const duration = Math.max(1, song.duration);
  const x = (tick: number) => (tick / duration) * width;
  const { noise } = song.voices;
  const tonalHeight = noise.length > 0 ? height * (1 - NOISE_SHARE) : height;
  const tonal = keyRows(song, tonalHeight);
  const parts = [
    keyboard(tonal, width),
    grid(song, x, height),
    ...tonalVoices.map((voice) => group(voice, song.voices[voice], x, tonal)),
    noise.length > 0 ? line(0, tonalHeight, width, tonalHeight, 'lane') : '',
    group('noise', noise, x, noiseRows(tonalHeight, height)),
  ];
  const size = `viewBox="0 0 ${number(width)} ${number(height)}" preserveAspectRatio="none"`;
  return `<svg class="roll" ${size} role="img" aria-label="${description(song)}">${parts.join('')}</svg>`;
}

/** Where notes of a pitch lie, and how high the loudest are. */
interface Rows {
  readonly loudest: number;
  readonly centre: (pitch: number) => number;
}

/** The rows of the tonal voices, one for each key from the lowest to the highest. */
interface KeyRows extends Rows {
  readonly lowest: number;
  readonly highest: number;
  readonly row: number;
}

function keyRows(song: Song, height: number): KeyRows {
  const pitches = tonalVoices.flatMap((voice) => song.voices[voice].map(({ pitch }) => pitch));
  const used = pitches.length > 0 ? [Math.min(...pitches) - NOTE_ROWS, Math.max(...pitches) + NOTE_ROWS] : [60, 60];
  const missing = Math.max(0, MIN_ROWS - (used[1] - used[0] + 1));
  const lowest = used[0] - Math.floor(missing / 2);
  const highest = used[1] + Math.ceil(missing / 2);
  const row = height / (highest - lowest + 1);
  return { lowest, highest, row, loudest: NOTE_ROWS * row, centre: (pitch) => (highest - pitch + 0.5) * row };
}

/** Between the given heights, with room for the hits of the first and the last row. */
function noiseRows(top: number, bottom: number): Rows {
  const row = (bottom - top) / (NOISE_ROWS + HIT_ROWS - 1);
  return { loudest: HIT_ROWS * row, centre: (pitch) => bottom - (pitch - 1 + HIT_ROWS / 2) * row };
}

/** Shaded rows for the black keys and a line below each C. */
function keyboard({ row, lowest, highest, centre }: KeyRows, width: number): string {
  let shapes = '';
  for (let pitch = lowest; pitch <= highest; pitch++) {
    const pitchClass = ((pitch % 12) + 12) % 12;
    const top = centre(pitch) - row / 2;
    if (blackKeys.has(pitchClass)) shapes += rectangle(0, top, width, row, 'black');
    if (pitchClass === 0) shapes += line(0, top + row, width, top + row, 'octave');
  }
  return shapes;
}

/** Lines at each bar, and thinner ones at each beat. */
function grid(song: Song, x: (tick: number) => number, height: number): string {
  return beatsOf(song)
    .map(({ tick, bar }) => line(x(tick), 0, x(tick), height, bar === undefined ? 'beat' : 'bar'))
    .join('');
}

/** When each beat falls, and, where it begins one, the number of its bar, from 1; an upbeat is bar 0. */
export function beatsOf({ tempo, meter, duration }: Song): { tick: number; bar?: number }[] {
  const ticksPerBeat = ticksPerQuarter(tempo.beatsPerMinute) * (4 / meter.unit);
  const first = Math.ceil(-tempo.firstBeat / ticksPerBeat);
  const count = Math.max(0, Math.ceil((duration - tempo.firstBeat) / ticksPerBeat) - first);
  return Array.from({ length: count }, (_, index) => {
    const beat = first + index;
    const tick = tempo.firstBeat + beat * ticksPerBeat;
    return beat % meter.beats === 0 ? { tick, bar: beat / meter.beats + 1 } : { tick };
  });
}

function group(voice: VoiceName, notes: readonly Note[], x: (tick: number) => number, rows: Rows): string {
  return `<g class="${voice}">${notes.map((note) => drawNote(note, x, rows)).join('')}</g>`;
}

/** A rectangle where the volume stays the same, else an outline that steps with it. */
function drawNote({ start, end, pitch, volume }: Note, x: (tick: number) => number, { loudest, centre }: Rows): string {
  const middle = centre(pitch);
  const steps = volume.map(({ time, value }, index) => ({
    left: x(time),
    right: x(volume[index + 1]?.time ?? end),
    half: value === 0 ? 0 : (MIN_LOUDNESS + (1 - MIN_LOUDNESS) * (value / 15)) * (loudest / 2),
  }));
  const [first, ...others] = steps;
  if (!first || others.every(({ half }) => half === first.half)) {
    const half = first?.half ?? loudest / 2;
    return rectangle(x(start), middle - half, x(end) - x(start), 2 * half);
  }
  const top = steps.flatMap(({ left, right, half }) => [point(left, middle - half), point(right, middle - half)]);
  const bottom = steps.flatMap(({ left, right, half }) => [point(left, middle + half), point(right, middle + half)]);
  return `<path d="M${top.join('L')}L${bottom.reverse().join('L')}Z"/>`;
}

function description({ voices, duration }: Song): string {
  const notes = Object.values(voices).reduce((sum, voice) => sum + voice.length, 0);
  return `Piano roll: ${notes} notes in ${number(duration / TICKS_PER_SECOND)} seconds`;
}

function rectangle(x: number, y: number, width: number, height: number, className?: string): string {
  const attributes = className ? `class="${className}" ` : '';
  return `<rect ${attributes}x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return `<path class="${className}" d="M${point(x1, y1)}L${point(x2, y2)}"/>`;
}

function point(x: number, y: number): string {
  return `${number(x)} ${number(y)}`;
}

/** Hundredths of a unit are far below a pixel, and keep the page small. */
function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}
