import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SourceFile } from '../src/dataset/found-file.ts';
import {
  bigram,
  FRAME_TICKS,
  FRAMES_PER_SECOND,
  melodyEncoding,
  readMidi,
  reportTable,
  type Song,
  type SongReading,
  unigram,
  withEstimatedTiming,
  writeMidi,
} from '../src/index.ts';
import { prepareDataset } from '../src/node/index.ts';
import { tarGzOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';
import { hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';

/** All of the valid split, and no more of train than one in forty. */
async function subset(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  let number = 0;
  for await (const file of nesMdbFiles()) {
    if (file.path.includes('/valid/') || number++ % 40 === 0) files.push(file);
  }
  return files;
}

describe.skipIf(!hasNesMdb)(NESMDB_NOTE, () => {
  const folder = temporaryFolder();
  let files: SourceFile[] = [];
  /** The valid split, as read and with its timing estimated. */
  let readings: SongReading[] = [];
  let timed: Song[] = [];

  beforeAll(async () => {
    files = await subset();
    readings = files.filter(({ path }) => path.includes('/valid/')).map(({ path, bytes }) => readMidi(bytes, path));
    timed = readings.map(({ song }) => withEstimatedTiming(song));
  });

  it('reads every note of the valid split without a repair', () => {
    expect(readings).toHaveLength(403);
    // The number of note events that the data set's files hold.
    const notes = readings.map(({ song }) => Object.values(song.voices).flat().length);
    expect(notes.reduce((sum, count) => sum + count)).toBe(221_438);
    expect(readings.flatMap(({ repairs }) => repairs)).toEqual([]);
  });

  it('writes and reads songs back to the sample', () => {
    for (const { song } of readings.filter((_, index) => index % 20 === 0)) {
      const { song: back, repairs } = readMidi(writeMidi(song), 'again.mid');
      expect({ back, repairs }).toEqual({ back: song, repairs: [] });
    }
  });

  it('finds tempos that music routines have', () => {
    const rows = timed.map(({ tempo }) => (FRAMES_PER_SECOND * 60) / 4 / tempo.beatsPerMinute);
    const share = (test: (row: number) => boolean) => rows.filter(test).length / rows.length;
    // Most routines count whole frames; a random tempo would be that in a few cases only.
    expect(share((row) => Math.abs(row - Math.round(row)) < 1e-6)).toBeGreaterThan(0.6);
    expect(share((row) => row >= 4 && row <= 10)).toBeGreaterThan(0.9);
    const confidences = timed.map(({ tempo }) => tempo.confidence).sort((a, b) => a - b);
    expect(confidences[Math.floor(confidences.length / 2)]).toBeGreaterThan(0.9);
  });

  it('latches nearly all long notes to within a quarter frame', () => {
    let near = 0;
    let all = 0;
    for (const [index, { song }] of readings.slice(0, 100).entries()) {
      const latched = timed[index].voices.pulse1.map(({ start }) => start);
      for (const { start, end } of song.voices.pulse1) {
        if (end - start < 2 * FRAME_TICKS) continue;
        all++;
        if (latched.some((other) => Math.abs(other - start) < FRAME_TICKS / 4)) near++;
      }
    }
    expect(near / all).toBeGreaterThan(0.9);
  });

  it('keeps four of five voices, its split, and a melody dataset that a bigram predicts better than a unigram', async () => {
    const some = files.filter(({ path }, index) => path.includes('/train/') || index % 3 === 0);
    writeFileSync(join(folder, 'subset.tar.gz'), tarGzOf(some));
    const dataset = await prepareDataset({
      inputs: [join(folder, 'subset.tar.gz')],
      encoding: melodyEncoding,
      output: join(folder, 'set'),
    });
    const { voices } = dataset.report;
    expect(voices.kept / voices.sounding).toBeGreaterThan(0.8);
    expect((voices.keptNaively ?? 0) / voices.sounding).toBeLessThan(0.2);
    expect(reportTable(dataset.report)).toContain('sounding voices kept');
    for (const song of dataset.manifest.songs) expect(song.path).toContain(`/${song.split}/`);
    const events = (split: 'train' | 'valid') => dataset.sequences(split);
    const baseline = unigram(events('train'), events('valid'), melodyEncoding.classes);
    expect(baseline.nll).toBeGreaterThan(1.9);
    expect(baseline.nll).toBeLessThan(2.6);
    expect(bigram(events('train'), events('valid'), melodyEncoding.classes).nll).toBeLessThan(baseline.nll);
  });

  it('encodes what it decodes to the same events', () => {
    for (const song of timed.filter((_, index) => index % 4 === 0)) {
      for (const { events } of melodyEncoding.encode(song).sequences) {
        const again = melodyEncoding.encode(melodyEncoding.decode(events, { title: song.title }));
        expect(again.sequences).toEqual([{ voice: 'pulse1', bar: 16, events, transposition: 0 }]);
      }
    }
  });
});
