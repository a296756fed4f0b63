import { type Change, type Note, TICKS_PER_SECOND } from '@chipsmith/apu';
import { deflateSync, Inflate } from 'fflate';
import { z } from 'zod';
import { checkSong } from '../../check.ts';
import { DataError } from '../../error.ts';
import { sha256Of } from '../../sha256.ts';
import { byVoice, MAX_SONG_SECONDS, type Song } from '../../song.ts';
import type { MidiEvent, MidiFile } from './file.ts';
import { meta } from './file-bytes.ts';
import { meterSchema, tempoSchema } from './mark.ts';

/*
 * What General MIDI lacks of a song (exact times, duties, noise periods, where the tempo came from, ...) stands beside
 * the notes in sequencer-specific meta events, which other programs pass over. Each holds HEAD, the number of the part
 * from 0, and a part of the song as deflated JSON. The song counts only as long as the file sounds as it did when it
 * was written: where the notes were changed in another program since, those are read.
 */

/** Manufacturer 0x7d is for non-commercial use (MIDI 1.0); the last byte is the version of what follows. */
const HEAD = Uint8Array.from([0x7d, ...new TextEncoder().encode('chipsmith'), 1]);
/** Some readers take no long meta events. */
const PART_BYTES = 16_000;
/** The JSON of the longest songs of NES-MDB, of up to 25 minutes, has 0.9 MB. */
const MAX_BYTES = 16 * 2 ** 20;
/**
 * Each piece can unpack to a thousand times as much (RFC 1951): small ones show that there is too much before it is
 * there.
 */
const PIECE_BYTES = 2 ** 12;

/** Flat lists of numbers: a message for each wrong entry of millions would fill the memory. */
const numbers = z.custom<number[]>((value) => Array.isArray(value) && value.every(Number.isSafeInteger));

const schema = z.strictObject({
  /** soundHash of the file that the song was written to. */
  sound: z.string(),
  title: z.string(),
  duration: z.int().max(MAX_SONG_SECONDS * TICKS_PER_SECOND),
  loops: z.boolean().optional(),
  tempo: tempoSchema,
  meter: meterSchema,
  voices: z.strictObject({ pulse1: numbers, pulse2: numbers, triangle: numbers, noise: numbers }),
});

/**
 * The meta events that keep a song in a file.
 *
 * @param sound soundHash of the file
 * @throws DataError if the song is too long: some 400,000 notes
 */
export function embedSong({ title, duration, loops, tempo, meter, voices }: Song, sound: string): number[][] {
  const flat = byVoice((voice) => flatten(voices[voice]));
  const content: z.input<typeof schema> = { sound, title, duration, loops, tempo, meter, voices: flat };
  const json = new TextEncoder().encode(JSON.stringify(content));
  if (json.length > MAX_BYTES) {
    throw new DataError(`song "${title}"`, 'too long for a MIDI file', 'write its parts as files of their own');
  }
  const packed = deflateSync(json);
  const events: number[][] = [];
  for (let start = 0; start < packed.length; start += PART_BYTES) {
    const part = [events.length >> 8, events.length & 0xff];
    events.push(meta(0x7f, [...HEAD, ...part, ...packed.subarray(start, start + PART_BYTES)]));
  }
  return events;
}

/**
 * The song that was written to a file; undefined if there is none, or the file sounds otherwise since.
 *
 * @param repairs is told if there is one that does not count
 */
export function embeddedSong(file: MidiFile, repairs: string[]): Song | undefined {
  const parts = file.tracks.flatMap(({ events }) =>
    events.filter(isPart).map(({ data }) => data.subarray(HEAD.length)),
  );
  if (parts.length === 0) return undefined;
  try {
    const { sound, title, voices, duration, loops, tempo, meter } = schema.parse(JSON.parse(unpack(parts)));
    if (sound !== soundHash(file)) {
      repairs.push('the notes were changed after chipsmith wrote them: read as they are now');
      return undefined;
    }
    const played = {
      voices: byVoice((voice) => unflatten(voices[voice])),
      duration,
      ...(loops !== undefined && { loops }),
    };
    const song: Song = { title, ...played, tempo, meter };
    checkSong(song);
    return song;
  } catch {
    // Neither deflated nor JSON nor a song; the notes are still there.
    repairs.push('the song that chipsmith kept beside the notes is damaged: read from the notes');
    return undefined;
  }
}

