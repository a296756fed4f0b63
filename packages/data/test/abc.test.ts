import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Place } from '../src/abc/symbols.ts';
import { readTune, type WrittenTune } from '../src/abc/tune.ts';
import { checkSong, type FoundSong, readAbc, reasonOf, type Song } from '../src/index.ts';
import { DATA_FOLDER } from './support/real-data.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const head = 'X:1\nT:Test\nM:4/4\nL:1/8\nQ:1/4=120\nK:C\n';

function only(found: readonly FoundSong[]): { song: Song; repairs: readonly string[] } {
  const [first] = found;
  if (found.length !== 1 || !('reading' in first)) throw new Error(JSON.stringify(found));
  checkSong(first.reading.song);
  return first.reading;
}
const read = (body: string, header = head) => only(readAbc(bytesOf(header + body), 'a.abc'));

/** Pitches and lengths in eighths of pulse 1, rests left out: `60` or `60:2`. An eighth at 120 is 11,025 ticks. */
const melody = (body: string, header = head) =>
  read(body, header)
    .song.voices.pulse1.map(({ pitch, start, end }) => {
      const eighths = Number(((end - start) / 11_025).toFixed(3));
      return eighths === 1 ? `${pitch}` : `${pitch}:${eighths}`;
    })
    .join(' ');

const problem = (body: string, header = head): string => {
  const [first] = readAbc(bytesOf(header + body), 'a.abc');
  return 'problem' in first ? reasonOf(first) : 'none';
};

describe('readAbc: notes', () => {
  it.each([
    ['octaves', "C,Cc'c", '48 60 84 72'],
    ['lengths', 'C2 D/ E3/2 F// G/4 A3/', '60:2 62:0.5 64:1.5 65:0.25 67:0.25 69:1.5'],
    ['accidentals until the bar line', '^F F =F F|F _B B', '66 66 65 65 65 70 70'],
    ['double accidentals', '^^F __B', '67 69'],
    ['ties, over bars too', 'C2-|C2 D-D', '60:4 62:2'],
    ['a tie to another pitch ties nothing', 'C-D', '60 62'],
    ['rests', 'C z2 D x E', '60 62 64'],
    ['broken rhythm', 'C>D E<F G>>A', '60:1.5 62:0.5 64:0.5 65:1.5 67:1.75 69:0.25'],
    ['triplets', '(3CDE F', '60:0.667 62:0.667 64:0.667 65'],
    ['tuplets told in full', '(3:2:2C2D E', '60:1.333 62:0.667 64'],
    ['ornaments, slurs and comments', '~C !trill!D (.E F) u G % no notes', '60 62 64 65 67'],
    ['keys inside the tune', 'F [K:G] F\nK:F\nB', '65 66 70'],
    ['lengths inside the tune', 'C[L:1/4]D', '60 62:2'],
    ['an accidental beyond the bar line where it is tied', '^F-|F F|[_B=B]-|[BB] B', '66:2 65 71:2 71'],
    ['accidentals in their octave only', '^f F', '78 65'],
    ['spaces before broken rhythm', 'A > B', '69:1.5 71:0.5'],
    ['a lone exclamation mark', 'C! D !f!E', '60 62 64'],
    ['a voice laid over the first', 'C2 & E2|D', '60:2 62'],
    ['the first of voices within lines', '[V:1]C[V:2]E K:G\n[V:2] G [K:G] F\n[V:1] F', '60 65'],
  ])('%s', (_name, body, expected) => {
    expect(melody(body)).toBe(expected);
  });

  it.each([
    ['Em', 66],
    ['D', 66],
    ['F', 65],
    ['Bdor', 66],
    ['G mixolydian', 65],
    ['C#', 66],
    ['HP', 66],
    ['none', 65],
    ['D =f', 65],
    ['C ^f clef=bass', 66],
    ['D exp _b', 65],
    ['Amix ^^f', 67],
    ['C bass', 65],
    ['Gtranspose=-2', 66],
    ['G\n[K:clef=alto]', 66],
    ['clef=treble', 65],
  ])('knows key %s', (key, pitch) => {
    expect(read('F', head.replace('K:C', `K:${key}`)).song.voices.pulse1[0].pitch).toBe(pitch);
  });

  it.each([
    ['4/4', '(5CDEFG', 0.4],
    ['6/8', '(5CDEFG', 0.6],
    ['9/8', '(7CDEFGABc', 3 / 7],
    ['12/8', '(2CD', 1.5],
    ['6/8', '(9CDEFGABcd', 1 / 3],
  ])('knows how long tuplets last in %s', (meter, body, eighths) => {
    const [first] = read(body, head.replace('4/4', meter)).song.voices.pulse1;
    expect(first.end - first.start).toBe(Math.round(eighths * 11_025));
  });

  it('takes the unit length from the meter where none is given', () => {
    const withMeter = (meter: string) => read('C', `X:1\nT:a\nM:${meter}\nQ:1/4=120\nK:C\n`).song.duration;
    expect([withMeter('4/4'), withMeter('6/8'), withMeter('2/4')]).toEqual([11_025, 11_025, 5513]);
  });
});

