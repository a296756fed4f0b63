import { describe, expect, it } from 'vitest';
import { claimOf } from '../src/formats/general-midi/names.ts';
import { readMidi } from '../src/index.ts';
import { type FileNote, type FilePart, generalMidi, quarters, TICKS_PER_QUARTER } from './support/general-midi.ts';
import { chunk, END_OF_TRACK, header, text } from './support/midi-bytes.ts';

describe('a name', () => {
  it.each([
    ...['Melody', 'MELODY', 'melody 1', 'Main Melody', 'Melodie', 'Mélodie', 'Melodia', 'Melodía', 'Мелодия'],
    ...['Vocals', 'Lead Vocal', 'LeadVox', 'LEAD_VOC', 'Voice', 'Singer', 'Gesang', 'Chant', 'Voix', 'Canto', 'Voz'],
    ...[
      'Zang',
      'Śpiew',
      'Głos',
      'Wokal',
      'Вокал',
      'メロディ',
      'メロディー',
      'ﾒﾛﾃﾞｨ',
      'メロ',
      '歌',
      'ボーカル',
      'ヴォーカル',
      '主旋律',
    ],
    ...['Melody (square)', 'Synth Melody', 'Strings melody', 'Soprano Voice', 'Mel.', 'Mel 2', 'Vokal', 'Ld Vox'],
    ...['Sång', 'Laulu', 'Zpěv', 'Ének', 'Şarkı', 'Μελωδία', 'めろでぃ', '멜로디', '보컬', 'Mélodie (flûte)'],
  ])('%s names the melody', (name) => {
    expect(claimOf(name, 'melody')).toBe('names');
  });

  it.each([
    'Lead',
    'Lead Guitar',
    'Ld Gtr',
    'Main',
    'Sopran',
    'Soprano Sax',
    'Air',
    'Gitara solowa',
    'Solo',
    'Sax Solo',
    'Main Theme',
    'Tune',
    'Thema',
    'Thème',
    'Tema',
    'リード',
    'Соло',
  ])('%s hints at the melody', (name) => {
    expect(claimOf(name, 'melody')).toBe('hints');
  });

  it.each([
    ...[
      '',
      'Track 1',
      'Piano',
      'Whistle',
      'Melodic Tom',
      'Melodica',
      'Mellotron',
      'メロトロン',
      'Bass voice',
      'Bass Lead',
    ],
    ...[
      'Synth voice pad',
      'Synth Voice',
      'SynVox',
      'Solo Vox',
      'Voice Oohs',
      'Choir Aahs',
      'Lead 1 (square)',
      'Saw Lead',
    ],
    ...[
      'Lead 6 (voice)',
      'Lead-in',
      'lead in',
      'Solo Piano',
      'Piano Solo',
      'Counter melody',
      'Countermelody',
      'Backing Vocals',
    ],
    ...[
      '2nd voice',
      'Second Vocal',
      'Melody echo',
      'Harmony Vocals',
      'Drum Solo',
      'Bass Solo',
      'Rhythm Lead',
      'コーラス',
    ],
    ...['Leader', 'Threads', 'Tuned Perc', 'Begleitung'],
  ])('%s claims no melody', (name) => {
    expect(claimOf(name, 'melody')).toBe('none');
  });

  it.each([
    'Bass',
    'Fretless Bs',
    'Kontrabass',
    '베이스',
    'E-Bass',
    'BASS 2',
    'Fretless Bass',
    'Basse',
    'Basso',
    'Bajo',
    'ベース',
  ])('%s names the bass', (name) => {
    expect(claimOf(name, 'bass')).toBe('names');
  });

  it.each(['Bass Drum', 'Bass Clarinet', 'Bass voice', 'Bassoon', 'Lead 8 (bass + lead)', 'Contrabassoon', 'Melody'])(
    '%s names no bass',
    (name) => {
      expect(claimOf(name, 'bass')).toBe('none');
    },
  );
});

describe('a track without a name', () => {
  const quarter = (pitch: number) => [0, 0x90, pitch, 90, 0x60, 0x80, pitch, 0];
  const named = (events: readonly number[]) => {
    const notes = [60, 62, 64, 65].flatMap(quarter);
    const bytes = [...header(0, 1, 96), ...chunk('MTrk', [...events, ...notes, ...END_OF_TRACK])];
    return readMidi(Uint8Array.from(bytes), 'a.mid').repairs;
  };
  const meta = (type: number, words: string) => [0, 0xff, type, words.length, ...text(words)];

  it.each<[string, number[], string]>([
    ['its instrument', meta(4, 'Vocals'), "'Vocals' "],
    ['a text at its beginning', meta(1, 'Melody'), "'Melody' "],
    ['its name, if it has one after all', [...meta(4, 'Flute'), ...meta(1, 'Text'), ...meta(3, 'Melody')], "'Melody' "],
    ['no mark of a karaoke file', meta(1, '@KMIDI KARAOKE FILE'), ''],
    ['no long text', meta(1, 'This sequence was made in May 1995, with love'), ''],
    ['no lyrics', [...quarter(67), ...meta(1, 'La la')], ''],
    ['the name of its channel', [0, 0xff, 0x20, 1, 0, ...meta(3, 'Voice')], "'Voice' "],
    [
      'the name of its own channel only',
      [0, 0xff, 0x20, 1, 5, ...meta(4, 'Melody'), 0, 0xff, 0x20, 1, 0, ...meta(4, 'Flute')],
      "'Flute' ",
    ],
    ['its own name behind a message of a channel', [0, 0xff, 0x20, 1, 5, 0, 0xc0, 0, ...meta(3, 'Lead')], "'Lead' "],
    ['a name in UTF-16', [0, 0xff, 3, 10, 0xff, 0xfe, 0x4c, 0, 0x65, 0, 0x61, 0, 0x64, 0], "'Lead' "],
  ])('is called by %s', (_name, events, name) => {
    expect(named(events)).toEqual([`track 0 ${name}(channel 1, program 0): melody`]);
  });
});

