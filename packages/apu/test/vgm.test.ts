import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ApuError,
  type MemoryBlock,
  NTSC_CPU_CLOCK,
  PAL_CPU_CLOCK,
  playScore,
  quantiseToVgm,
  type RegisterLog,
  readVgm,
  readVgmFile,
  readVgmTags,
  renderAudio,
  VGM_SAMPLE_RATE,
  writeVgm,
} from '../src/index.ts';
import { makeLog } from './support/logs.ts';
import { note, score } from './support/scores.ts';

const data = process.env.CHIPSMITH_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const realFiles = ['202_LawnMower_01_02Game.vgm', '202_LawnMower_02_03LevelClear.vgm'].map(
  (name) => `${data}/vgm/${name}`,
);
const missing = !realFiles.every((file) => existsSync(file));
const readReal = (file: string) => new Uint8Array(readFileSync(file));

/** Any legal log: bursts of writes and long rests, with or without DMC memory. */
const logs = fc
  .record({
    clock: fc.constantFrom(NTSC_CPU_CLOCK, 1_789_772, PAL_CPU_CLOCK),
    list: fc.array(
      fc.tuple(
        fc.oneof(
          fc.integer({ min: 0, max: 20 }),
          fc.integer({ min: 0, max: 40_000 }),
          fc.integer({ min: 0, max: 4_000_000 }),
        ),
        fc.integer({ min: 0x4000, max: 0x4017 }),
        fc.integer({ min: 0, max: 255 }),
      ),
      { maxLength: 80 },
    ),
    tail: fc.integer({ min: 0, max: 100_000 }),
    blocks: fc.array(
      fc.tuple(fc.nat(100), fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 0x8000, max: 0xff00 })),
      {
        maxLength: 3,
      },
    ),
    loopPercent: fc.option(fc.nat(99)),
  })
  .map(({ clock, list, tail, blocks, loopPercent }): RegisterLog => {
    let cycle = 0;
    const writes = list.map(([gap, register, value]) => {
      cycle += gap;
      return { cycle, register, value };
    });
    const memory = blocks
      .map(([percent, bytes, address]): MemoryBlock => ({ cycle: Math.floor((cycle * percent) / 100), address, bytes }))
      .sort((a, b) => a.cycle - b.cycle);
    const duration = cycle + tail;
    return {
      ...{ clock, writes, duration },
      ...(memory.length > 0 ? { memory } : {}),
      ...(loopPercent === null || duration === 0 ? {} : { loop: Math.floor((duration * loopPercent) / 100) }),
    };
  });

const song = () => {
  const notes = [60, 64, 67, 72].map((pitch, i) => note(5000 * i, 5000 * i + 5000, pitch, 15 - i));
  const bass = [36, 43].map((pitch, i) => note(10_000 * i, 10_000 * i + 9000, pitch));
  return playScore(score({ pulse1: notes, triangle: bass, noise: [note(0, 2000, 12), note(5000, 6000, 15)] }, 20_000));
};

