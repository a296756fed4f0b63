import type { Song } from '../../song.ts';
import { meta, meterEvent, midiFile, type TimedBytes, tempoEvent, text, trackChunk } from './file-bytes.ts';
import { writeMark } from './mark.ts';
import { DUTY_CONTROL, NES_TRACKS, VOLUME_CONTROL } from './nes.ts';

/** At 120 bpm, which NES-MDB's files all claim, one tick is one sample. */
const TICKS_PER_QUARTER = 22_050;

/**
 * A song as NES-MDB's files are: one tick is one sample, tracks p1, p2, tr, no on channels 1, 2, 3 and 10, velocity
 * 1..15, CC11 for volume and CC12 for duty, and a meter of 1/1 where the song ends. Tempo and meter, which these files
 * do not state, stand in a text event of the first track (see writeMark).
 */
export function writeNesMidi(song: Song): Uint8Array {
  const { title, tempo, meter, duration, loops } = song;
  const conductor: TimedBytes[] = [
    { tick: 0, bytes: meta(0x03, text(title)) },
    { tick: 0, bytes: meta(0x01, text(writeMark({ title, samplesPerTick: 1, loops, tempo, meter }))) },
    { tick: 0, bytes: tempoEvent(120) },
    { tick: 0, bytes: meterEvent({ beats: 4, unit: 4 }) },
    { tick: duration, bytes: meterEvent({ beats: 1, unit: 1 }) },
  ];
  const tracks = NES_TRACKS.map((track) => trackChunk(voiceEvents(song, track)));
  return midiFile(TICKS_PER_QUARTER, [trackChunk(conductor), ...tracks]);
}

/** Name, program, and for each note: duty before it, note-on, volume and duty within it, note-off. */
function voiceEvents(song: Song, { voice, track, channel, program }: (typeof NES_TRACKS)[number]): TimedBytes[] {
  const control = (tick: number, number: number, value: number): TimedBytes => ({
    tick,
    bytes: [0xb0 + channel, number, value],
  });
  const events: TimedBytes[] = [
    { tick: 0, bytes: meta(0x03, text(track)) },
    { tick: 0, bytes: [0xc0 + channel, program] },
  ];
  const hasControls = voice !== 'triangle';
  let duty = -1;
  for (const note of song.voices[voice]) {
    const volume = hasControls ? note.volume[0].value : 1;
    if (hasControls && note.duty[0].value !== duty) events.push(control(note.start, DUTY_CONTROL, note.duty[0].value));
    // A velocity of 0 would mean note-off: a note that begins silent says so by CC11.
    events.push({ tick: note.start, bytes: [0x90 + channel, note.pitch, Math.max(1, volume)] });
    if (hasControls) {
      const within = [
        ...note.volume.slice(volume === 0 ? 0 : 1).map(({ time, value }) => control(time, VOLUME_CONTROL, value)),
        ...note.duty.slice(1).map(({ time, value }) => control(time, DUTY_CONTROL, value)),
      ];
      events.push(...within.sort((a, b) => a.tick - b.tick));
      duty = note.duty[note.duty.length - 1].value;
    }
    events.push({ tick: note.end, bytes: [0x80 + channel, note.pitch, 0] });
  }
  return events;
}
