import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApuError, gzipHead, unpackGzip } from '../src/index.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
/** Comparing long arrays item by item takes seconds. */
const expectBytes = (found: Uint8Array, wanted: Uint8Array) => expect(Buffer.compare(found, wanted)).toBe(0);
/** Content that hardly packs, so that members are longer than the pieces they are read in. */
const noise = (length: number, seed = 1) => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
};

/** A member whose header has each of the optional fields: extra, name, comment and header checksum. */
function memberWithFields(content: Uint8Array): Uint8Array {
  const plain = gzipSync(content);
  const header = [
    0x1f,
    0x8b,
    8,
    0b11110,
    0,
    0,
    0,
    0,
    0,
    3,
    3,
    0,
    1,
    2,
    3,
    ...bytesOf('name.mid'),
    0,
    ...bytesOf('words'),
    0,
    7,
    7,
  ];
  return joined(Uint8Array.from(header), plain.subarray(10));
}

describe('unpackGzip', () => {
  it('gives back what was packed, in any number of members', () => {
    const content = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(20_000).map((length) => noise(length + 1)),
    );
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), fc.constantFrom(0, 1, 9), (parts, level) => {
        const packed = joined(...parts.map((part) => gzipSync(part, { level })));
        const { content, repairs } = unpackGzip(packed);
        expectBytes(content, joined(...parts));
        expect(repairs).toEqual([]);
      }),
      { numRuns: 60, seed: 70 },
    );
  });

  it('leaves other files as they are', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x1f), bytesOf('MThd')]) {
      expect(unpackGzip(bytes)).toEqual({ content: bytes, repairs: [] });
    }
  });

  it('passes over every optional field of a header', () => {
    expect(unpackGzip(memberWithFields(bytesOf('music')))).toEqual({ content: bytesOf('music'), repairs: [] });
  });

  it('leaves out what stands behind the last member, wherever its end falls in the pieces it is read in', () => {
    for (const length of [5, 4060, 4070, 4073, 4074, 4075, 4090, 8165, 9000]) {
      const content = noise(length);
      for (const [behind, count] of [
        [bytesOf('.'), 1],
        [bytesOf('abc'), 3],
        [bytesOf('garbage'), 7],
        [new Uint8Array(9000), 9000],
      ] as const) {
        for (const members of [1, 2]) {
          const packed = joined(...Array.from({ length: members }, () => gzipSync(content)), behind);
          const found = unpackGzip(packed);
          expectBytes(found.content, joined(...Array.from({ length: members }, () => content)));
          expect(found.repairs).toEqual([`left out ${count} bytes after the end of the gzip file`]);
        }
      }
    }
  });

  it('gives the beginning of what is cut short', () => {
    const content = noise(30_000);
    const packed = gzipSync(content);
    const { content: kept, repairs } = unpackGzip(packed.subarray(0, 20_000));
    expect(kept.length).toBeGreaterThan(15_000);
    expectBytes(kept, content.subarray(0, kept.length));
    expect(repairs).toEqual([`the gzip file is cut short: the ${kept.length} bytes that could be unpacked were read`]);
  });

  it('says that a file is cut, or empty, where nothing can be unpacked', () => {
    const packed = gzipSync(bytesOf('some music'));
    for (const length of [2, 3, 9, 10, 11]) {
      expect(() => unpackGzip(packed.subarray(0, length))).toThrow(/the gzip file is cut short/);
    }
    expect(() => unpackGzip(gzipSync(new Uint8Array(0)))).toThrow(/the gzip file is empty/);
  });

  it('holds every member to its checksum and its length', () => {
    const [first, second] = [gzipSync(noise(5000)), gzipSync(noise(300))];
    for (const at of [
      first.length - 5,
      first.length - 1,
      first.length + second.length - 8,
      first.length + second.length - 4,
    ]) {
      const packed = joined(first, second);
      packed[at] ^= 1;
      expect(() => unpackGzip(packed)).toThrow(/does not match its checksum/);
    }
    expect(() => unpackGzip(first.subarray(0, first.length - 6))).toThrow(/checksum, or is cut short/);
  });

  it('takes the content of a file that is cut behind its checksum', () => {
    const packed = gzipSync(noise(5000));
    for (const missing of [1, 2, 3, 4]) {
      const { content, repairs } = unpackGzip(packed.subarray(0, packed.length - missing));
      expectBytes(content, noise(5000));
      expect(repairs).toEqual(['the gzip file is cut short: the 5000 bytes that could be unpacked were read']);
    }
  });

  it('stops at the limit, also of many members, and says near which byte', () => {
    const bomb = gzipSync(new Uint8Array(2 ** 20));
    expect(unpackGzip(bomb, 2 ** 20).content).toHaveLength(2 ** 20);
    expect(() => unpackGzip(bomb, 2 ** 20 - 1)).toThrow(/unpacks to more than 1048575 bytes/);
    const many = joined(...Array.from({ length: 9 }, () => bomb));
    expect(() => unpackGzip(many, 2 ** 22)).toThrow(expect.objectContaining({ byteOffset: expect.any(Number) }));
  });

  it('gives content, or an ApuError with its byte, for any damage', () => {
    const good = joined(gzipSync(noise(3000)), memberWithFields(new Uint8Array(3000)));
    const damage = fc.array(fc.tuple(fc.integer({ min: 2, max: good.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    let refused = 0;
    fc.assert(
      fc.property(damage, fc.integer({ min: 2, max: good.length }), (changes, length) => {
        const bytes = good.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        try {
          unpackGzip(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ApuError);
          expect((error as ApuError).byteOffset).toBeLessThanOrEqual(length);
          refused++;
        }
      }),
      { numRuns: 500, seed: 71 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});

describe('gzipHead', () => {
  it('gives the first bytes of a file of which only the beginning is there, even if it does not pack', () => {
    const head = gzipSync(joined(bytesOf('Vgm '), noise(90_000))).subarray(0, 66_000);
    expect(new TextDecoder('latin1').decode(gzipHead(head, 4))).toBe('Vgm ');
  });

  it('gives nothing where it is damaged', () => {
    expect(gzipHead(joined(Uint8Array.of(0x1f, 0x8b, 9), deflateRawSync(bytesOf('x'))), 4)).toEqual(new Uint8Array(0));
    expect(gzipHead(Uint8Array.of(0x1f, 0x8b), 4)).toEqual(new Uint8Array(0));
  });
});
