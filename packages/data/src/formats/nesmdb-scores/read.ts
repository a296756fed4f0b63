import { TICKS_PER_SECOND, VOICE_NAMES, VOICE_RANGES } from '@chipsmith/apu';
import { DataError, type FilePlace } from '../../error.ts';
import { MAX_SONG_SECONDS } from '../../song.ts';
import { FrameNotes } from '../../timing/frame-notes.ts';
import { ASSUMED_TIMING, type SongReading, titleOf } from '../reading.ts';
import { withCount } from '../repairs.ts';
import { PickleArray, type PickleValue, readPickle } from './pickle.ts';

/** A score of NES-MDB: what each voice plays in each frame, 24 frames a second as published. */
export interface FrameScore {
  /** Frames a second. */
  readonly rate: number;
  /** Length of the piece in samples of 44.1 kHz, which are ticks. */
  readonly duration: number;
  /** (frames, 4, 3): for pulse 1, pulse 2, triangle and noise a note (0 is silence), its volume and its duty. */
  readonly frames: Uint8Array;
}

const VOICES = 4;
const FIELDS = 3;
/** Scores without volumes are played at full volume, as nesmdb does. */
const FULL_VOLUME = 15;

/**
 * Reads a pickled score of NES-MDB (Donahue, Mao, McAuley, ISMIR 2018): expressive (notes, volumes, duties), separated
 * (notes of four voices), or blended (notes in a heap). Nothing in the file is executed.
 *
 * Of a blended score each frame's highest note goes to pulse 1, its lowest to the triangle and one between to pulse 2;
 * it never knew the noise. Equal notes in a row are one: the scores do not tell repeats. The tempo is `assumed`.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError for anything else
 */
export function readPickledScore(bytes: Uint8Array, name: string): SongReading {
  const { value, end } = readPickle(bytes, name);
  // Where in the pickle a part of the value was made is not known: the whole is at fault, and ends here.
  const place = { byte: end };
  const refuse = (problem: string): never => {
    throw new DataError(name, problem, 'give a score of NES-MDB (exprsco, seprsco or blndsco)', place);
  };
  if (!Array.isArray(value) || value.length !== 3) return refuse('it is not a score: rate, length and frames');
  const [rate, duration, content] = value as PickleValue[];
  if (typeof rate !== 'number' || !(rate > 0 && rate <= TICKS_PER_SECOND)) return refuse('its rate is impossible');
  if (typeof duration !== 'number' || !Number.isSafeInteger(duration) || duration < 0)
    return refuse('its length in samples is impossible');
  if (content instanceof PickleArray) {
    const { shape, data } = byteArray(content) ?? refuse('its array is not one of bytes in order of frames');
    const fields = shape.length === 3 ? shape[2] : 1;
    if (shape[1] !== VOICES || (fields !== FIELDS && fields !== 1)) return refuse(`its array has the shape ${shape}`);
    const frames = fields === FIELDS ? data : withFullVolume(data);
    return songOf({ rate, duration, frames }, name, place);
  }
  if (!Array.isArray(content)) return refuse('its frames are neither an array nor a list');
  const frames = spread(content) ?? refuse('a frame of it is not a list of notes');
  return songOf({ rate, duration, frames }, name, place);
}

/**
 * A score as a song: notes with curves of volume and duty.
 *
 * @param name for the title and messages
 * @throws DataError for a score of more than four hours
 */
export function songFromScore(score: FrameScore, name: string): SongReading {
  return songOf(score, name);
}

