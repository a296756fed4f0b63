import type { Note } from '@chipsmith/apu';
import { arrange } from '../../src/arranging/arrange.ts';
import { harmonise } from '../../src/arranging/harmonise.ts';
import { Random } from '../../src/random.ts';
import type { Song } from '../../src/song.ts';
import { CHORD_TONES, pitchClass, type Tune, ticksPerUnit } from '../../src/tunes/tune.ts';
import { bend, control, type FileNote, type FilePart, generalMidi, TICKS_PER_QUARTER } from './general-midi.ts';
import type { TimedEvent } from './midi-bytes.ts';

/** The programs that each part of a band may have. */
const PROGRAMS = {
  melody: [0, 4, 11, 21, 22, 24, 40, 42, 52, 56, 57, 60, 64, 65, 68, 71, 73, 75, 79, 80, 81, 85, 110],
  counter: [0, 11, 24, 41, 42, 45, 46, 56, 60, 66, 69, 71, 72, 80, 81],
  pad: [16, 19, 48, 49, 50, 52, 54, 61, 88, 89, 91, 94],
  chords: [0, 1, 4, 6, 16, 24, 25, 27, 46],
  bass: [0, 32, 33, 34, 35, 38, 39, 43, 58, 70, 87],
} as const;
type BandRole = keyof typeof PROGRAMS;

const RIGHT_NAMES: Readonly<Record<BandRole, string>> = {
  melody: 'Melody',
  counter: 'Counter melody',
  pad: 'Strings',
  chords: 'Chords',
  bass: 'Bass',
};
/** How the tracks of a file are named: `wrong` gives each the name of another part. */
const NAMINGS = ['right', 'wrong', 'numbers', 'none'] as const;

export interface Band {
  readonly bytes: Uint8Array;
  /** What the melody and the bass play, before hands and octaves change them. */
  readonly song: Song;
  readonly naming: (typeof NAMINGS)[number];
}

/**
 * A tune as a General MIDI file with random instruments, levels and names, its tracks in any order: melody,
 * counter-line or broken chords, held strings, chords on the beat, bass and drums. Some files are played by hand (times
 * off by up to 8 ms, legato, vibrato, pedal), some double the melody, put strings or counter-line above it, or have a
 * single track.
 */
export function bandOf(tune: Tune, seed: number): Band {
  const random = new Random(seed);
  const chance = (share: number) => random.nextFloat() < share;
  const pick = <T>(items: readonly T[]): T => items[random.nextInteger(items.length)];
  const song = arrange(tune, { seed: random.nextUint32() });
  const samplesPerTick = (44_100 * 60) / tune.beatsPerMinute / TICKS_PER_QUARTER;
  const hand = chance(0.5) ? 0.008 * 44_100 : 0;
  const sloppy = (sample: number) =>
    Math.max(0, Math.round((sample + (2 * random.nextFloat() - 1) * hand) / samplesPerTick));

  /** Notes as a player of some strength plays them. */
  const play = (notes: readonly Pick<Note, 'start' | 'end' | 'pitch'>[], shift = 0, legato = 0): FileNote[] => {
    const strength = 55 + random.nextInteger(55);
    return notes.map(({ start, end, pitch }) => {
      const from = sloppy(start);
      return {
        start: from,
        end: Math.max(from + 1, sloppy(end + legato)),
        pitch: pitch + shift,
        velocity: Math.min(127, strength + random.nextInteger(20)),
      };
    });
  };

  const { pulse1, pulse2, triangle, noise } = song.voices;
  const melody = play(pulse1, 0, chance(0.3) ? 0.03 * 44_100 : 0);
  const interval = pick([-12, -12, -3, -4]);
  const doubled = chance(0.2) ? melody.map((note) => ({ ...note, pitch: note.pitch + interval })) : [];
  const chords = chordsOf(tune, song);
  const beat = (44_100 * 60) / tune.beatsPerMinute;
  const struck = chords.flatMap((chord) => {
    const beats = Math.max(1, Math.round((chord.end - chord.start) / beat));
    const length = (chord.end - chord.start) / beats;
    return Array.from({ length: beats }, (_, index) => ({
      start: chord.start + index * length,
      end: chord.start + (index + 0.8) * length,
      pitches: chord.pitches,
    }));
  });
  const spread = (from: readonly HeldChord[]) =>
    from.flatMap(({ start, end, pitches }) => pitches.map((pitch) => ({ start, end, pitch })));

  const notes: Record<BandRole, FileNote[]> = {
    melody: [...melody, ...doubled],
    counter: play(pulse2, chance(0.3) ? 12 : 0),
    pad: play(spread(chords), pick([0, 0, 12, 24])),
    chords: play(spread(struck), pick([0, 0, 12])),
    bass: play(triangle, pick([0, -12])),
  };
  const naming = pick(NAMINGS);
  const roles: BandRole[] = ['melody', 'counter', 'pad', 'chords', 'bass'];
  const misnamed = new Map(roles.map((role, index) => [role, RIGHT_NAMES[roles[(index + 1) % roles.length]]]));
  const channels = [...random.permutation(15)].map((channel) => (channel >= 9 ? channel + 1 : channel));
  const parts = roles.map((role, index): FilePart => {
    const channel = channels[index];
    const messages: TimedEvent[] = chance(0.7) ? [control(0, channel, 7, 60 + random.nextInteger(68))] : [];
    if (role === 'melody' && chance(0.2)) messages.push(...vibrato(notes.melody, channel));
    if (role === 'chords' && chance(0.3)) messages.push(...pedal(chords, channel, samplesPerTick));
    const names = {
      right: RIGHT_NAMES[role],
      wrong: misnamed.get(role) ?? '',
      numbers: `Staff-${index + 1}`,
      none: '',
    };
    return { name: names[naming], channel, program: pick(PROGRAMS[role]), notes: notes[role], messages };
  });
  const kit = noise.map(({ start, end, pitch }) => ({
    start,
    end,
    pitch: pitch < 5 ? 36 : pitch < 12 ? 38 : pitch < 15 ? 46 : 42,
  }));
  parts.push({ name: naming === 'right' ? 'Drums' : '', channel: 9, program: 0, notes: play(kit) });
  const order = random.permutation(parts.length);
  const bytes = generalMidi(
    [...order].map((index) => parts[index]),
    { beatsPerMinute: tune.beatsPerMinute, format: chance(0.2) ? 0 : 1 },
  );
  return { bytes, song, naming };
}

