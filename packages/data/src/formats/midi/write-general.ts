import type { Change, Note } from '@chipsmith/apu';
import { quartersPerBar, type Song } from '../../song.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';
import { type DrumStroke, drumStrokes } from './drum-strokes.ts';
import { embedSong, soundHash } from './embedded-song.ts';
import { meta, meterEvent, midiFile, type TimedBytes, tempoEvent, text, trackChunk } from './file-bytes.ts';
import { DUTY_CONTROL, VOLUME_CONTROL } from './nes.ts';
import { parseMidi } from './parse.ts';
import { midiLevel, VOICE_TRACKS } from './voice-tracks.ts';

/** What music programs commonly write. */
const TICKS_PER_QUARTER = 480;

/** Controllers by their numbers (MIDI 1.0). Volume within a note is expression, 11. */
const CHANNEL_VOLUME = 7;
const PAN = 10;
const CENTRE = 64;

/**
 * A song as players and music programs expect it: 480 ticks a quarter note with its tempos and meter, bars where the
 * song has them, a track a voice with a General MIDI program, drums on the keys of the kit, velocities up to 127,
 * volume within notes as CC11 and duty as CC12, which players pass over. Notes that no tick is long enough for, and
 * silent ones, are not heard. The song itself, to the sample, stands beside them: see embedSong.
 *
 * @throws DataError if the song is too long for that
 */
export function writeGeneralMidi(song: Song): Uint8Array {
  const tickOf = ticksOf(song);
  const timing = [...tempoEvents(song, tickOf), { tick: 0, bytes: meterEvent(song.meter) }];
  timing.sort((a, b) => a.tick - b.tick);
  const tracks = VOICE_TRACKS.map((track) => trackChunk(voiceEvents(song, track, tickOf)));
  const fileWith = (embedded: readonly number[][]): Uint8Array => {
    const head = [meta(0x03, text(song.title)), ...embedded].map((bytes) => ({ tick: 0, bytes }));
    return midiFile(TICKS_PER_QUARTER, [trackChunk([...head, ...timing], tickOf(song.duration)), ...tracks]);
  };
  return fileWith(embedSong(song, soundHash(parseMidi(fileWith([]), song.title))));
}

/**
 * Maps song ticks to ticks of the file, in which bars begin at multiples of a bar: the song begins within the first
 * one.
 */
function ticksOf({ tempo, meter }: Song): (time: number) => number {
  const { beatAt } = tempoMapOf(tempo);
  const bar = quartersPerBar(meter);
  const barsBefore = Math.floor(beatAt(0) / bar);
  return (time) => Math.round((beatAt(time) - barsBefore * bar) * TICKS_PER_QUARTER);
}

/** The tempo at the start and each later one; of those on one tick the last. */
function tempoEvents({ tempo }: Song, tickOf: (time: number) => number): TimedBytes[] {
  const tempoAt = new Map([[0, tempo.beatsPerMinute]]);
  for (const { time, beatsPerMinute } of tempo.changes ?? []) tempoAt.set(Math.max(0, tickOf(time)), beatsPerMinute);
  return [...tempoAt].map(([tick, beatsPerMinute]) => ({ tick, bytes: tempoEvent(beatsPerMinute) }));
}

/**
 * Name, program, volume, pan and expression; then for each note: controllers at its start, note-on, controllers within,
 * note-off.
 */
function voiceEvents(
  song: Song,
  { voice, name, channel, program, volume }: (typeof VOICE_TRACKS)[number],
  tickOf: (time: number) => number,
): TimedBytes[] {
  const events: TimedBytes[] = [
    { tick: 0, bytes: meta(0x03, text(name)) },
    { tick: 0, bytes: [0xc0 + channel, program] },
    { tick: 0, bytes: [0xb0 + channel, CHANNEL_VOLUME, volume] },
    { tick: 0, bytes: [0xb0 + channel, PAN, CENTRE] },
  ];
  const holds = new Map<number, number>();
  const control = (tick: number, number: number, value: number) => {
    if (holds.get(number) === value) return;
    holds.set(number, value);
    events.push({ tick, bytes: [0xb0 + channel, number, value] });
  };
  control(0, VOLUME_CONTROL, 127);
  const sounds =
    voice === 'noise' ? drumStrokes(song.voices.noise).map(soundOfStroke) : song.voices[voice].map(soundOf);
  for (const { start, end, key, peak, controls } of sounds) {
    const tick = tickOf(start);
    const endTick = tickOf(end);
    if (endTick === tick || peak === 0) continue;
    const changes = controls.flatMap(({ number, values }) => {
      // Of changes on one tick the last holds.
      const valueAt = new Map(values.map(({ time, value }) => [tickOf(time), value]));
      return [...valueAt].map(([tick, value]) => ({ tick, number, value })).filter((change) => change.tick < endTick);
    });
    changes.sort((a, b) => a.tick - b.tick);
    const atStart = changes.filter((change) => change.tick === tick);
    for (const { number, value } of atStart) control(tick, number, value);
    events.push({ tick, bytes: [0x90 + channel, key, midiLevel(peak / 15)] });
    for (const { tick, number, value } of changes.slice(atStart.length)) control(tick, number, value);
    events.push({ tick: endTick, bytes: [0x80 + channel, key, 0] });
  }
  return events;
}

/**
 * What a track plays: a key from `start` to `end`, struck as loud as `peak` of 15, and the course of its controllers.
 */
interface Sound {
  readonly start: number;
  readonly end: number;
  readonly key: number;
  readonly peak: number;
  readonly controls: readonly { readonly number: number; readonly values: readonly Change[] }[];
}

function soundOf({ start, end, pitch, volume, duty }: Note): Sound {
  const peak = Math.max(...volume.map(({ value }) => value));
  const expression = volume.map(({ time, value }) => ({ time, value: midiLevel(value / peak) }));
  const controls = [
    { number: VOLUME_CONTROL, values: expression },
    { number: DUTY_CONTROL, values: duty },
  ];
  return { start, end, key: pitch, peak, controls };
}

/** Drums die away by themselves. */
function soundOfStroke({ start, end, key, volume }: DrumStroke): Sound {
  return { start, end, key, peak: volume, controls: [] };
}
