import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Note } from '@chipsmith/apu';
import toneMidi from '@tonejs/midi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readControls } from '../src/formats/general-midi/controls.ts';
import { drumHits, kitKeyOf } from '../src/formats/general-midi/drums.ts';
import { embeddedSong, soundHash } from '../src/formats/midi/embedded-song.ts';
import type { MidiFile } from '../src/formats/midi/file.ts';
import { meta, midiFile, trackChunk } from '../src/formats/midi/file-bytes.ts';
import { parseMidi } from '../src/formats/midi/parse.ts';
import { arrange, embeddedTunes, readMidi, type Song, tempoMapOf, writeMidi } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const { Midi } = toneMidi;

const QUARTER = 22_050;
const song = songOf({
  pulse1: [60, 64, 67, 72].map((pitch, beat) => ({
    ...plainNote(beat * QUARTER, (beat + 1) * QUARTER, pitch),
    volume: [12, 15, 6, 0].map((value, step) => ({ time: beat * QUARTER + step * 4000, value })),
    duty: [{ time: beat * QUARTER, value: beat }],
  })),
  pulse2: [plainNote(0, 3 * QUARTER, 55, 'pulse2')],
  triangle: [36, 43].map((pitch, beat) => plainNote(2 * beat * QUARTER, 2 * (beat + 1) * QUARTER, pitch, 'triangle')),
  noise: [2, 9].map((pitch, beat) => plainNote(beat * QUARTER, beat * QUARTER + 4000, pitch, 'noise')),
});

/**
 * What a music program that knows nothing of chipsmith makes of a file when it saves it: @tonejs/midi reads and writes
 * it.
 */
function savedElsewhere(bytes: Uint8Array, change: (midi: InstanceType<typeof Midi>) => void = () => {}): Uint8Array {
  const midi = new Midi(bytes);
  change(midi);
  return midi.toArray();
}

/** The same file with other sequencer-specific events. */
function withSequencerEvents(bytes: Uint8Array, events: readonly number[][]): Uint8Array {
  const text = Buffer.from(bytes);
  const tracks: number[][] = [];
  for (let at = 14; at < bytes.length; ) {
    const end = at + 8 + text.readUInt32BE(at + 4);
    tracks.push([...bytes.subarray(at, end)]);
    at = end;
  }
  const extra = trackChunk(events.map((data) => ({ tick: 0, bytes: meta(0x7f, data) })));
  return midiFile(480, [extra, ...tracks]);
}

const keptData = (bytes: Uint8Array): number[][] =>
  parseMidi(bytes, 'x').tracks.flatMap(({ events }) =>
    events.flatMap((event) => (event.kind === 'sequencer' ? [[...event.data]] : [])),
  );
/** A file of writeMidi without the song that it keeps. */
const bare = (bytes: Uint8Array) => savedElsewhere(bytes);

