import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSong, DataError, deriveSeed, Random, readAbc, type Song } from '../src/index.ts';
import { DATA_FOLDER } from './support/real-data.ts';

const FOLK = `${DATA_FOLDER}/folk`;
const TUNES = existsSync(FOLK)
  ? readdirSync(FOLK)
      .filter((name) => name.endsWith('.abc'))
      .sort()
      .flatMap((name) => readFileSync(join(FOLK, name), 'latin1').split(/\n\s*\n/))
      .filter((text) => text.trimStart().startsWith('X:'))
  : [];

/** With much of what music can consist of, so that damage meets it. */
const TUNE = `X:1
T:Damage
U:W=!trill!
P:A(BA)2
M:6/8
L:1/8
Q:3/8=80
K:Gm octave=1
P:A
|:"Gm"G>AB !trill!c2d|(3efg {ab}[Gd-]d z2-|[1,3 A-A/2B/2 c3:|[2,4 Wd3 ^c_B=A|]
P:B
[M:3/4][L:1/4]V2 d-|d (5G,A,B,CD|[K:D][Q:1/4=90]F f' & D,2|Z|x y2 +fermata+d|]
w:words for the voice
`;

/** Each printable sign, letters of no meaning, and some from beyond ASCII. */
const SIGNS = [
  ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)),
  '\n',
  '\r',
  '\t',
  'é',
  '§',
  '\0',
  '中',
];
/** Signs that mean nothing in music wherever they stand. */
const UNKNOWN = [...'?;@#§©JjklÉ中'];

function songsOf(text: string): Song[] {
  return readAbc(Buffer.from(text, 'utf8'), 'a.abc').flatMap((found) =>
    'reading' in found ? [found.reading.song] : [],
  );
}
const ASIDE = /"[^"]*"|![^!]*!|\{[^}]*\}|\[[A-Za-z]:[^\]]*\]|\+[a-z]+\+|%.*/g;

/** All places in the lines of music but those inside chord symbols, decorations, grace notes and fields. */
function musicPlaces(text: string): number[] {
  const places: number[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const isMusic = !/^\s*([A-Za-z]:|%|$)/.test(line);
    const inAside = new Set<number>();
    for (const { 0: aside, index } of line.matchAll(ASIDE)) {
      for (let at = index + 1; at < index + aside.length; at++) inAside.add(at);
    }
    for (let at = 0; isMusic && at <= line.length; at++) if (!inAside.has(at)) places.push(start + at);
    start += line.length + 1;
  }
  return places;
}

describe('damaged ABC', () => {
  it('is never refused for one sign too many, wherever it stands in the music', () => {
    for (let at = TUNE.indexOf('|:'); at < TUNE.length; at++) {
      // Seven places on, each sign has stood once.
      for (let index = at % 7; index < SIGNS.length; index += 7) {
        const sign = SIGNS[index];
        const songs = songsOf(TUNE.slice(0, at) + sign + TUNE.slice(at));
        expect(songs.length, `${JSON.stringify(sign)} at ${at}`).toBeGreaterThan(0);
        for (const song of songs) checkSong(song);
      }
    }
  });

  it('is the same music where a sign of no meaning stands in it', () => {
    const expected = songsOf(TUNE);
    for (const [index, at] of musicPlaces(TUNE).entries()) {
      const sign = UNKNOWN[index % UNKNOWN.length];
      expect(songsOf(TUNE.slice(0, at) + sign + TUNE.slice(at)), `${sign} at ${at}`).toEqual(expected);
    }
  });

  it('gives songs that keep the contract or a DataError, whatever the text', () => {
    const pieces = fc.constantFrom(
      ...SIGNS,
      ...[
        'X:1\n',
        'K:G\n',
        'M:3/4\n',
        'L:1/8\n',
        'P:A\n',
        'V:2\n',
        '[V:1]',
        '[K:D]',
        'Q:1/4=90\n',
        'CDEF',
        '|:',
        ':|',
        '[1',
        '[2',
      ],
      ...[
        '(3',
        '&',
        '&&',
        '{',
        '}',
        '[',
        ']',
        '!',
        '+',
        '"',
        '^3/4',
        '>>',
        '<',
        '-',
        'Z99',
        'C999',
        '1024',
        '\n\n',
        '%%',
        '%%begintext\n',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 200 }), (parts) => {
        try {
          for (const song of songsOf(parts.join(''))) checkSong(song);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 2026 },
    );
  });

  it.each([
    ...SIGNS.filter((sign) => !/[\n\rA-Za-z0-9]/.test(sign)),
    ...'CzZyk1',
    ...[
      '[K:',
      '[V:1]',
      '[V:2]C',
      '[1',
      '(3',
      '{C',
      '"C',
      '!x',
      '+C',
      '[C',
      '[C-',
      'C-',
      '^1',
      '&C',
      '&C|',
      '|:C:|',
      'P:A\n',
      'V:2\nC\n',
    ],
    ...[
      'C ',
      '. ',
      '- ',
      '> ',
      'M:3/4\n',
      '[Q:1/4=60]C[Q:1/4=90]C',
      'X:1\n',
      'C|\n\n',
      '\n',
      '%%begintext\n',
      'U:?=!x!\n',
      '!D.C. ',
      '“C',
      '&gt;',
      '<br>',
      '\u2028%',
      '%',
      '[1,2,3,4-64C:|',
    ],
  ])('takes twice as long for twice as much of %j', (piece) => {
    const costOf = (count: number) => {
      const text = Buffer.from(`X:1\nK:C\nCDEF|\n${piece.repeat(count)}`);
      const start = process.cpuUsage();
      try {
        readAbc(text, 'a.abc');
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    // A quadratic reader takes 256 times as long for 16 times as much; what little is to be read takes no measurable
    // time.
    costOf(4000);
    const few = costOf(4000);
    const many = costOf(64_000);
    expect(many / Math.max(few, 10_000)).toBeLessThan(80);
  });
});

describe.skipIf(TUNES.length === 0)(
  'damaged tunes of the Nottingham collection (skipped without CHIPSMITH_DATA)',
  () => {
    it('are never lost by one sign', () => {
      const random = new Random(deriveSeed(2026, 0));
      for (let count = 0; count < 800; count++) {
        const text = TUNES[random.nextInteger(TUNES.length)];
        const body = text.indexOf('K:');
        const at = text.indexOf('\n', body) + 1 + random.nextInteger(text.length - text.indexOf('\n', body));
        const sign = SIGNS[random.nextInteger(SIGNS.length)];
        const songs = songsOf(text.slice(0, at) + sign + text.slice(at));
        expect(songs.length, `${JSON.stringify(sign)} at ${at} of ${text}`).toBeGreaterThan(0);
        for (const song of songs) checkSong(song);
      }
    });

    it('are the same music where a sign of no meaning stands in them', () => {
      const random = new Random(deriveSeed(2026, 1));
      for (let count = 0; count < 800; count++) {
        const text = TUNES[random.nextInteger(TUNES.length)];
        const places = musicPlaces(text);
        if (places.length === 0) continue;
        const at = places[random.nextInteger(places.length)];
        const sign = UNKNOWN[random.nextInteger(UNKNOWN.length)];
        const damaged = text.slice(0, at) + sign + text.slice(at);
        expect(songsOf(damaged), `${sign} at ${at} of ${text}`).toEqual(songsOf(text));
      }
    });
  },
);