describe('readAbc: playing order', () => {
  it.each([
    ['a repeat', '|:CD:|E|', '60 62 60 62 64'],
    ['a repeat from the beginning', 'CD:|E|', '60 62 60 62 64'],
    ['a repeat from the one before', '|:C:|D:|E|', '60 60 62 62 64'],
    ['two in one sign', '|:C::D:|', '60 60 62 62'],
    ['an upbeat that is not repeated', 'C|:D:|', '60 62 62'],
    ['endings', '|:C[1D:|[2E||F|', '60 62 60 64 65'],
    ['endings without brackets', '|:C|1D:|2E||F:|', '60 62 60 64 65 65'],
    ['an ending on the next line', '|:C|[1D:|\n [2E||', '60 62 60 64'],
    ['a passage three times', '|::CD::|E|', '60 62 60 62 60 62 64'],
    ['three passes', '|:C[1,2D:|[3E|]', '60 62 60 62 60 64'],
    ['sections with endings each', 'C[1D:|[2E||F[1G:|[2A||', '60 62 60 64 65 67 65 69'],
  ])('plays %s', (_name, body, expected) => {
    expect(melody(body)).toBe(expected);
  });

  it('plays parts in their order, each with its repeats', () => {
    const parts = 'P:A\nC|\nP:B\n|:D:|\n';
    expect(melody(parts, head.replace('K:C', 'P:ABA\nK:C'))).toBe('60 62 62 60');
    expect(melody(parts, head.replace('K:C', 'Y:A2 B\nK:C'))).toBe('60 60 62 62');
    expect(melody(parts)).toBe('60 62 62');
    const { repairs } = read(parts, head.replace('K:C', 'P:BX\nK:C'));
    expect(repairs).toEqual(['part X of the order of parts is not written', 'part A is never played']);
  });
});

describe('readAbc: what a song knows', () => {
  it('keeps title, tempo and meter as given, and an upbeat in front of the first bar', () => {
    const { song } = read('C2|D8|', head.replace('T:Test', 'T:Für Élise').replace('1/4=120', '1/8=120'));
    expect(song).toMatchObject({
      title: 'Für Élise',
      tempo: { beatsPerMinute: 60, firstBeat: -3 * 44_100, origin: 'given', confidence: 1 },
      meter: { beats: 4, unit: 4, origin: 'given' },
    });
  });

  it.each([
    ['1/4=99.5', 99.5],
    ['"Allegro" 1/4 = 120', 120],
    ['3/8=50 "slowly"', 75],
    ['1/4 3/8 1/4 3/8=40', 200],
    ['C=100', 50],
    ['C3=40', 60],
    ['90', 45],
  ])('reads tempo %s', (text, quarters) => {
    expect(read('C', head.replace('1/4=120', text)).song.tempo.beatsPerMinute).toBe(quarters);
  });

  it('reads the unit of an old tempo from below it, and says which tempo is of no use', () => {
    const header = head.replace('L:1/8\nQ:1/4=120', 'Q:90\nL:1/4');
    expect(read('C', header).song.tempo.beatsPerMinute).toBe(90);
    for (const text of ['Presto', '1/0=9', '1/4=0', '=', '1/4=9000']) {
      const { song, repairs } = read('C', head.replace('1/4=120', text));
      expect(song.tempo.beatsPerMinute).toBe(120);
      expect(repairs[0]).toBe(`tempo "${text}" was not used`);
    }
  });

  it('tells the composer, and all that is written of tempo, meter and key', () => {
    const header = head.replace('K:C', 'C:Dvořák\nC:second line\nK:Am');
    const body = 'K:D\nM:3/4\nC [K:D] D [M:6/8][M:C]E [K:Edor]\nQ:1/4=90\nC:no';
    expect(only(readAbc(bytesOf(`${header}${body}`), 'a.abc'))).toMatchObject({
      composer: 'Dvořák',
      song: { meter: { beats: 3, unit: 4 }, tempo: { beatsPerMinute: 120 } },
      written: { tempos: [120, 90], meters: ['3/4', '6/8', '4/4'], keys: ['D major', 'E dorian'] },
      repairs: ['the meter changes 2 times: the first one counts', 'the tempo changes 1 times: the first one counts'],
    });
    expect(read('C', head.replace('M:4/4', 'M:none'))).toMatchObject({
      song: { meter: { origin: 'assumed' } },
      written: { meters: [] },
    });
    expect(only(readAbc(bytesOf(`${head}C`), 'a.abc'))).not.toHaveProperty('composer');
  });

  it('gives the second note of a chord to pulse 2, and reports what it leaves out', () => {
    const { song, repairs } = read('"Am"[ACE]2 {cd}B\nV:1\nC\nV:2\nD\n', head.replace('Q:1/4=120\n', ''));
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual([69, 71, 60]);
    expect(song.voices.pulse2.map(({ pitch, end }) => [pitch, end])).toEqual([[64, 22_050]]);
    expect(repairs).toEqual([
      'no tempo is given: took 120 quarters a minute',
      'left out 1 chord symbols',
      'left out 2 grace notes',
      'left out 1 lines of other voices',
      'left out 1 lower notes of chords',
    ]);
  });
});

