import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { checkSong, readAbc, type SongReading } from '../src/index.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const tune = 'X:1\nT:Für Élise\nM:4/4\nL:1/8\nQ:1/4=120\nK:G\nFGAB|cdef|\n';
const PITCHES = [66, 67, 69, 71, 72, 74, 76, 78];

/** The tunes of a book, all of which must be read. */
function read(book: string | Uint8Array): SongReading[] {
  return readAbc(typeof book === 'string' ? bytesOf(book) : book, 'a.abc').map((found) => {
    if (!('reading' in found)) throw new Error(JSON.stringify(found));
    checkSong(found.reading.song);
    return found.reading;
  });
}
const pitches = ({ song }: SongReading) => song.voices.pulse1.map(({ pitch }) => pitch);

const utf16 = (text: string, isLittle: boolean, mark: boolean) => {
  const buffer = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return Uint8Array.from(isLittle ? buffer : buffer.swap16());
};

describe('readAbc: texts from anywhere', () => {
  it.each([
    ['LF', bytesOf(tune)],
    ['CR LF', bytesOf(tune.replaceAll('\n', '\r\n'))],
    ['CR', bytesOf(tune.replaceAll('\n', '\r'))],
    ['CR CR LF', bytesOf(tune.replaceAll('\n', '\r\r\n'))],
    ['mixed line ends', bytesOf(tune.replace('Q:', '\rQ:').replace('\n\r', '\r').replace('K:G\n', 'K:G\r\n'))],
    ['UTF-8 with a mark', bytesOf(`\ufeff${tune}`)],
    ['Latin-1', Uint8Array.from(Buffer.from(tune, 'latin1'))],
    ['UTF-16, little end first', utf16(tune, true, true)],
    ['UTF-16, big end first', utf16(tune, false, true)],
    ['UTF-16 without a mark', utf16(tune, true, false)],
    ['UTF-16 without a mark, big end first', utf16(tune, false, false)],
  ])('reads %s', (_name, bytes) => {
    const [reading] = read(bytes);
    expect(reading.song.title).toBe('Für Élise');
    expect(pitches(reading)).toEqual(PITCHES);
    expect(reading.repairs).toEqual([]);
  });

  it('knows Windows-1252, and UTF-8 in another line', () => {
    const bytes = Buffer.concat([Buffer.from('X:1\nT:\x93Caf\xe9\x94\n', 'latin1'), Buffer.from('C:Dvořák\nK:C\nC|')]);
    expect(read(Uint8Array.from(bytes))).toMatchObject([{ song: { title: '“Café”' }, composer: 'Dvořák' }]);
  });

  it('names bytes of the file, of UTF-16 too', () => {
    const book = `${tune}\nX:2\nT:empty\nK:C\nz|\n`;
    const [, empty] = readAbc(utf16(book, true, true), 'a.abc');
    expect(empty).toMatchObject({ place: { byte: 2 + 2 * book.indexOf('X:2'), within: 'line 9' } });
  });

  it('knows ABC by its content where the name says only that it is text', () => {
    expect(readSongs(bytesOf(tune), 'tune.txt')).toMatchObject([{ reading: { song: { title: 'Für Élise' } } }]);
    expect(() => readSongs(bytesOf('no tune\n'), 'words.txt')).toThrow(/words\.txt/);
  });
});