describe('a General MIDI file of writeMidi', () => {
  it('is what an independent reader expects', () => {
    const tempo = { beatsPerMinute: 150, firstBeat: 0, origin: 'given', confidence: 1 } as const;
    const midi = new Midi(
      writeMidi({ ...song, title: 'Song for Green', tempo, meter: { beats: 3, unit: 4, origin: 'given' } }),
    );
    expect(midi.header.ppq).toBe(480);
    expect(midi.header.name).toBe('Song for Green');
    expect(midi.header.tempos.map(({ bpm }) => Math.round(bpm))).toEqual([150]);
    expect(midi.header.timeSignatures.map(({ timeSignature }) => timeSignature)).toEqual([[3, 4]]);
    const described = midi.tracks.filter(({ notes }) => notes.length > 0);
    expect(described.map(({ name, channel, instrument }) => [name, channel, instrument.number])).toEqual([
      ['Pulse 1', 0, 80],
      ['Pulse 2', 1, 80],
      ['Triangle', 2, 38],
      ['Noise', 9, 0],
    ]);
    for (const { controlChanges } of described) {
      expect(controlChanges[10]?.[0]).toMatchObject({ ticks: 0, value: 64 / 127 });
      expect(controlChanges[7]?.[0]?.ticks).toBe(0);
      expect(controlChanges[11]?.[0]).toMatchObject({ ticks: 0 });
    }
  });

  it('has each note on its tick, within bars that begin where those of the song do', () => {
    // A bar of 4/4 that begins at 10,000 ticks: the song begins 10,000 ticks before the second bar of the file.
    const tempo = { ...song.tempo, firstBeat: 10_000 };
    const midi = new Midi(
      writeMidi({ ...song, tempo, voices: { ...song.voices, pulse1: [plainNote(10_000, 20_000, 60)] } }),
    );
    const [note] = midi.tracks.find(({ name }) => name === 'Pulse 1')?.notes ?? [];
    expect(note).toMatchObject({ ticks: 4 * 480, durationTicks: Math.round((10_000 / QUARTER) * 480), midi: 60 });
  });

  it('follows every tempo of the song', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 400 }), fc.integer({ min: 20, max: 400 }), (first, second) => {
        const tempo = { ...song.tempo, beatsPerMinute: first, changes: [{ time: 30_000, beatsPerMinute: second }] };
        const [track] = new Midi(writeMidi({ ...song, tempo })).tracks.filter(({ name }) => name === 'Pulse 1');
        const { beatAt } = tempoMapOf(tempo);
        expect(track.notes.map(({ ticks }) => ticks)).toEqual(
          song.voices.pulse1
            .filter(({ start, end }) => beatAt(end) - beatAt(start) > 0.01)
            .map(({ start }) => Math.round(480 * beatAt(start))),
        );
        // Played at the tempos of the file, notes sound when they do in the song: to half a tick, at most 3 ms at 20
        // bpm.
        for (const [index, { time }] of track.notes.entries()) {
          expect(Math.abs(time - song.voices.pulse1[index].start / 44_100)).toBeLessThan(0.0065);
        }
      }),
    );
  });

  it('has the loudest volume of a note as its velocity, and the course of it as expression', () => {
    const [pulse] = new Midi(writeMidi(song)).tracks.filter(({ name }) => name === 'Pulse 1');
    expect(pulse.notes.map(({ velocity }) => velocity * 127)).toEqual([127, 127, 127, 127]);
    const expression = pulse.controlChanges[11]
      .filter(({ ticks }) => ticks < 480)
      .map(({ value }) => Math.round(value * 127));
    // 127 from the start, then the square roots of 12/15, 1, 6/15 and 0.
    expect(expression).toEqual([127, 114, 127, 80, 0]);
  });

  it('hits the kit as the arranger does, in usual velocities', () => {
    const keys = new Set<number>();
    for (const [index, tune] of embeddedTunes().slice(0, 10).entries()) {
      const { tracks } = new Midi(writeMidi(arrange(tune, { seed: index })));
      for (const { notes, channel } of tracks) {
        for (const { velocity } of notes) expect(velocity * 127).toBeGreaterThan(60);
        if (channel === 9) for (const { midi } of notes) keys.add(midi);
      }
    }
    expect([...keys].sort()).toEqual([36, 38, 42, 46]);
  });

  it('takes a drum whose pitch moves in its first frames as one stroke, and fast arpeggios as notes', () => {
    const note = (start: number, end: number, pitch: number, value: number): Note => ({
      ...plainNote(start, end, pitch),
      volume: [{ time: start, value }],
    });
    const noise = [note(0, 735, 12, 12), note(735, 5000, 2, 10), note(8000, 9000, 15, 4), note(9000, 10_000, 15, 9)];
    const pulse1 = Array.from({ length: 12 }, (_, index) =>
      plainNote(735 * index, 735 * (index + 1), 60 + (index % 3) * 4),
    );
    const { tracks } = new Midi(writeMidi(songOf({ pulse1, noise })));
    expect(tracks.find(({ channel }) => channel === 9)?.notes.map(({ midi }) => midi)).toEqual([36, 42, 42]);
    expect(tracks.find(({ name }) => name === 'Pulse 1')?.notes.map(({ midi }) => midi)).toEqual(
      pulse1.map(({ pitch }) => pitch),
    );
  });

  it('keeps the kit pieces that were read from other files', () => {
    for (const key of [36, 38, 41, 43, 45, 47, 48, 42, 46, 49]) {
      const player = {
        track: 0,
        channel: 9,
        program: 0,
        name: '',
        isDrums: true,
        controls: readControls([], (tick) => tick)(0, 9),
      };
      const struck = [{ player, struck: 0, start: 0, end: 1, ring: 1, pitch: key, velocity: 100 }];
      const [{ pitch, start, end }] = drumHits(struck).notes;
      expect(kitKeyOf({ pitch, frames: Math.round((end - start) / 733.8) })).toBe(key);
    }
  });

  it('has at most as many events as the song has changes', () => {
    fc.assert(
      fc.property(anySong(fc.integer({ min: 60, max: 240 })), (any) => {
        const changes = Object.values(any.voices)
          .flat()
          .reduce((sum, { volume, duty }) => sum + volume.length + duty.length + 2, 0);
        const events = parseMidi(writeMidi(any), 'x').tracks.flatMap((track) => track.events);
        expect(events.filter(({ kind }) => kind !== 'sequencer').length).toBeLessThanOrEqual(changes + 30);
      }),
    );
  });
});