describe('readAbc: what it cannot read', () => {
  it.each([
    ['a sign of no meaning', 'C ? D', /"\?" is no note/],
    ['an open chord', '[CE', /not closed/],
    ['a note too low', 'C,,,,', /"C,,,," is MIDI 12, outside 33..108/],
    ['an endless length', 'C999', /length of 999/],
    ['no notes', '|', /no notes/],
    ['an ending that cannot be', '[1-999C', /impossible number/],
  ])('refuses %s', (_name, body, message) => {
    expect(problem(body)).toMatch(message);
  });

  it.each([
    [head.replace('K:C', 'K:H'), /key "H" is unknown/],
    [head.replace('4/4', '4/5'), /meter "4\/5" is impossible/],
    [head.replace('K:C\n', ''), /above the K: field/],
  ])('refuses a bad header', (header, message) => {
    expect(problem('C', header)).toMatch(message);
  });

  it('reads the other tunes of a book, and needs one', () => {
    const found = readAbc(bytesOf(`${head}C\n\n${head}?\n\nwords\n\n${head}D\n`), 'book.abc');
    expect(found.map((song) => [song.path, 'reading' in song])).toEqual([
      ['book.abc/0001', true],
      ['book.abc/0002', false],
      ['book.abc/0003', true],
    ]);
    expect(() => readAbc(bytesOf('words'), 'book.abc')).toThrow(/book\.abc, byte 5: there is no tune in it/);
  });
});

const folk = `${DATA_FOLDER}/folk`;

describe.skipIf(!existsSync(folk))('the Nottingham collection (skipped without CHIPSMITH_DATA)', () => {
  it('is read but for two tunes with broken chords', () => {
    const found = readdirSync(folk)
      .filter((name) => name.endsWith('.abc'))
      .flatMap((name) => readAbc(readFileSync(join(folk, name)), name));
    expect(found).toHaveLength(1034);
    const songs = found.flatMap((song) => ('reading' in song ? [song.reading.song] : []));
    expect(songs).toHaveLength(1032);
    for (const song of songs) checkSong(song);
    // Whole bars, or an upbeat more where the last bar is not shortened by it.
    const beyond = songs.map(({ duration, tempo, meter }) => {
      const bar = (44_100 * 60 * 4 * meter.beats) / (tempo.beatsPerMinute * meter.unit);
      const upbeat = tempo.firstBeat === 0 ? 0 : tempo.firstBeat + bar;
      return [0, upbeat].some((extra) => Math.abs((((duration - extra) / bar) % 1) - 0.5) > 0.49);
    });
    expect(beyond.filter((whole) => whole).length / songs.length).toBeGreaterThan(0.9);
  });

  it('has bars that add up to the meter', () => {
    const bars = readdirSync(folk).flatMap((name) => tunesIn(join(folk, name)).flatMap(barsOf));
    expect(bars.length).toBeGreaterThan(19_000);
    expect(bars.filter((share) => share > 1 + 1e-6)).toEqual([]);
    // Upbeats within a section that stand behind a plain bar line, and a few last bars that are cut short.
    expect(bars.filter((share) => share < 1 - 1e-6)).toHaveLength(19);
  });
});

/** The tunes of a book that can be read and keep one meter. */
function tunesIn(path: string): WrittenTune[] {
  if (!path.endsWith('.abc')) return [];
  return readFileSync(path, 'latin1')
    .split(/\n\s*\n/)
    .filter((text) => text.startsWith('X:'))
    .flatMap((text) => {
      try {
        const lines = text.split(/\r?\n/).map((line) => ({ text: line, place: new Place(path, 0, 0) }));
        const tune = readTune(lines);
        return tune.written.meters.length > 1 ? [] : [tune];
      } catch {
        return []; // Those the test above counts.
      }
    });
}

/** How full each bar is; a part of a bar at a double line, a repeat or the start of a part is not looked at. */
function barsOf({ symbols, meter }: WrittenTune): number[] {
  const whole = (4 * meter.beats) / meter.unit;
  const bars: number[] = [];
  let length = 0;
  let isEdge = true;
  for (const symbol of symbols) {
    if ('length' in symbol) length += symbol.length;
    if (symbol.kind !== 'bar' && symbol.kind !== 'part') continue;
    const atEdge = symbol.kind === 'part' || symbol.section;
    const isWhole = Math.abs(length - whole) < 1e-6;
    if (length > whole || isWhole || (length > 0 && !isEdge && !atEdge)) bars.push(length / whole);
    isEdge = atEdge || (isEdge && length === 0);
    length = 0;
  }
  return bars;
}