describe('readAbc: where tunes begin and end', () => {
  const body = 'FGAB|cdef|\n';
  it.each([
    [
      'an empty line below X:',
      'X:1\n\nM:4/4\nQ:120\nK:G\nFGAB|cdef|\n',
      ['read on past the empty line 2 before any music'],
    ],
    ['an empty line below K:', `X:1\nQ:120\nK:G\n\n${body}`, ['read on past the empty line 4 before any music']],
    ['no X: field', `M:4/4\nQ:120\nK:G\n${body}`, ['the tune has no X: field']],
    [
      'no K: field',
      `X:1\nQ:120\n^F${body.slice(1)}`.replace('ef', 'e^f'),
      ['no K: field: assumed C major, first in line 3'],
    ],
    ['spaces before fields', ` X:1\n  Q:120\n\tK:G\n  ${body}`, []],
    ['fields in small letters', `x:1\nt:k\nm:4/4\nl:1/8\nq:120\nk:g\n${body}w:la la\n`, []],
    ['a fence', `Some words\n\`\`\`abc\nX:1\nQ:120\nK:G\n${body}\`\`\`\nand more | words: a b c\n`, []],
    ['a page', `<pre>\nX:1\nQ:120\nK:G\n${body}</pre>\n`, []],
    [
      'the source of a page',
      `X:1<br>\nQ:120<br />\nK:G\nF&gt;&quot;Am&quot;G A&gt;B|c&lt;d e&lt;f|<BR>\n`,
      ['left out 1 chord symbols'],
    ],
    ['history in several lines', `X:1\nH:This tune is\nfrom Ireland, a bad cab\nQ:120\nK:G\n${body}`, []],
    [
      'words in the header',
      `X:1\nT:k\nQ:120\nfor Bob and Alice\nK:G\n${body}`,
      ['left out words in the header, first in line 4'],
    ],
    ['words for the voice anywhere', `X:1\nQ:120\nw:a b\nK:G\nW:c\nFGAB|\nw:d|e|\ncdef|\nW:g a b\n+:d\n`, []],
    ['a block of text', `X:1\nQ:120\nK:G\nFGAB|\n%%begintext\ncab|bad|\n%%endtext\ncdef|\n`, []],
    [
      'a tune in a block of text',
      `X:1\nQ:120\nK:G\nFGAB|\n%%begintext\nX:2\nT:no tune\nK:C\n\ncab|\n%%endtext\ncdef|\n`,
      [],
    ],
    ['spaces around decorations', `X:1\nQ:120\nK:G\n! fermata !F!p!G ! trill! A!mf !B|cdef|\n`, []],
    ['marks for line breaks', `X:1\nQ:120\nK:G\nFG! A !B|! cde! f|!\n`, []],
    ['a length below K:', `X:1\nQ:1/4=120\nK:G\nL:1/4\n${body}`, []],
    [
      'comments and continued lines',
      `X:1\n  % words here\nQ:120 % fast\nK:G % one sharp\n% C\nFG\\\nAB| % C\n%%staffsep 3\ncd$ef|\n`,
      [],
    ],
    ['fields that belong above', `X:1\nQ:120\nK:G\n${body}S:Bob\nZ:Alice | Bob\nA:Derby\nN:c d\n`, []],
  ])('knows a tune with %s', (_name, book, repairs) => {
    const [reading, ...others] = read(book);
    expect(others).toEqual([]);
    expect(pitches(reading)).toEqual(PITCHES);
    expect(reading.repairs).toEqual(repairs);
  });

  it('passes over text between tunes, but tells of music there', () => {
    const text = 'Here are words.\nA: no field\n\n';
    const [first, second] = read(`${text}${tune}\n${text}${tune}\nGABc|dedB|\nGABc|dedB|\n`);
    expect([pitches(first), pitches(second)]).toEqual([PITCHES, PITCHES]);
    expect(first.repairs).toEqual([]);
    expect(second.repairs).toEqual(['left out the music after an empty line, from line 23 on']);
  });

  it('reads tunes without X: in paragraphs', () => {
    const tunes = read('words\n\nK:G\nF|\n\nK:C\nF|\n\nK:D\n\nmore words\n');
    expect(tunes.map(pitches)).toEqual([[66], [65]]);
  });

  it('takes fields above the first tune as defaults of all', () => {
    const defaults = 'M:3/4\nL:1/4\nQ:1/4=90\nK:D\nC:Bob\nU:W=!trill!\n%%MIDI transpose 12\n\n';
    const tunes = read(`%abc-2.1\n${defaults}X:1\nT:a\nWF3|\n\nX:2\nM:6/8\nL:1/8\nC:Alice\nK:C\nWF6|\n`);
    expect(tunes.map(({ repairs }) => repairs)).toEqual([[], []]);
    expect(tunes).toMatchObject([
      {
        composer: 'Bob',
        song: {
          duration: 88_200,
          meter: { beats: 3, unit: 4 },
          tempo: { beatsPerMinute: 90 },
          voices: { pulse1: [{ pitch: 78 }] },
        },
      },
      {
        composer: 'Alice',
        song: { duration: 88_200, meter: { beats: 6, unit: 8 }, voices: { pulse1: [{ pitch: 77 }] } },
      },
    ]);
  });
});
