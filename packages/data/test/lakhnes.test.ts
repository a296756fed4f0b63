import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestWait, WAITS } from '../src/encodings/lakhnes/waits.ts';
import {
  checkSong,
  type Encoding,
  lakhNesEvaluationSequence,
  Random,
  readMidi,
  type Song,
  sequenceOf,
  tx1Encoding,
  tx2Encoding,
  unigram,
} from '../src/index.ts';
import { DATA_FOLDER, hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const eventsOf = (song: Song, encoding: Encoding) => encoding.encode(song).sequences[0].events;
const words = (song: Song, encoding: Encoding) => [...eventsOf(song, encoding)].map(encoding.describe);
const songs = anySong(fc.constant(120));
const both = [tx1Encoding, tx2Encoding];

describe('waits', () => {
  it('takes the nearest of the 370, the shorter half-way, the longest beyond', () => {
    expect(WAITS).toHaveLength(370);
    const rounded = [1, 104, 105, 106, 1_049, 1_050, 10_500, 10_501, 99_501, 250_000].map(
      (wait) => WAITS[nearestWait(wait)],
    );
    expect(rounded).toEqual([1, 100, 100, 110, 1_000, 1_000, 10_000, 11_000, 100_000, 100_000]);
  });

  it('is never farther from the wait than a neighbour in the list', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120_000 }), (wait) => {
        const distance = Math.abs(WAITS[nearestWait(wait)] - wait);
        expect(distance).toBe(Math.min(...WAITS.map((listed) => Math.abs(listed - wait))));
      }),
    );
  });
});