describe('round trip', () => {
  it('gives the same writes at VGM resolution', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const back = readVgm(writeVgm(log));
        expect(back).toEqual(quantiseToVgm(log));
        expect(back.clock).toBe(log.clock);
        expect(back.writes.map(({ register, value }) => [register, value])).toEqual(
          log.writes.map(({ register, value }) => [register, value]),
        );
        const sample = (cycle: number) => Math.floor((cycle * VGM_SAMPLE_RATE) / log.clock);
        expect(back.writes.map(({ cycle }) => sample(cycle))).toEqual(log.writes.map(({ cycle }) => sample(cycle)));
        expect(Math.abs(back.duration - log.duration)).toBeLessThan((2 * log.clock) / VGM_SAMPLE_RATE);
        expect(back.loop === undefined).toBe(log.loop === undefined);
        const inLoop = ({ writes, loop = 0 }: RegisterLog) => writes.filter(({ cycle }) => cycle >= loop).length;
        expect(inLoop(back)).toBe(inLoop(log));
      }),
      { numRuns: 200, seed: 60 },
    );
  });

  it('reads the same from a file packed with gzip, tags too', () => {
    const file = writeVgm(song(), { title: 'Packed' });
    expect(readVgm(gzipSync(file))).toEqual(readVgm(file));
    expect(readVgmTags(gzipSync(file))).toEqual(readVgmTags(file));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const once = quantiseToVgm(log);
        expect(quantiseToVgm(once)).toEqual(once);
        expect(writeVgm(once)).toEqual(writeVgm(log));
      }),
      { numRuns: 200, seed: 61 },
    );
  });

  it('renders to the same samples as the quantised log', () => {
    const log = song();
    expect(renderAudio(readVgm(writeVgm(log)))).toEqual(renderAudio(quantiseToVgm(log)));
  });

  it('spreads the writes of one sample over it, in order', () => {
    const crowd = (count: number) => {
      const writes = Array.from({ length: count }, (_, i) => ({ cycle: 1000, register: 0x4011, value: i }));
      return quantiseToVgm({ clock: NTSC_CPU_CLOCK, writes, duration: 2000 }).writes.map(({ cycle }) => cycle);
    };
    // Cycle 1000 lies in sample 24, which lasts from cycle 975 to 1014.
    expect(crowd(1)).toEqual([975]);
    expect(crowd(5)).toEqual([975, 979, 983, 987, 991]);
    const many = crowd(60);
    expect([many[0], Math.max(...many)]).toEqual([975, 1014]);
    expect(many.every((cycle, i) => i === 0 || cycle >= many[i - 1])).toBe(true);
  });

  it('keeps tags, also those outside ASCII, and leaves empty ones out', () => {
    const tags = {
      title: 'Étude',
      titleOriginal: '練習曲 🎵',
      game: 'None',
      author: 'A',
      date: '2026',
      notes: 'two\nlines',
    };
    expect(readVgmFile(writeVgm(song(), tags)).tags).toEqual({ ...tags, system: 'Nintendo Entertainment System' });
    expect(() => writeVgm(song(), { title: 'a\0b' })).toThrow(ApuError);
  });
});