const EIGHTH = TICKS_PER_QUARTER / 2;
/** Notes of an eighth each, a rest where there is no pitch. */
const eighths = (pitches: readonly (number | undefined)[], velocity = 100): FileNote[] =>
  pitches.flatMap((pitch, index) =>
    pitch === undefined ? [] : [{ start: index * EIGHTH, end: (index + 1) * EIGHTH - 10, pitch, velocity }],
  );

const part = (name: string, channel: number, program: number, notes: readonly FileNote[]): FilePart => ({
  name,
  channel,
  program,
  notes,
});

/** 265 notes from 71 to 87 that leap and repeat, as a plucked melody does. */
const plucked = eighths(
  Array.from({ length: 300 }, (_, index) =>
    index % 9 === 8 && index < 315 ? undefined : [71, 83, 76, 76, 87, 76, 79, 71][index % 8],
  ),
).slice(0, 265);
/** 85 notes from 73 to 109 in steps, above all others. */
const whistled = quarters(
  Array.from({ length: 85 }, (_, index) => [97, 99, 101, 102, 104, 106, 108, 109, 102, 101, 99, 73][index % 12]),
  120,
  20,
);
const band = [
  part('Bass', 2, 33, quarters(Array.from({ length: 150 }, (_, index) => [36, 43, 40, 43][index % 4]))),
  part(
    'Guitar',
    3,
    25,
    quarters(Array.from({ length: 150 }, (_, index) => [55, 57][index % 2])).flatMap((note) =>
      [0, 4, 7].map((step) => ({ ...note, pitch: note.pitch + step })),
    ),
  ),
  part('Drums', 9, 0, quarters(Array.from({ length: 150 }, (_, index) => [36, 38][index % 2]))),
];

const pulse1 = (parts: readonly FilePart[]) => readMidi(generalMidi(parts), 'band.mid').song.voices.pulse1;
/** The share of a part's notes that pulse 1 plays. */
const share = (notes: readonly FileNote[], parts: readonly FilePart[]) => {
  const times = new Set(pulse1(parts).map(({ start, pitch }) => `${Math.round(start / 22.5)} ${pitch % 12}`));
  const samples = (tick: number) => Math.round((tick * 22_050) / TICKS_PER_QUARTER / 22.5);
  return notes.filter(({ start, pitch }) => times.has(`${samples(start)} ${pitch % 12}`)).length / notes.length;
};

describe('the melody', () => {
  it('is what is named Melody, where a whistle above it is more like one by its notes', () => {
    const whistle = part('Whistle', 1, 76, whistled);
    // As it is without names that claim anything.
    expect(share(whistled, [part('Jazz', 0, 26, plucked), whistle, ...band])).toBeGreaterThan(0.9);
    expect(share(plucked, [part('Melody', 0, 26, plucked), whistle, ...band])).toBe(1);
  });

  it('is Melody rather than Lead guitar, and Lead guitar rather than what has no name', () => {
    const lead = part('Lead guitar', 1, 29, whistled);
    expect(share(plucked, [part('Melody', 0, 26, plucked), lead, ...band])).toBe(1);
    expect(share(plucked, [part('Lead guitar', 0, 26, plucked), part('', 1, 76, whistled), ...band])).toBe(1);
  });

  it('is the best by its notes where two have the same claim', () => {
    const vocals = [part('Vocal 1', 0, 26, plucked), part('Vocal 2', 1, 76, whistled)];
    expect(share(whistled, [...vocals, ...band])).toBeGreaterThan(0.9);
  });

  it.each([
    ['under 5 % of the length', plucked.slice(0, 10)],
    ['chords throughout', plucked.flatMap((note) => [0, 4, 7].map((step) => ({ ...note, pitch: note.pitch + step })))],
    ['below all others', plucked.map((note) => ({ ...note, pitch: note.pitch - 48 }))],
  ])('is not what is named so but is %s', (_name, notes) => {
    expect(share(whistled, [part('Melody', 0, 26, notes), part('', 1, 76, whistled), ...band])).toBeGreaterThan(0.9);
  });

  it.each([
    ['Shift-JIS', [0x83, 0x81, 0x83, 0x8d, 0x83, 0x66, 0x83, 0x42]],
    ['halfwidth Shift-JIS', [0xd2, 0xdb, 0xc3, 0xde, 0xa8]],
    ['UTF-8', text('メロディ')],
    ['Latin-1', [0x4d, 0xe9, 0x6c, 0x6f, 0x64, 0x69, 0x65]],
  ])('is named in %s', (_name, name) => {
    const named = (title: readonly number[], program: number, channel: number, pitch: number) =>
      chunk('MTrk', [
        ...[0, 0xff, 3, title.length, ...title, 0, 0xc0 + channel, program],
        ...Array.from({ length: 40 }, () => [0, 0x90 + channel, pitch, 90, 48, 0x80 + channel, pitch, 0]).flat(),
        ...END_OF_TRACK,
      ]);
    const bytes = [...header(1, 2, 48), ...named(text('Flute'), 73, 0, 84), ...named(name, 26, 1, 72)];
    expect(readMidi(Uint8Array.from(bytes), 'x').song.voices.pulse1.map(({ pitch }) => pitch)).toEqual(
      new Array(40).fill(72),
    );
  });
});