/**
 * What tells whether a file still sounds the same, whatever program wrote it again: its notes, levels, duties, tempo
 * and meter, in whatever order and resolution. Files keep it: it must stay the same for the same events.
 */
export function soundHash({ division, tracks }: MidiFile): string {
  const scale = division.kind === 'quarter' ? HASH_TICKS_PER_QUARTER / division.ticksPerQuarter : 1;
  const sounds = tracks.flatMap(({ events }) =>
    events.flatMap((event) => {
      const sound = soundOf(event);
      return sound === undefined ? [] : [`${Math.round(event.tick * scale)} ${sound}`];
    }),
  );
  return sha256Of(sounds.sort().join('\n')).slice(0, 32);
}

/** Programs keep another number of ticks; 480, as written here, divides most of them. */
const HASH_TICKS_PER_QUARTER = 480;
/** Volume, expression, and duty (see DUTY_CONTROL). */
const SOUND_CONTROLS = [7, 11, 12];

function soundOf(event: MidiEvent): string | undefined {
  switch (event.kind) {
    case 'on':
      return `on ${event.channel} ${event.pitch} ${event.velocity}`;
    case 'off':
      return `off ${event.channel} ${event.pitch}`;
    case 'control':
      return SOUND_CONTROLS.includes(event.control)
        ? `control ${event.channel} ${event.control} ${event.value}`
        : undefined;
    case 'bend':
      return `bend ${event.channel} ${event.value}`;
    case 'tempo':
      return `tempo ${event.microsecondsPerQuarter}`;
    case 'meter':
      return `meter ${event.beats} ${event.unit}`;
    default:
      return undefined;
  }
}

function isPart(event: MidiEvent): event is Extract<MidiEvent, { kind: 'sequencer' }> {
  return event.kind === 'sequencer' && HEAD.every((byte, at) => event.data[at] === byte);
}

/** @param parts each with its number, 2 bytes, before it */
function unpack(parts: readonly Uint8Array[]): string {
  const inOrder = parts.toSorted((a, b) => numberOf(a) - numberOf(b)).map((part) => part.subarray(2));
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  const inflate = new Inflate((chunk, isLast) => {
    size += chunk.length;
    if (size > MAX_BYTES) throw new RangeError(`the song is larger than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: !isLast });
  });
  for (const part of inOrder) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) inflate.push(part.subarray(at, at + PIECE_BYTES));
  }
  inflate.push(new Uint8Array(0), true);
  return text;
}

function numberOf(part: Uint8Array): number {
  return part[0] * 256 + part[1];
}

/**
 * For each note: silence before it, length, pitch; then of volume and duty the number of changes, the first value, and
 * the others each with the time since the one before.
 */
function flatten(notes: readonly Note[]): number[] {
  const flat: number[] = [];
  let before = 0;
  for (const { start, end, pitch, volume, duty } of notes) {
    flat.push(start - before, end - start, pitch);
    for (const changes of [volume, duty]) {
      flat.push(changes.length, changes[0].value);
      for (let at = 1; at < changes.length; at++) flat.push(changes[at].time - changes[at - 1].time, changes[at].value);
    }
    before = end;
  }
  return flat;
}

/** @throws RangeError if the list ends within a note */
function unflatten(flat: readonly number[]): Note[] {
  let place = 0;
  const next = () => {
    if (place === flat.length) throw new RangeError('the list ends within a note');
    return flat[place++];
  };
  const changesFrom = (start: number): Change[] => {
    const changes: Change[] = [];
    let time = start;
    for (let left = next(); left > 0; left--) {
      if (changes.length > 0) time += next();
      changes.push({ time, value: next() });
    }
    return changes;
  };
  const notes: Note[] = [];
  for (let before = 0; place < flat.length; before = notes[notes.length - 1].end) {
    const start = before + next();
    const end = start + next();
    notes.push({ start, end, pitch: next(), volume: changesFrom(start), duty: changesFrom(start) });
  }
  return notes;
}