function songOf({ rate, duration, frames }: FrameScore, name: string, place?: FilePlace): SongReading {
  const count = Math.floor(frames.length / (VOICES * FIELDS));
  if (count / rate > MAX_SONG_SECONDS || duration > MAX_SONG_SECONDS * TICKS_PER_SECOND)
    throw new DataError(name, 'the music lasts more than four hours', 'cut it, or repair a damaged length', place);
  const repairs: string[] = [];
  const timeOf = (frame: number) => Math.round((frame * TICKS_PER_SECOND) / rate);
  const [pulse1, pulse2, triangle, noise] = VOICE_NAMES.map((voice, index) => {
    const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
    const notes = new FrameNotes(timeOf);
    let unplayable = 0;
    for (let frame = 0; frame < count; frame++) {
      const at = (frame * VOICES + index) * FIELDS;
      const pitch = frames[at];
      const isPlayable = pitch >= lowestPitch && pitch <= highestPitch;
      if (pitch > 0 && !isPlayable) unplayable++;
      const volume = voice === 'triangle' ? FULL_VOLUME : Math.min(FULL_VOLUME, frames[at + 1]);
      notes.add(frame, isPlayable ? { pitch, volume, duty: Math.min(highestDuty, frames[at + 2]) } : undefined);
    }
    notes.end(count, Math.max(duration, timeOf(count - 1) + 1));
    if (unplayable > 0)
      repairs.push(
        withCount(`${voice}: took # frame(s) outside MIDI ${lowestPitch}..${highestPitch} as silence`, unplayable),
      );
    return notes.notes;
  });
  const voices = { pulse1, pulse2, triangle, noise };
  const lastEnd = Math.max(0, ...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
  const song = { title: titleOf(name), voices, duration: Math.max(duration, lastEnd), ...ASSUMED_TIMING };
  return { song, repairs };
}

/** Shape and bytes of a numpy array, or undefined if it is not one of unsigned bytes in C order. */
function byteArray({ made, state }: PickleArray): { shape: number[]; data: Uint8Array } | undefined {
  if (made !== 'ndarray' || !Array.isArray(state) || state.length !== 5) return undefined;
  const [, shape, type, isFortran, data] = state as PickleValue[];
  if (!Array.isArray(shape) || !(type instanceof PickleArray) || !(data instanceof Uint8Array)) return undefined;
  const sizes = shape.filter((size): size is number => Number.isSafeInteger(size) && size >= 0);
  const isWhole = sizes.length === shape.length && sizes.reduce((product, size) => product * size, 1) === data.length;
  if (!isBytes(type) || isFortran === true || !isWhole) return undefined;
  return { shape: sizes, data };
}

/** numpy's types of one byte: u1 and i1 (notes stay below 128). */
function isBytes({ made, from }: PickleArray): boolean {
  const code = from[0] instanceof Uint8Array ? String.fromCharCode(...from[0].subarray(0, 4)) : '';
  return made === 'dtype' && (code === 'u1' || code === 'i1');
}

function withFullVolume(notes: Uint8Array): Uint8Array {
  const frames = new Uint8Array(notes.length * FIELDS);
  for (const [index, note] of notes.entries()) {
    frames[index * FIELDS] = note;
    frames[index * FIELDS + 1] = FULL_VOLUME;
  }
  return frames;
}

/** Gives the notes of each frame of a blended score to voices; undefined if a frame is not a list of numbers. */
function spread(content: readonly PickleValue[]): Uint8Array | undefined {
  const frames = new Uint8Array(content.length * VOICES * FIELDS);
  for (const [frame, list] of content.entries()) {
    if (!Array.isArray(list)) return undefined;
    const notes = (list as PickleValue[]).map(noteOf);
    const sorted = notes.filter((note): note is number => note !== undefined).sort((a, b) => a - b);
    if (sorted.length < notes.length) return undefined;
    const [lowest, ...others] = sorted;
    const highest = others.pop();
    const voices = highest === undefined ? [lowest ?? 0, 0, 0] : [highest, others.at(-1) ?? 0, lowest];
    for (const [voice, note] of voices.entries()) {
      frames[(frame * VOICES + voice) * FIELDS] = note;
      frames[(frame * VOICES + voice) * FIELDS + 1] = FULL_VOLUME;
    }
  }
  return frames;
}

/** A number, or numpy's scalar of one byte. */
function noteOf(value: PickleValue): number | undefined {
  const number =
    value instanceof PickleArray && value.made === 'scalar' && value.from[1] instanceof Uint8Array
      ? value.from[1][0]
      : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 128 ? number : undefined;
}