describe('tx1 and tx2', () => {
  const lead = {
    ...plainNote(730, 5_530, 60),
    volume: [
      { time: 730, value: 12 },
      { time: 1_460, value: 8 },
    ],
    duty: [
      { time: 730, value: 2 },
      { time: 1_460, value: 1 },
    ],
  };
  const song = songOf(
    { pulse1: [lead, plainNote(5_530, 6_530, 62)], noise: [plainNote(730, 1_460, 5)] },
    { duration: 7_530 },
  );

  it('writes voices in order at one time, no note-off before a note, and a last wait to the end', () => {
    expect(words(song, tx1Encoding)).toEqual([
      ...['WT_730', 'P1_NOTEON_60', 'NO_NOTEON_5', 'WT_730', 'NO_NOTEOFF'],
      ...['WT_4100', 'P1_NOTEON_62', 'WT_1000', 'P1_NOTEOFF', 'WT_1000'],
    ]);
  });

  it('adds velocities after note-ons and where they change, timbres where they change', () => {
    expect(words(song, tx2Encoding)).toEqual([
      ...['WT_730', 'P1_NOTEON_60', 'P1_VELOCITY_12', 'P1_TIMBRE_2', 'NO_NOTEON_5', 'NO_VELOCITY_10'],
      ...['WT_730', 'P1_VELOCITY_8', 'P1_TIMBRE_1', 'NO_NOTEOFF'],
      ...['WT_4100', 'P1_NOTEON_62', 'P1_VELOCITY_10', 'P1_TIMBRE_0', 'WT_1000', 'P1_NOTEOFF', 'WT_1000'],
    ]);
  });

  it("has LakhNES' numbers", () => {
    expect([tx1Encoding.classes, tx2Encoding.classes]).toEqual([631, 686]);
    const at = (encoding: Encoding, ...ids: number[]) => ids.map(encoding.describe);
    expect(at(tx1Encoding, 0, 371, 372, 524, 613, 630)).toEqual([
      ...['<S>', 'P1_NOTEOFF', 'P1_NOTEON_33', 'P2_NOTEON_108', 'TR_NOTEON_108', 'NO_NOTEON_16'],
    ]);
    expect(at(tx2Encoding, 448, 466, 559, 651, 683, 685)).toEqual([
      ...['P1_VELOCITY_1', 'P1_TIMBRE_3', 'P2_TIMBRE_0', 'TR_NOTEON_108', 'NO_VELOCITY_15', 'NO_TIMBRE_1'],
    ]);
  });

  it.each(both)('$name encodes what it decodes to the same events, within its grammar', (encoding) => {
    fc.assert(
      fc.property(songs, (song) => {
        for (const { events } of encoding.encode(song).sequences) {
          const decoded = encoding.decode(events, { title: 'again' });
          checkSong(decoded);
          expect(encoding.encode(decoded).sequences).toEqual([{ voice: 'all', events }]);
          const allowed = [...events].every((event, index) => encoding.allowedAfter(events[index - 1])[event]);
          expect(allowed).toBe(true);
        }
      }),
    );
  });

  it('keeps every note, and in tx2 every volume and duty, of songs whose waits are all listed', () => {
    const listed = { ...lead, end: 1_460 + 4_100 };
    const bass = plainNote(listed.end + 34_000, listed.end + 35_000, 40, 'triangle');
    const decode = (song: Song) => tx2Encoding.decode(eventsOf(song, tx2Encoding), { title: 'again' }).voices;
    expect(decode(songOf({ pulse1: [listed], triangle: [bass] }))).toMatchObject({
      pulse1: [listed],
      triangle: [bass],
    });
    // 34,470 samples of silence are a wait of 34,000.
    const late = plainNote(listed.end + 34_470, listed.end + 36_000, 40, 'triangle');
    expect(decode(songOf({ pulse1: [listed], triangle: [late] })).triangle[0].start).toBe(bass.start);
  });

  it.each(both)('$name decodes any events that the grammar allows into a song that keeps the contract', (encoding) => {
    const random = new Random(5);
    for (let round = 0; round < 100; round++) {
      const events: number[] = [];
      while (events.length < 64) {
        const event = random.nextInteger(encoding.classes);
        if (encoding.allowedAfter(events.at(-1))[event]) events.push(event);
      }
      checkSong(encoding.decode(events, { title: 'sampled' }));
    }
  });

  it('decodes notes that nothing ends to the end, and refuses strange events', () => {
    const [on, wait] = tx1Encoding.encodePitches([60]);
    const { voices } = tx1Encoding.decode([on, wait], { title: 'open' });
    expect(voices.pulse1.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([[0, 11_000, 60]]);
    expect(() => tx1Encoding.decode([0, 631], { title: 'x' })).toThrow(
      /event 1: 631 is not a LakhNES event \(0..630\)/,
    );
    expect(() => tx1Encoding.encodePitches([32])).toThrow(/pitch 32.*use 33 to 108/);
  });

  it("trims and skips as LakhNES' evaluation does", () => {
    expect(lakhNesEvaluationSequence(eventsOf(song, tx1Encoding))?.length).toBe(8 + 2);
    expect(lakhNesEvaluationSequence(new Uint16Array([1, 2]))).toBeUndefined();
  });
});

describe.skipIf(!hasNesMdb)(`${NESMDB_NOTE}, tx1`, () => {
  it("gives LakhNES' ids, all 641,729 of the valid split, and its share of a unigram's perplexity", async () => {
    const bytes = gunzipSync(readFileSync(`${DATA_FOLDER}/nesmdb/tx1_valid.u16le.gz`));
    const index: { name: string; start: number; len: number }[] = JSON.parse(
      readFileSync(`${DATA_FOLDER}/nesmdb/tx1_valid.index.json`, 'utf8'),
    );
    const encoded = new Map<string, Uint16Array>();
    for await (const { path, bytes } of nesMdbFiles()) {
      if (!path.includes('/valid/') || !path.endsWith('.mid')) continue;
      const { song } = readMidi(bytes, path);
      encoded.set(song.title, tx1Encoding.encode(song).sequences[0].events);
    }
    expect(encoded.size).toBe(403);
    for (const { name, start, len } of index) {
      const ids = Array.from({ length: len }, (_, position) => bytes.readUInt16LE((start + position) * 2));
      expect([...(encoded.get(name) ?? [])], name).toEqual(ids);
    }
    const scored = [...encoded.values()].flatMap((events) => lakhNesEvaluationSequence(events) ?? []);
    const sequences = scored.map(sequenceOf);
    expect(scored.reduce((sum, { length }) => sum + length - 1, 0)).toBe(641_556);
    // Trained on train it is 207.05 (README); of its own events a unigram knows the entropy, 168.
    expect(unigram(sequences, sequences, tx1Encoding.classes).perplexity).toBeLessThan(207.05);
  });
});