describe('a loop', () => {
  const looped = (loop: number) => ({ ...song(), loop });

  it('stands in the header as the byte and the samples that are played again', () => {
    const log = looped(Math.floor(NTSC_CPU_CLOCK / 4));
    const file = writeVgm(log);
    const view = new DataView(file.buffer);
    const total = view.getUint32(0x18, true);
    // A quarter of a second is 11,025 samples.
    expect(view.getUint32(0x20, true)).toBe(total - 11_024);
    const start = 0x1c + view.getUint32(0x1c, true);
    const beginning = Uint8Array.from([...file.subarray(0, start), 0x66]);
    expect(readVgm(beginning).writes).toEqual(readVgm(file).writes.filter(({ cycle }) => cycle < (log.loop ?? 0)));
  });

  it('is absent from the header of a piece that ends', () => {
    const view = new DataView(writeVgm(song()).buffer);
    expect([view.getUint32(0x1c, true), view.getUint32(0x20, true)]).toEqual([0, 0]);
  });

  it('changes nothing of what is played once', () => {
    const { loop, ...once } = quantiseToVgm(looped(500_000));
    expect(loop).toBeDefined();
    expect(once).toEqual(quantiseToVgm(song()));
  });

  it('begins behind the writes of its sample that come before it, however many there are', () => {
    for (const count of [1, 9, 50]) {
      const writes = Array.from({ length: 2 * count }, (_, i) => ({
        cycle: i < count ? 1000 : 1001,
        register: 0x4011,
        value: i,
      }));
      const { writes: moved, loop = 0 } = quantiseToVgm({
        ...{ clock: NTSC_CPU_CLOCK, writes, duration: 90_000, loop: 1001 },
      });
      expect(moved.map(({ cycle }) => cycle >= loop)).toEqual(writes.map((_, i) => i >= count));
    }
  });

  it('must lie within the log', () => {
    for (const loop of [-1, 0.5, Number.NaN, song().duration]) {
      expect(() => writeVgm(looped(loop))).toThrow(/the log's loop is/);
    }
  });

  it('is left out, and that is reported, if it has no wait, or begins outside the data or within a command', () => {
    const file = writeVgm(looped(500_000));
    const view = new DataView(file.buffer);
    const end = 0x14 + view.getUint32(0x14, true) - 1;
    const start = 0x1c + view.getUint32(0x1c, true);
    const repairsOf = (byte: number) => {
      view.setUint32(0x1c, byte - 0x1c, true);
      const { log, repairs } = readVgmFile(file);
      expect(log.writes).toEqual(quantiseToVgm(song()).writes);
      expect(log.loop).toBeUndefined();
      return repairs;
    };
    expect(repairsOf(end)).toEqual(['ignored the loop, which takes no time']);
    for (const byte of [0xbf, start + 1, end + 40, 0x7fff_ffff]) {
      expect(repairsOf(byte)).toEqual([
        `ignored the loop: byte ${byte}, where it should begin, is not a command of the data`,
      ]);
    }
  });
});

describe('the file', () => {
  const file = writeVgm(
    makeLog(
      [
        [0x4015, 0x0f],
        [0x4000, 0x30],
      ],
      2,
    ),
    { title: 'T' },
  );
  const view = new DataView(file.buffer);
  const field = (offset: number) => view.getUint32(offset, true);

  it('has the header of version 1.61, with the data at 0xC0', () => {
    expect(String.fromCharCode(...file.subarray(0, 4))).toBe('Vgm ');
    expect(field(0x04)).toBe(file.length - 4);
    expect(field(0x08)).toBe(0x161);
    expect(field(0x18)).toBe(2 * 44_100);
    expect(field(0x34)).toBe(0x8c);
    expect(field(0x84)).toBe(NTSC_CPU_CLOCK);
    expect(String.fromCharCode(...file.subarray(0x14 + field(0x14)).subarray(0, 4))).toBe('Gd3 ');
  });

  it('names the frame rate of the console: 60 or 50', () => {
    expect(field(0x24)).toBe(60);
    const pal = writeVgm({ clock: PAL_CPU_CLOCK, writes: [], duration: 0 });
    expect(new DataView(pal.buffer).getUint32(0x24, true)).toBe(50);
  });

  it('has the commands one can work out by hand', () => {
    // Both writes in sample 0, then 88,200 samples: 65,535 and 22,665 = 0x5889.
    const expected = [0xb4, 0x15, 0x0f, 0xb4, 0x00, 0x30, 0x61, 0xff, 0xff, 0x61, 0x89, 0x58, 0x66];
    expect([...file.subarray(0xc0, 0xc0 + expected.length)]).toEqual(expected);
  });

  it('is the same bytes every time', () => {
    expect(writeVgm(song(), { title: 'A' })).toEqual(writeVgm(song(), { title: 'A' }));
  });
});

/** A file around hand-written commands, with the header of an empty log. */
function withCommands(commands: readonly number[]): Uint8Array {
  const header = writeVgm({ clock: NTSC_CPU_CLOCK, writes: [], duration: 0 }).slice(0, 0xc0);
  return Uint8Array.from([...header, ...commands]);
}

describe('reading', () => {
  it('knows all waits', () => {
    const { duration } = readVgm(withCommands([0x61, 0x10, 0x01, 0x62, 0x63, 0x70, 0x7f, 0x80, 0x8f, 0x66]));
    expect(duration).toBe(Math.ceil(((272 + 735 + 882 + 1 + 16 + 0 + 15) * NTSC_CPU_CLOCK) / VGM_SAMPLE_RATE));
  });

  it('passes over commands for other chips and registers beyond $4017', () => {
    const others = [0x30, 0, 0x41, 0, 0, 0x4f, 0, 0x50, 0, 0x54, 0, 0, 0xa0, 0, 0, 0xc0, 0, 0, 0, 0xe0, 0, 0, 0, 0];
    const streams = [0x90, 0, 0, 0, 0, 0x92, 0, 0, 0, 0, 0, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x94, 0];
    const blocks = [0x67, 0x66, 0x00, 2, 0, 0, 0, 9, 9, 0xb4, 0x3f, 0x83];
    const { writes } = readVgm(withCommands([...others, ...streams, ...blocks, 0xb4, 0x11, 0x40, 0x66]));
    expect(writes).toEqual([{ cycle: 0, register: 0x4011, value: 0x40 }]);
  });

  it('takes DMC samples as memory, written directly or out of a bank', () => {
    const direct = [0x67, 0x66, 0xc2, 5, 0, 0, 0, 0x00, 0xc0, 1, 2, 3];
    const bank = [0x67, 0x66, 0x07, 4, 0, 0, 0, 10, 11, 12, 13];
    const transfer = [0x68, 0x66, 0x07, 1, 0, 0, 0x00, 0xd0, 0, 2, 0, 0];
    const { memory = [] } = readVgm(withCommands([...direct, ...bank, 0x62, ...transfer, 0x66]));
    expect(memory.map(({ address, bytes }) => [address, [...bytes]])).toEqual([
      [0xc000, [1, 2, 3]],
      [0xd000, [11, 12]],
    ]);
    expect(memory.map(({ cycle }) => cycle)).toEqual([0, Math.ceil((735 * NTSC_CPU_CLOCK) / VGM_SAMPLE_RATE)]);
  });

  it('keeps what a transfer took while the bank grows, one byte a block', () => {
    const transfer = [0x68, 0x66, 0x07, 0, 0, 0, 0x00, 0xc0, 0, 3, 0, 0];
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, index) => [0x67, 0x66, 0x07, 1, 0, 0, 0, 1 + (index % 250)]).flat();
    const late = [0x68, 0x66, 0x07, 0x6f, 0x11, 0x01, 0x00, 0xd0, 0, 1, 0, 0];
    const { memory = [] } = readVgm(withCommands([...blocks(3), ...transfer, ...blocks(70_000), ...late, 0x66]));
    // 0x1116f = 69,999: the block of index 69,996 among those after the first three.
    expect(memory.map(({ bytes }) => [...bytes])).toEqual([[1, 2, 3], [1 + (69_996 % 250)]]);
  });
});

