import { VOICE_NAMES } from '@chipsmith/apu';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../src/dataset/cleaning/filters.ts';
import { assignSplits } from '../src/dataset/split.ts';
import {
  ALL_SONGS,
  type DatasetOptions,
  datasetFromSongs,
  embeddedCorpus,
  FILTER_PRESETS,
  FRAME_TICKS,
  findDuplicates,
  likeness,
  melodyEncoding,
  Random,
  readMidi,
  reportTable,
  type Sketch,
  type Song,
  type SongFilters,
  sketchOf,
  type WrittenFacts,
} from '../src/index.ts';
import { changeSpeed, transpose } from '../src/learning/augment/change.ts';
import { hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';
import { plainNote, songOf } from './support/songs.ts';
import { tuneSong } from './support/tunes.ts';

const corpus = embeddedCorpus().slice(0, 40);

/** Every note begins and ends up to `most` ticks earlier or later, but keeps its order. */
function unevenly(song: Song, most: number, seed: number): Song {
  const random = new Random(seed);
  const move = (time: number) => Math.max(0, time + random.nextInteger(2 * most + 1) - most);
  const voices = { ...song.voices };
  for (const voice of VOICE_NAMES) {
    let free = 0;
    voices[voice] = song.voices[voice].map((note) => {
      const start = Math.max(free, move(note.start));
      const end = Math.max(start + 1, move(note.end));
      free = end;
      return { ...plainNote(start, end, note.pitch, voice) };
    });
  }
  return { ...song, title: `${song.title} again`, voices, duration: song.duration + most };
}

const copiesOf = (song: Song): Song[] => [
  transpose(song, 1),
  changeSpeed(song, 1.07),
  // Two video frames either way.
  unevenly(song, 1468, 5),
  unevenly(changeSpeed(transpose(song, 1), 0.9), 735, 6),
];

describe('findDuplicates', () => {
  const sketches = corpus.map(sketchOf);

  it('finds copies that are transposed, faster or uneven, and takes no tune of the corpus for another', () => {
    const planted = corpus.slice(0, 10).flatMap((song) => copiesOf(song).map(sketchOf));
    const { groups, same } = findDuplicates([...sketches, ...planted]);
    const expected = Array.from({ length: 10 }, (_, song) => [
      song,
      ...[0, 1, 2, 3].map((copy) => 40 + 4 * song + copy),
    ]);
    expect(groups).toEqual(expected);
    expect(same).toEqual([]);
  });

  /** The song with every note kept by chance `share`. */
  const thinned = (song: Song, share: number, seed: number): Song => {
    const random = new Random(seed);
    const voices = { ...song.voices };
    for (const voice of VOICE_NAMES) voices[voice] = song.voices[voice].filter(() => random.nextFloat() < share);
    return { ...song, voices };
  };
  const isFound = (song: Song, copy: Song) => findDuplicates([song, copy].map(sketchOf)).groups.length === 1;

  it('finds any song again in another key, tempo or voice, and one or two frames off, all at once', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: corpus.length - 1 }),
        fc.integer({ min: -5, max: 5 }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        (index, semitones, speed, frames, areSwapped) => {
          const song = corpus[index];
          const moved = unevenly(
            changeSpeed(transpose(song, semitones), speed),
            Math.round(frames * FRAME_TICKS),
            index,
          );
          const { pulse1, pulse2 } = moved.voices;
          const voices = areSwapped ? { ...moved.voices, pulse1: pulse2, pulse2: pulse1 } : moved.voices;
          expect(isFound(song, { ...moved, voices })).toBe(true);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it('finds songs again without a twentieth of their notes, and most without a tenth', () => {
    const found = (share: number) => corpus.filter((song, seed) => isFound(song, thinned(song, share, seed))).length;
    expect(found(0.95)).toBe(corpus.length);
    expect(found(0.9)).toBeGreaterThanOrEqual(0.7 * corpus.length);
    expect(found(0.3)).toBe(0);
  });

  it('takes no two of the embedded tunes for one', () => {
    expect(findDuplicates(embeddedCorpus().map(sketchOf)).groups).toEqual([]);
  });

  it('does not count figures: arpeggios, trills and scales', () => {
    const played = (intervals: readonly number[]) => {
      let pitch = 60;
      const notes = intervals.map((interval, at) => {
        pitch += interval;
        return plainNote(at * 9, at * 9 + 9, pitch);
      });
      return sketchOf(songOf({ pulse1: notes })).runs.length;
    };
    const repeated = (figure: readonly number[]) => Array.from({ length: 24 }, (_, at) => figure[at % figure.length]);
    for (const figure of [[1], [2, -2], [4, 3, -7], [4, 3, 5, -12]]) expect(played(repeated(figure))).toBe(0);
    expect(played(repeated([2, 3, 1, 4, -10]))).toBe(5);
  });

  it('calls songs equal whose notes are, wherever they begin and however loud', () => {
    const late = songOf({ pulse1: [plainNote(500, 900, 60), plainNote(900, 1000, 64)] });
    const early = songOf({
      pulse1: [plainNote(0, 400, 60), { ...plainNote(400, 500, 64), volume: [{ time: 400, value: 3 }] }],
    });
    const other = songOf({ pulse1: [plainNote(0, 400, 60), plainNote(400, 501, 64)] });
    const elsewhere = songOf({ pulse2: [plainNote(0, 400, 60), plainNote(400, 500, 64)] });
    const { same, alike } = findDuplicates([late, early, other, elsewhere, songOf({}), songOf({})].map(sketchOf));
    expect({ same, alike }).toEqual({ same: [[0, 1]], alike: [] });
  });

  it('does not take jingles for each other that only share a few intervals', () => {
    const jingle = (pitch: number) =>
      songOf({
        pulse1: Array.from({ length: 12 }, (_, index) => plainNote(index * 100, index * 100 + 90, pitch + index)),
      });
    expect(findDuplicates([jingle(50), jingle(55)].map(sketchOf)).groups).toEqual([]);
  });

  it('has a likeness of the share of runs in common', () => {
    const [one] = sketches;
    expect(likeness(one, one)).toBe(1);
    const runs = (...numbers: number[]) => ({ notes: '', runs: Uint32Array.from(numbers) });
    expect(likeness(runs(1, 2, 3, 4), runs(3, 4, 5, 6))).toBe(1 / 3);
    expect(likeness(runs(), runs())).toBe(0);
    // Of two long songs only the 128 lowest hashes of both are known: here every second is in common.
    const evens = Array.from({ length: 128 }, (_, index) => index * 2);
    const all = Array.from({ length: 128 }, (_, index) => index);
    expect(likeness(runs(...evens), runs(...all))).toBe(0.5);
  });
});

describe('a dataset', () => {
  const songs = Array.from({ length: 12 }, (_, index) => tuneSong(index, 8));
  const named = (song: Song, title: string): Song => ({ ...song, title });
  const prepare = (list: readonly Song[], options: DatasetOptions = {}) =>
    datasetFromSongs(list, melodyEncoding, { validShare: 0.3, ...options });

  it('keeps copies in one split, and says which songs they are', () => {
    for (let seed = 0; seed < 8; seed++) {
      const list = [...songs, named(unevenly(transpose(songs[3], 2), 300, seed), 'copy')];
      const { manifest, report } = prepare(list, { seed });
      const splitOf = (title: string) => manifest.songs.find((song) => song.title === title)?.split;
      expect(splitOf('copy')).toBe(splitOf('tune 3'));
      expect(report.copies).toEqual([
        { notes: 'nearly the same', splits: [splitOf('copy')], songs: ['copy', 'tune 3'] },
      ]);
    }
  });

  it('finds what stands in two splits whose folders decide, and drops it from train where that is asked', () => {
    const list = [
      ...songs.map((song, index) => named(song, `${index < 6 ? 'train' : 'valid'}/${song.title}`)),
      named(songs[8], 'train/equal'),
      named(transpose(songs[7], 3), 'train/moved'),
      named(songs[1], 'train/twice'),
    ];
    const told = prepare(list).report;
    expect(told.copies).toEqual([
      { notes: 'the same', splits: ['train', 'valid'], songs: ['train/equal', 'valid/tune 8'] },
      { notes: 'the same', splits: ['train'], songs: ['train/tune 1', 'train/twice'] },
      { notes: 'nearly the same', splits: ['train', 'valid'], songs: ['train/moved', 'valid/tune 7'] },
    ]);
    const table = reportTable(told);
    expect(table).toMatch(/copies +the same notes, across train and valid +1\n/);
    expect(table).toMatch(/copies +the same notes, within train +1\n/);

    const dropped = (copies: DatasetOptions['copies']) =>
      Object.fromEntries(
        prepare(list, { copies }).report.entries.flatMap(({ path, reason }) => (reason ? [[path, reason]] : [])),
      );
    const equal = (path: string) => `has the same notes as "${path}"`;
    expect(dropped('all')).toEqual({});
    expect(dropped('same')).toEqual({ 'train/equal': equal('valid/tune 8'), 'train/twice': equal('train/tune 1') });
    const { manifest, report } = prepare(list, { copies: 'alike' });
    expect(dropped('alike')).toEqual({
      'train/equal': equal('valid/tune 8'),
      'train/twice': equal('train/tune 1'),
      'train/moved': 'has nearly the same notes as "valid/tune 7"',
    });
    expect(manifest.songs).toHaveLength(12);
    expect(report).toMatchObject({ songs: 12, voices: { kept: 24, sounding: 24 } });
    expect(report.statistics?.train.songs).toBe(6);
    expect(reportTable(report)).toMatch(/file +dropped: has the same notes as … +2\n +train\/equal, train\/twice\n/);
  });

  it('drops what filters leave out, with the reason', () => {
    const reasons = (filters: DatasetOptions['filters']) => prepare([...songs, short], { filters }).report.droppedFiles;
    const short = named(tuneSong(50, 3), 'short');
    const seconds = short.duration / 44_100;
    expect(reasons({})).toEqual({});
    expect(reasons({ shortest: seconds + 1 })).toEqual({ [`shorter than ${seconds + 1} s`]: 1 });
    expect(reasons({ longest: seconds + 1 })).toEqual({ [`longer than ${seconds + 1} s`]: 12 });
    expect(reasons({ fewestNotes: 40 })).toEqual({ 'fewer than 40 notes': 1 });
    expect(() => prepare(songs, { filters: { fewestPitchClasses: 12 } })).toThrow(/12: fewer than 12 pitch classes/);
    expect(() => prepare([named(songOf({}), 'empty')])).toThrow(/1: no notes for this encoding/);
  });
});

describe('refusal', () => {
  const song = songOf({ pulse1: [plainNote(0, 900, 60)] });
  const written = { tempos: [120, 90], meters: ['4/4'], keys: ['G major'] };
  const refusedBy = (filters: Partial<SongFilters>, facts?: WrittenFacts) =>
    refusal(song, { ...ALL_SONGS, ...filters }, facts);

  it('goes by what the file writes, where that is asked', () => {
    expect(refusedBy({}, written)).toBeUndefined();
    expect(refusedBy({})).toBeUndefined();
    expect(refusedBy({ mostTempos: 2, mostMeters: 1, mostKeys: 1 }, written)).toBeUndefined();
    expect(refusedBy({ mostTempos: 1 }, written)).toBe('more than 1 tempo');
    expect(refusedBy({ mostMeters: 0 }, written)).toBe('more than 0 meters');
    expect(refusedBy({ meter: '3/4' }, written)).toBe('a meter other than 3/4');
    expect(refusedBy({ meter: '4/4' })).toBe('no meter is written');
  });

  it.each<[facts: Partial<WrittenFacts>, reason: string | undefined]>([
    [{}, undefined],
    [{ keys: ['A minor'] }, undefined],
    [{ tempos: [] }, undefined],
    [{ meters: ['4/4', '3/4'] }, 'more than 1 meter'],
    [{ meters: ['3/4'] }, 'a meter other than 4/4'],
    [{ meters: [] }, 'no meter is written'],
    [{ keys: ['G major', 'C major'] }, 'more than 1 key'],
    [{ keys: ['C major'] }, 'C major is written, which may mean no key'],
    [{ keys: [] }, 'no key is written'],
  ])("of VGM-RNN's preset with %j is %s", (facts, reason) => {
    expect(refusedBy(FILTER_PRESETS['vgm-rnn'], { ...written, ...facts })).toBe(reason);
  });
});

describe.skipIf(!hasNesMdb)(`copies in ${NESMDB_NOTE}`, () => {
  // Baseball by one firm over the years, arcade and home versions, and Zelda on disk and on cartridge.
  const games = /\/(017_Arm|270_Punch|057_Clu|373_Vs|10[89]_Fam|110_Fam|151_Gum|376_Vs|348_TheLeg|402_Zelda)[^/]*$/;
  const paths: string[] = [];
  const sketches: Sketch[] = [];

  beforeAll(async () => {
    for await (const { path, bytes } of nesMdbFiles()) {
      if (!games.test(path)) continue;
      paths.push(path.replace('nesmdb/', ''));
      sketches.push(sketchOf(readMidi(bytes, path).song));
    }
  });

  it('are the seven pairs with equal notes, and Zelda in train and valid', () => {
    const { same, alike } = findDuplicates(sketches);
    const named = (groups: readonly (readonly number[])[]) => groups.map((group) => group.map((song) => paths[song]));
    expect(named(same)).toEqual([
      ['train/017_ArmWrestling_00_01GotMoneyBag.mid', 'train/270_Punch_Out___07_08Unused.mid'],
      ['train/057_CluCluLand_05_06GameOver.mid', 'train/373_Vs_CluCluLand_06_07GameOver.mid'],
      ['train/108_Famista_90_12_13Unknown4.mid', 'train/109_Famista_91_16_17Unknown7.mid'],
      ['train/109_Famista_91_05_06ChangeSide.mid', 'train/110_Famista_93_04_05ChangeSide.mid'],
      ['train/109_Famista_91_07_08HomeRun.mid', 'train/110_Famista_93_07_08HomeRun.mid'],
      ['train/109_Famista_91_08_09GameSet.mid', 'train/110_Famista_93_09_10GameSet.mid'],
      ['train/151_Gumshoe_12_13NameEntry.mid', 'train/376_Vs_Hogan_sAlley_07_08NameEntry.mid'],
    ]);
    const across = named(alike).filter((group) => new Set(group.map((path) => path.split('/')[0])).size > 1);
    expect(across.map((group) => group.map((path) => path.replace(/.*_\d\d/, '')))).toEqual([
      ['UnderworldBGM.mid', 'UnderworldBGM.mid'],
      ['DeathMountainBGM.mid', 'DeathMountainBGM.mid'],
      ['WhenZeldaIsRescuedFanfare.mid', 'WhenZeldaIsRescuedFanfare.mid'],
      ['EndingTheme.mid', 'EndingTheme.mid'],
    ]);
  });
});

describe('assignSplits', () => {
  const paths = Array.from({ length: 20 }, (_, index) => `song ${index}`);

  it('keeps games, composers and alike songs together, and unknown composers apart', () => {
    for (let seed = 0; seed < 20; seed++) {
      const songs = paths.map((path, index) => ({
        path,
        game: index < 4 ? 'game' : undefined,
        composer: index >= 3 && index < 8 ? 'composer' : index >= 10 ? 'Unknown' : undefined,
      }));
      const splits = assignSplits(songs, [[7, 9]], seed, 0.5);
      expect(new Set([0, 1, 2, 3, 4, 5, 6, 7, 9].map((index) => splits[index])).size).toBe(1);
      expect(new Set(splits.slice(10)).size).toBe(2);
    }
  });
});