interface HeldChord {
  readonly start: number;
  readonly end: number;
  readonly pitches: readonly number[];
}

/** The chords of a tune in close position from G3, in samples. */
function chordsOf(tune: Tune, { tempo, duration }: Song): HeldChord[] {
  const chords = tune.chords.length > 0 ? tune.chords : harmonise(tune, tune.key);
  const scale = ticksPerUnit(tune.beatsPerMinute);
  const timeOf = (unit: number) => Math.min(duration, Math.max(0, tempo.firstBeat + unit * scale));
  return chords
    .map(({ start, root, quality }, index) => ({
      start: timeOf(start),
      end: timeOf(chords[index + 1]?.start ?? tune.end),
      pitches: CHORD_TONES[quality].map((tone) => 55 + pitchClass(root + tone - 55)),
    }))
    .filter(({ start, end }) => end > start);
}

/** A third of a semitone up and down, eight times a quarter, in every note that lasts a quarter. */
function vibrato(notes: readonly FileNote[], channel: number): TimedEvent[] {
  return notes
    .filter(({ start, end }) => end - start >= TICKS_PER_QUARTER)
    .flatMap(({ start, end }) => {
      const waves = Array.from({ length: Math.floor((end - start) / 30) }, (_, index) =>
        bend(start + index * 30, channel, index % 2 === 0 ? 1365 : -1365),
      );
      return [...waves, bend(end, channel, 0)];
    });
}

/** Down with each chord, up just before the next. */
function pedal(chords: readonly HeldChord[], channel: number, samplesPerTick: number): TimedEvent[] {
  return chords.flatMap(({ start, end }) => [
    control(Math.round(start / samplesPerTick), channel, 64, 127),
    control(Math.max(0, Math.round(end / samplesPerTick) - 10), channel, 64, 0),
  ]);
}

type Onset = Pick<Note, 'start' | 'pitch'>;

/** The share of notes that a line has at their time (to 20 ms) and in their pitch class. */
export function shareFound(wanted: readonly Onset[], line: readonly Onset[]): number {
  const found = wanted.filter(({ start, pitch }) =>
    line.some((note) => Math.abs(note.start - start) < 882 && (note.pitch - pitch) % 12 === 0),
  );
  return found.length / wanted.length;
}