describe('a file that cannot be read says why and where', () => {
  const good = writeVgm(song());
  const changed = (offset: number, value: number) => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(offset, value, true);
    return bytes;
  };
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(0), /not a VGM file/],
    ['another format', new TextEncoder().encode('RIFF....WAVE'), /not a VGM file: it does not start with 'Vgm '/],
    ['gzip, cut', gzipSync(good).subarray(0, 100), /truncated VGM file: .* \(the gzip file is cut short/],
    ['gzip, damaged', gzipSync(good).map((byte, at) => (at < 10 ? byte : byte ^ 0x5a)), /damaged gzip file/],
    ['gzip of another format', gzipSync(Uint8Array.of(1, 2, 3, 4)), /not a VGM file/],
    ['gzip bomb', gzipSync(new Uint8Array(65 * 2 ** 20), { level: 1 }), /unpacks to more than 67108864 bytes/],
    ['cut before the first wait', good.slice(0, 0xc4), /truncated VGM file: it ends at byte 196/],
    ['no data', good.slice(0, 0xc0), /no end command before byte 192/],
    ['cut in the header', good.slice(0, 0x20), /truncated VGM file: its header ends at byte 32/],
    ['no NES', changed(0x84, 0), /not for an NES/],
    ['too old', changed(0x08, 0x150), /not for an NES/],
    ['FDS', changed(0x84, 0x8000_0000 + NTSC_CPU_CLOCK), /Famicom Disk System/],
    ['two chips', changed(0x84, 0x4000_0000 + NTSC_CPU_CLOCK), /two NES sound chips/],
    ['clock', changed(0x84, 5), /clock of 5 Hz/],
    ['unknown command', withCommands([0x62, 0x05, 0x66]), /byte 193 is 0x05, which is not a command/],
    ['block beyond the end', withCommands([0x67, 0x66, 0xc2, 255, 255, 255, 255, 0x66]), /truncated/],
    ['block mark', withCommands([0x67, 0x00, 0, 0, 0, 0, 0, 0x66]), /not marked/],
  ];
  it.each(cases)('%s', (_name, bytes, message) => {
    expect(() => readVgm(bytes)).toThrow(ApuError);
    expect(() => readVgm(bytes)).toThrow(message);
  });

  it('gives the byte', () => {
    expect(() => readVgm(good.slice(0, 0xc4))).toThrow(expect.objectContaining({ byteOffset: 0xc4 }));
  });

  it('a log whose clock no reader would take is not written', () => {
    expect(() => writeVgm({ clock: 44_100, writes: [], duration: 0 })).toThrow(/44100 Hz is not an NES's/);
  });

  it('any mutation of a good file gives a legal log or an ApuError', () => {
    const withMemory = writeVgm({
      ...song(),
      memory: [{ cycle: 500, address: 0xc000, bytes: new Uint8Array(40).fill(0x55) }],
    });
    const mutations = fc.array(fc.tuple(fc.nat(withMemory.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    let refused = 0;
    fc.assert(
      fc.property(mutations, fc.nat(withMemory.length), fc.boolean(), (list, length, cut) => {
        const bytes = cut ? withMemory.slice(0, length) : withMemory.slice();
        for (const [offset, value] of list) bytes[offset % Math.max(1, bytes.length)] = value;
        for (const read of [readVgm, readVgmFile]) {
          try {
            const result = read(bytes);
            if ('writes' in result) writeVgm(result); // checks that the log is legal
          } catch (error) {
            expect(error).toBeInstanceOf(ApuError);
            refused++;
          }
        }
      }),
      { numRuns: 1500, seed: 62 },
    );
    expect(refused).toBeGreaterThan(150);
  });
});

describe('a file that is damaged gives its music, and says what was wrong', () => {
  const tags = { title: 'Title', system: 'Nintendo Entertainment System', notes: 'Last' };
  const good = writeVgm(song(), tags);
  const dataEnd = 0x14 + new DataView(good.buffer).getUint32(0x14, true);
  const { log } = readVgmFile(good);
  const changed = (...fields: readonly (readonly [offset: number, value: number])[]) => {
    const bytes = good.slice();
    for (const [offset, value] of fields) new DataView(bytes.buffer).setUint32(offset, value, true);
    return bytes;
  };
  const padded = (zeros: number) => Uint8Array.from([...good, ...new Uint8Array(zeros)]);
  const withoutEnd = good.filter((_, at) => at !== dataEnd - 1);
  new DataView(withoutEnd.buffer).setUint32(0x14, dataEnd - 1 - 0x14, true);
  new DataView(withoutEnd.buffer).setUint32(0x04, withoutEnd.length - 4, true);
  const saved = (fault: string) => `${fault}: the music up to there was kept`;

  it('is sound otherwise', () => {
    expect(readVgmFile(good)).toEqual({ log: quantiseToVgm(song()), tags, repairs: [] });
  });

  it.each<[string, Uint8Array, string[]]>([
    ['end offset', changed([0x04, 5]), [`the file ends at byte ${good.length}, not at byte 9 as the header says`]],
    [
      'zeros behind',
      padded(512),
      [`the file ends at byte ${good.length + 512}, not at byte ${good.length} as the header says`],
    ],
    [
      'tag offset',
      changed([0x14, 99_999]),
      [`the tag begins at byte ${dataEnd}, not at byte 100019 as the header says`],
    ],
    [
      'tag offset too large for any file',
      changed([0x14, 0xffff_ffff]),
      [expect.stringMatching(/^the tag begins at byte/)],
    ],
    ['tag offset within the header', changed([0x14, 0x10]), [expect.stringMatching(/^the tag begins at byte/)]],
    ['no tag offset', changed([0x14, 0]), [`the tag begins at byte ${dataEnd}, which the header does not say`]],
    [
      'tag length too small',
      changed([dataEnd + 8, 4]),
      [`the tag at byte ${dataEnd} announces 4 bytes, but has ${good.length - dataEnd - 12}`],
    ],
    [
      'tag length too large',
      changed([dataEnd + 8, 1 << 30]),
      [expect.stringMatching(/announces 1073741824 bytes, but has/)],
    ],
    ['no data offset', changed([0x34, 0]), ['the data begin at byte 192, not at byte 52 as the header says']],
    [
      'data offset behind the end',
      changed([0x34, 0xffff_ff00]),
      [expect.stringMatching(/^the data begin at byte 192/)],
    ],
    ['no end command', withoutEnd, [saved(`damaged VGM file: it has no end command before byte ${dataEnd - 1}`)]],
  ])('%s', (_name, bytes, repairs) => {
    expect(readVgmFile(bytes)).toEqual({ log, tags, repairs });
  });

  it('without the tag that its header speaks of', () => {
    const { tags: found, repairs } = readVgmFile(changed([dataEnd, 0]));
    expect(found).toEqual({});
    expect(repairs).toEqual([`there is no tag at byte ${dataEnd}, where the header says it is`]);
  });

  it('with the beginning of a tag that is cut', () => {
    const { log: kept, tags: found, repairs } = readVgmFile(good.slice(0, good.length - 6));
    expect(kept).toEqual(log);
    expect(found).toEqual({ ...tags, notes: 'La' });
    expect(repairs).toContain(`the tag at byte ${dataEnd} is cut short: read what is there of it`);
  });

  it('up to where the data are cut or make no sense', () => {
    const [half, last] = [0x140, dataEnd - 3];
    for (const at of [half, last]) {
      const { log: kept, repairs } = readVgmFile(good.slice(0, at));
      expect(kept.writes).toEqual(log.writes.slice(0, kept.writes.length));
      expect(kept.writes.length).toBeGreaterThan(3);
      expect(repairs.at(-1)).toMatch(/: the music up to there was kept$/);
    }
    const commands = [0xb4, 0x15, 1, 0x62];
    const { repairs, log: kept } = readVgmFile(withCommands([...commands, 0x05, ...commands, 0x66]));
    expect(kept.writes).toHaveLength(1);
    expect(repairs).toContain(saved('damaged VGM file: byte 196 is 0x05, which is not a command'));
  });

  it('without bytes that are not commands, and without samples that make no sense', () => {
    const commands = [0xb4, 0x15, 1, 0x62];
    const repairsOf = (...between: number[]) => {
      const { repairs, log: kept } = readVgmFile(withCommands([...commands, ...between, ...commands, 0x66]));
      expect([kept.writes.length, kept.memory]).toEqual([2, undefined]);
      return repairs.filter((repair) => repair.startsWith('left out'));
    };
    expect(repairsOf(0, 0)).toEqual(['left out a byte 0x00 among the commands (2 times)']);
    expect(repairsOf(0x67, 0x66, 0xc2, 1, 0, 0, 0, 0)).toEqual(['left out a block of DMC samples without an address']);
    expect(repairsOf(0x67, 0x66, 0xc2, 4, 0, 0, 0, 0xff, 0xff, 1, 2)).toEqual([
      'left out DMC samples that run past address 0xFFFF',
    ]);
    expect(repairsOf(0x68, 0x66, 7, 0, 0, 0, 0, 0xc0, 0, 1, 0, 0)).toEqual([
      'left out a transfer of more DMC samples than are given',
    ]);
  });

  it('whose packing is cut or has something behind it', () => {
    const packed = gzipSync(good, { level: 0 });
    expect(readVgmFile(Uint8Array.from([...packed, 1, 2, 3]))).toEqual({
      ...{ log, tags },
      repairs: ['left out 3 bytes after the end of the gzip file'],
    });
    const { log: kept, repairs } = readVgmFile(gzipSync(Buffer.from(good)).subarray(0, -60));
    expect(kept.writes.length).toBeGreaterThan(3);
    expect(repairs[0]).toMatch(/^the gzip file is cut short/);
  });

  it('whose tag stands before the data', () => {
    const tag = good.subarray(dataEnd);
    const bytes = Uint8Array.from([...good.subarray(0, 0xc0), ...tag, ...good.subarray(0xc0, dataEnd)]);
    const view = new DataView(bytes.buffer);
    view.setUint32(0x14, 0xc0 - 0x14, true);
    view.setUint32(0x34, 0xc0 + tag.length - 0x34, true);
    expect(readVgmFile(bytes)).toEqual({ log, tags, repairs: [] });
  });
});

describe.skipIf(missing)(
  `real files (${missing ? 'skipped: no register logs in CHIPSMITH_DATA' : 'register logs'})`,
  () => {
    it.each(realFiles.map((file) => [file.split('/').at(-1) ?? '', file]))(
      '%s reads, plays and round trips',
      (_name, file) => {
        const log = readVgm(readReal(file));
        expect(readVgmFile(readReal(file)).tags.author).toBe('Alex Semenov');
        expect(log.writes.length).toBeGreaterThan(500);
        expect(readVgm(writeVgm(log))).toEqual(log);
        const start = renderAudio({
          ...log,
          writes: log.writes.filter(({ cycle }) => cycle < 4_000_000),
          duration: 4_000_000,
        });
        expect(start.some((sample) => Math.abs(sample) > 0.05)).toBe(true);
        expect(start.every((sample) => Math.abs(sample) <= 1)).toBe(true);
      },
    );

    it('lengths agree with the headers, but for the sample that writes at the very end need', () => {
      for (const file of realFiles) {
        const bytes = readReal(file);
        const samples = new DataView(bytes.buffer).getUint32(0x18, true);
        const log = readVgm(bytes);
        const excess = Math.round((log.duration * VGM_SAMPLE_RATE) / log.clock) - samples;
        expect([0, 1]).toContain(excess);
      }
    });
  },
);
