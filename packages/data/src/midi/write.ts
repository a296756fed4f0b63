import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { checkSong } from '../check.ts';
import type { Song } from '../song.ts';
import { writeMark } from './mark.ts';
import { DUTY_CONTROL, NES_TRACKS, VOLUME_CONTROL } from './nes.ts';

/** Ticks a quarter note fit in 15 bits. */
const MOST_TICKS_PER_QUARTER = 0x7fff;

/**
 * Writes a song as a format 1 MIDI file by NES-MDB's conventions: tracks p1, p2, tr, no on channels 1, 2, 3 and 10, velocity
 * 1..15, CC11 for volume and CC12 for duty; but with the song's own tempo and meter, so that it lies on the grid of a music
 * program. One tick is one sample down to 81 bpm; slower songs take 2 to 5 samples a tick and are rounded to it (a note
 * shorter than a tick is lost).
 *
 * The same song gives the same bytes, and readMidi gives the same song back. The bytes are written here because
 * @tonejs/midi 2.0.28 copies the whole file for each event: 2 s for a song of 40 KB.
 *
 * @throws DataError if the song breaks its contract (checkSong)
 */
export function writeMidi(song: Song): Uint8Array {
  checkSong(song);
  const { title, tempo, meter } = song;
  const samplesPerQuarter = (TICKS_PER_SECOND * 60) / tempo.beatsPerMinute;
  const samplesPerTick = Math.ceil(samplesPerQuarter / MOST_TICKS_PER_QUARTER);
  const toFileTicks = (ticks: number) => Math.round(ticks / samplesPerTick);

  const conductor: TimedBytes[] = [
    { tick: 0, bytes: meta(0x03, text(title)) },
    { tick: 0, bytes: meta(0x01, text(writeMark({ title, samplesPerTick, tempo, meter }))) },
    { tick: 0, bytes: meta(0x51, bigEndian(Math.round(60_000_000 / tempo.beatsPerMinute), 3)) },
    { tick: 0, bytes: meta(0x58, [meter.beats, Math.log2(meter.unit), 24, 8]) },
  ];
  const tracks = NES_TRACKS.map((track) => trackChunk(voiceEvents(song, track, toFileTicks)));
  return Uint8Array.from([
    ...text('MThd'),
    ...bigEndian(6, 4),
    ...bigEndian(1, 2),
    ...bigEndian(1 + tracks.length, 2),
    ...bigEndian(Math.round(samplesPerQuarter / samplesPerTick), 2),
    ...trackChunk(conductor, toFileTicks(song.duration)),
    ...tracks.flat(),
  ]);
}

/** The bytes of an event, and when it falls. */
interface TimedBytes {
  readonly tick: number;
  readonly bytes: readonly number[];
}

/** Name, program, and for each note: duty before it, note-on, volume and duty within it, note-off. */
function voiceEvents(
  song: Song,
  { voice, track, channel, program }: (typeof NES_TRACKS)[number],
  toFileTicks: (ticks: number) => number,
): TimedBytes[] {
  const control = (time: number, number: number, value: number): TimedBytes => ({
    tick: toFileTicks(time),
    bytes: [0xb0 + channel, number, value],
  });
  const events: TimedBytes[] = [
    { tick: 0, bytes: meta(0x03, text(track)) },
    { tick: 0, bytes: [0xc0 + channel, program] },
  ];
  let duty = -1;
  for (const note of song.voices[voice]) {
    const tick = toFileTicks(note.start);
    const end = toFileTicks(note.end);
    if (end === tick) continue;
    const hasControls = voice !== 'triangle';
    const volume = hasControls ? note.volume[0].value : 1;
    if (hasControls && note.duty[0].value !== duty) events.push(control(note.start, DUTY_CONTROL, note.duty[0].value));
    // A velocity of 0 would mean note-off: a note that begins silent says so by CC11.
    events.push({ tick, bytes: [0x90 + channel, note.pitch, Math.max(1, volume)] });
    if (hasControls) {
      const within = [
        ...note.volume.slice(volume === 0 ? 0 : 1).map(({ time, value }) => control(time, VOLUME_CONTROL, value)),
        ...note.duty.slice(1).map(({ time, value }) => control(time, DUTY_CONTROL, value)),
      ];
      events.push(...within.sort((a, b) => a.tick - b.tick));
      duty = note.duty[note.duty.length - 1].value;
    }
    events.push({ tick: end, bytes: [0x80 + channel, note.pitch, 0] });
  }
  return events;
}

/** A track chunk of events in rising order; it ends at `end` if that is later than the last event. */
function trackChunk(events: readonly TimedBytes[], end = 0): number[] {
  const body: number[] = [];
  let now = 0;
  for (const { tick, bytes } of events) {
    body.push(...variableLength(tick - now), ...bytes);
    now = tick;
  }
  body.push(...variableLength(Math.max(0, end - now)), ...meta(0x2f, []));
  return [...text('MTrk'), ...bigEndian(body.length, 4), ...body];
}

function meta(type: number, data: readonly number[]): number[] {
  return [0xff, type, ...variableLength(data.length), ...data];
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

function bigEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256);
}

/** 7 bits a byte, the highest first, all but the last marked by bit 7. */
function variableLength(value: number): number[] {
  const bytes = [value % 0x80];
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    bytes.unshift((rest % 0x80) + 0x80);
  return bytes;
}