describe('a file that another program has saved', () => {
  it('keeps its voices and notes where the song was lost', () => {
    fc.assert(
      fc.property(anySong(fc.constant(120)), (any) => {
        const named = {
          ...any,
          voices: { ...any.voices, pulse1: [...any.voices.pulse1], noise: [] },
          tempo: song.tempo,
        };
        const bytes = bare(writeMidi({ ...named, meter: song.meter }));
        expect(keptData(bytes)).toEqual([]);
        const pitched = ['pulse1', 'pulse2', 'triangle'] as const;
        // Notes of two ticks (46 samples each) or more that sound; the others may be missing.
        const long = (voice: (typeof pitched)[number]) =>
          named.voices[voice].filter(
            ({ start, end, volume }) => end - start > 100 && volume.every(({ value }) => value > 0),
          );
        // A file without notes is refused.
        fc.pre(pitched.some((voice) => long(voice).length > 0));
        const { song: back } = readMidi(bytes, 'daw.mid');
        for (const voice of pitched) {
          const found = back.voices[voice];
          for (const note of long(voice)) {
            const near = found.filter(({ start }) => Math.abs(start - note.start) <= 50);
            expect(near.map(({ pitch }) => pitch)).toContain(note.pitch);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps every volume and duty exactly where changes are ticks apart', () => {
    const { song: back, repairs } = readMidi(bare(writeMidi(song)), 'daw.mid');
    expect(repairs).toEqual([]);
    const shape = ({ voices }: Song) =>
      [...voices.pulse1, ...voices.pulse2].map(({ pitch, volume, duty }) => [
        pitch,
        volume.map(({ value }) => value),
        duty.map(({ value }) => value),
      ]);
    expect(shape(back)).toEqual(shape(song));
    expect(back.voices.triangle.map(({ pitch }) => pitch)).toEqual([36, 43]);
    expect(back.voices.noise).toHaveLength(2);
  });

  it('tells all volumes from each other, alone and against the peak of their note', () => {
    for (let peak = 1; peak <= 15; peak++) {
      for (let value = 1; value <= peak; value++) {
        const volume = [
          { time: 0, value: peak },
          { time: 10_000, value },
        ].slice(0, value === peak ? 1 : 2);
        const one = songOf({ pulse1: [{ ...plainNote(0, 20_000, 60), volume }] });
        const [note] = readMidi(bare(writeMidi(one)), 'x.mid').song.voices.pulse1;
        expect(note.volume.map((change) => change.value)).toEqual(volume.map((change) => change.value));
      }
    }
  });

  it('gives its own notes where they were changed, with a word of it', () => {
    const bytes = writeMidi(song);
    const edited = savedElsewhere(bytes, (midi) => {
      midi.tracks[0].notes[1].midi = 65;
    });
    const { song: back, repairs } = readMidi(withSequencerEvents(edited, keptData(bytes)), 'edited.mid');
    expect(back.voices.pulse1.map(({ pitch }) => pitch)).toEqual([60, 65, 67, 72]);
    expect(back.voices.triangle.map(({ pitch }) => pitch)).toEqual([36, 43]);
    expect(repairs).toEqual(['the notes were changed after chipsmith wrote them: read as they are now']);
  });

  it('is the same song while it sounds the same, in whatever order and resolution it is written', () => {
    const bytes = writeMidi(song);
    const file = parseMidi(bytes, 'x');
    const finer: MidiFile = {
      ...file,
      division: { kind: 'quarter', ticksPerQuarter: 960 },
      tracks: file.tracks.toReversed().map((track) => ({
        ...track,
        events: track.events.map((event) => ({ ...event, tick: 2 * event.tick, byte: 0 })),
      })),
    };
    expect(soundHash(finer)).toBe(soundHash(file));
    expect(embeddedSong(finer, [])).toEqual(song);
  });

  it('is known by a hash that files keep', () => {
    const at = { tick: 960, byte: 0 };
    const events = [
      { ...at, kind: 'on', channel: 1, pitch: 60, velocity: 100 },
      { ...at, kind: 'control', channel: 1, control: 11, value: 90 },
      { ...at, kind: 'control', channel: 1, control: 10, value: 64 },
      { ...at, kind: 'program', channel: 1, program: 80 },
      { ...at, kind: 'bend', channel: 1, value: -5 },
      { ...at, kind: 'tempo', microsecondsPerQuarter: 500_000 },
      { ...at, kind: 'meter', beats: 3, unit: 4 },
      { ...at, kind: 'text', text: 'word' },
      { ...at, kind: 'off', channel: 1, pitch: 60 },
    ] as const;
    const track = { name: '', events, end: 960, endByte: 0 };
    const division = { kind: 'quarter', ticksPerQuarter: 960 } as const;
    expect(soundHash({ division, tracks: [track], isWhole: true, repairs: [] })).toBe(
      createHash('sha256')
        .update('480 bend 1 -5\n480 control 1 11 90\n480 meter 3 4\n480 off 1 60\n480 on 1 60 100\n480 tempo 500000')
        .digest('hex')
        .slice(0, 32),
    );
  });

  it('is read from its notes where the song kept beside them is damaged, cut or made to fill the memory', () => {
    const bytes = writeMidi(song);
    const [kept] = keptData(bytes);
    const head = kept.slice(0, 13);
    const bomb = [...deflateRawSync(Buffer.alloc(40 * 2 ** 20))];
    const json = (value: unknown) => [...deflateRawSync(JSON.stringify(value))];
    const foreign = { ...JSON.parse(inflateRawSync(Buffer.from(kept.slice(13))).toString()) };
    const cases = [
      kept.slice(0, -20),
      kept.map((byte, at) => (at > 20 ? byte ^ 1 : byte)),
      [...head, ...bomb],
      [...head, ...json([1, 2])],
      [...head, ...json({ ...foreign, voices: { ...foreign.voices, pulse1: [0, 10, 60, 1e15, 3] } })],
      [...head, ...json({ ...foreign, voices: { ...foreign.voices, pulse1: [0, 10, 200, 1, 3, 1, 0] } })],
      [...head, ...json({ ...foreign, voices: { ...foreign.voices, pulse1: Array(1_000_000).fill('x') } })],
      [...head, ...json({ ...foreign, duration: 1e12 })],
    ];
    for (const data of cases) {
      const { song: back, repairs } = readMidi(withSequencerEvents(bare(bytes), [data]), 'bad.mid');
      expect(repairs).toEqual(['the song that chipsmith kept beside the notes is damaged: read from the notes']);
      expect(back.voices.pulse1.map(({ pitch }) => pitch)).toEqual([60, 64, 67, 72]);
    }
  });

  it('keeps long songs in parts of less than 16 KiB', () => {
    const pulse1 = Array.from({ length: 20_000 }, (_, index) =>
      plainNote(1000 * index, 1000 * index + 1 + ((index * index) % 997), 40 + ((index * 7919) % 60)),
    );
    const long = songOf({ pulse1 });
    const bytes = writeMidi(long);
    const parts = keptData(bytes);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(part.length).toBeLessThan(16_384);
    expect(readMidi(bytes, 'long.mid').song).toEqual(long);
    const file = parseMidi(bytes, 'x');
    const tracks = file.tracks.map((track) => ({ ...track, events: track.events.toReversed() }));
    expect(embeddedSong({ ...file, tracks }, [])).toEqual(long);
  });

  it('is not a voice file where a track bears another name', () => {
    const bytes = savedElsewhere(writeMidi(song), (midi) => {
      for (const track of midi.tracks) track.name = `My ${track.name}`;
    });
    expect(readMidi(bytes, 'band.mid').repairs.join()).toMatch(/'My Pulse 1'/);
  });
});
