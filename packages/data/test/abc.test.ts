import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gridOf } from '../src/encodings/grid/quantise.ts';
import { tunesOf } from '../src/formats/abc/book.ts';
import { linesOf } from '../src/formats/abc/text.ts';
import { readTune, type WrittenTune } from '../src/formats/abc/tune.ts';
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

describe('readAbc: notes', () => {
  it.each([
    ['octaves', "C,Cc'c", '48 60 84 72'],
    ['lengths', 'C2 D/ E3/2 F// G/4 A3/', '60:2 62:0.5 64:1.5 65:0.25 67:0.25 69:1.5'],
    ['accidentals until the bar line', '^F F =F F|F _B B', '66 66 65 65 65 70 70'],
    ['double accidentals', '^^F __B', '67 69'],
    ['ties, over bars too', 'C2-|C2 D-D', '60:4 62:2'],
    ['a tie to another pitch ties nothing', 'C-D', '60 62'],
    ['a tie before broken rhythm', 'C->C D>-D', '60:2 62:2'],
    ['dotted ties, and ties behind spaces or a bar line', 'C.-C D -D|E|-E', '60:2 62:2 64:2'],
    ['a length behind a tie', 'C-3C [DF]-/[DF]', '60:4 65:1.5'],
    ['a tie over grace notes and chord symbols', 'C-{d}C D{e}-"G"D', '60:2 62:2'],
    ['a tie over a rest ties nothing', 'C-zC', '60 60'],
    ['rests', 'C z2 D x E', '60 62 64'],
    ['broken rhythm', 'C>D E<F G>>A', '60:1.5 62:0.5 64:0.5 65:1.5 67:1.75 69:0.25'],
    ['triplets', '(3CDE F', '60:0.667 62:0.667 64:0.667 65'],
    ['tuplets told in full', '(3:2:2C2D E', '60:1.333 62:0.667 64'],
    [
      'tuplets with some numbers left out',
      '(3::2CD E (3:4CDE (3::F',
      '60:0.667 62:0.667 64 60:1.333 62:1.333 64:1.333 65:0.667',
    ],
    ['a tuplet of one note that follows', '(3:2:1C3 D', '60:2 62'],
    ['a tuplet of one', '(1:2:2CC D', '60:2 60:2 62'],
    [
      'a tuplet of ten',
      '(10:8:10CDEFGABcde C',
      '60:0.8 62:0.8 64:0.8 65:0.8 67:0.8 69:0.8 71:0.8 72:0.8 74:0.8 76:0.8 60',
    ],
    ['a tuplet above nine without its time', '(12CD', '60:0.667 62:0.667'],
    ['tuplets and slurs in each other', '((3CDE) (3(FGA)', '60:0.667 62:0.667 64:0.667 65:0.667 67:0.667 69:0.667'],
    ['a tuplet with spaces', '(3 C D E F', '60:0.667 62:0.667 64:0.667 65'],
    ['a tuplet with broken rhythm and a chord', '(3C>D[EG]', '60 62:0.333 67:0.667'],
    ['ornaments, slurs and comments', '~C !trill!D (.E F) u G % no notes', '60 62 64 65 67'],
    ['keys inside the tune', 'F [K:G] F\nK:F\nB', '65 66 70'],
    ['lengths inside the tune', 'C[L:1/4]D', '60 62:2'],
    ['an accidental beyond the bar line where it is tied', '^F-|F F|[_B=B]-|[BB] B', '66:2 65 71:2 71'],
    ['accidentals in their octave only', '^f F', '78 65'],
    ['accidentals in all octaves', 'I:propagate-accidentals pitch\n^f F|F', '78 66 65'],
    ['accidentals of their notes only', '%%propagate-accidentals not\n^f f _e-e', '78 77 75:2'],
    ['microtones at the nearest semitone', '^/C _3/2D ^3/4E ^1/4F', '61 61 65 65'],
    ['a microtone until the bar line', '^/F F|F', '66 66 65'],
    ['lengths above 64', 'C96 C/128 C3/64', '60:96 60:0.008 60:0.047'],
    ['lengths of several strokes', 'C/2/2 D//3 E0', '60:0.25 62:0.167 64'],
    ['spacers', 'Cy2Dy', '60 62'],
    ['rests in chords, which may give the length', '[zC] [z2D]E', '60 62:2 64'],
    ['a chord of rests', '[z2x]C', '60'],
    ['chords of the oldest editions beside old decorations', '+CE+ +trill+D', '64 62'],
    ['user symbols', 'WC\nU:W=!trill!\nWD\n[U: i = !style=rhythm!]iE', '60 62 64'],
    ['decorations with dots and spaces', 'C !D.C. al Fine! D !8va(!E!8va)! !>(!F!>)!', '60 62 64 65'],
    ['curly quotation marks and octave marks', '“Am”C c’', '60 84'],
    ['an overlay of two bars', 'C2|D2|&&E2|F2|G2', '60:2 62:2 67:2'],
    ['an overlay of a group', '(&C D&E|F&)G', '60 62 67'],
    ['rests of bars', 'C8|Z|X2|D', '60:8 62'],
    ['broken rhythm behind grace notes', 'C{e}>D E>{c}F', '60:1.5 62:0.5 64:1.5 65:0.5'],
    ['broken rhythm both ways', 'C><D', '60:0.75 62:0.75'],
    ['broken rhythm of four signs as of three', 'C>>>>D', '60:1.875 62:0.125'],
    ['spaces before broken rhythm', 'A > B', '69:1.5 71:0.5'],
    ['lone exclamation marks before notes like D.C.', 'CD!D C E!|', '60 62 62 60 64'],
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
    ['g', 66],
    ['G foo', 66],
    ['^f', 66],
    ['F♯', 66],
    ['G#', 67],
    ['D#Mix', 67],
    ['Fb', 64],
    ['GM', 66],
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
    ['a list of endings with ranges', '|:C[1,3,5-7D:|[2,4,8E|]F', '60 62 60 64 60 62 60 64 60 62 60 62 60 62 60 64 65'],
    ['endings behind the sign', '|:C|1,3D:|2E:|4F||G', '60 62 60 64 60 62 60 65 67'],
    ['an ending with no sign behind it', '|:C|1D|2E|]', '60 62 60 64'],
    ['an ending of the second pass only', '|:C:|2D||E|', '60 60 62 64'],
    ['a first ending only', '|:C|1D:|E|', '60 62 60 64'],
    ['a passage three times to a sign of its own', 'C::|D|', '60 60 60 62'],
    ['a repeat from a double bar line behind another repeat', 'C:|D||E:|F', '60 60 62 64 64 65'],
    ['a repeat of all phrases where none was repeated', 'C||D||E:|', '60 62 64 60 62 64'],
    ['an invisible bar line within an ending', '|:C|1D[|]E:|2F|]', '60 62 64 60 65'],
    ['a tie that ends with the first ending', '|:E|1G-:|2GA|]', '64 67 64 67 69'],
    ['a tie into both endings', '|:G-|1GA:|2GB|]', '67:2 69 67:2 71'],
    ['a tie over a repeat', '|:GA-:|A', '67 69 67 69:2'],
    ['no accidental of the first ending in the second', '|:E|1^G-:|2GA|]', '64 68 64 67 69'],
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

  it.each([
    ['(AB)2A', '60 62 60 62 60'],
    ['A2(BC)3', '60 60 62 64 62 64 62 64'],
    ['((AB)2.(CD)2)2', '60 62 60 62 64 65 64 65 60 62 60 62 64 65 64 65'],
    ['A. B, A', '60 62 60'],
    ['A0B', '62'],
  ])('plays parts in the order %s', (order, expected) => {
    const parts = 'P:A\nC|\nP:B\nD|\nP:C\nE|\nP:D\nF|\n';
    expect(melody(parts, head.replace('K:C', `P:${order}\nK:C`))).toBe(expected);
  });

  it.each(['(AB', 'AB)', 'A?', '(A999)999', '()'])('plays parts as written where the order is %s', (order) => {
    const { song, repairs } = read('P:A\nC|\nP:B\nD|\n', head.replace('K:C', `P:${order}\nK:C`));
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual([60, 62]);
    expect(repairs).toEqual([`ignored the order of parts "${order}", first in line 6`]);
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
    ['90=1/4', 90],
    ['1/4=ca. 90', 90],
    ['1/4=88-92', 88],
  ])('reads tempo %s', (text, quarters) => {
    expect(read('C', head.replace('1/4=120', text)).song.tempo.beatsPerMinute).toBe(quarters);
  });

  it('reads the unit of an old tempo from below it, and says which tempo is of no use', () => {
    const header = head.replace('L:1/8\nQ:1/4=120', 'Q:90\nL:1/4');
    expect(read('C', header).song.tempo.beatsPerMinute).toBe(90);
    for (const text of ['Presto', '1/0=9', '1/4=0', '=', '1/4=9000']) {
      const { song, repairs } = read('C', head.replace('1/4=120', text));
      expect(song.tempo.beatsPerMinute).toBe(120);
      expect(repairs[1]).toBe(`ignored the tempo "${text}", first in line 5`);
    }
  });

  it('tells the composer, and all that is written of tempo, meter and key', () => {
    const header = head.replace('K:C', 'C:Dvořák\nC:second line\nK:Am');
    const body = 'K:D\nM:3/4\nC [K:D] D [M:6/8][M:C]E [K:Edor]\nQ:1/4=90\nC:no';
    expect(only(readAbc(bytesOf(`${header}${body}`), 'a.abc'))).toMatchObject({
      composer: 'Dvořák',
      song: { meter: { beats: 3, unit: 4 }, tempo: { beatsPerMinute: 120 } },
      written: { tempos: [120, 90], meters: ['3/4', '6/8', '4/4'], keys: ['D major', 'E dorian'] },
      repairs: ['the meter changes from 3/4 to 6/8 in bar 1; bars are counted in 3/4 (2 times)'],
    });
    expect(read('C', head.replace('M:4/4', 'M:none'))).toMatchObject({
      song: { meter: { origin: 'assumed' } },
      written: { meters: [] },
    });
    expect(only(readAbc(bytesOf(`${head}C`), 'a.abc'))).not.toHaveProperty('composer');
  });

  it('keeps every tempo, so that quarter notes stay quarter notes', () => {
    const { song, repairs } = read('C4D4|[Q:1/4=60]E4F4|\nQ:1/4=240\nG4A4|[Q:1/4=240]B4|');
    expect(song.tempo).toEqual({
      beatsPerMinute: 120,
      firstBeat: 0,
      origin: 'given',
      confidence: 1,
      changes: [
        { time: 88_200, beatsPerMinute: 60 },
        { time: 264_600, beatsPerMinute: 240 },
      ],
    });
    const { position } = gridOf(song, 1);
    expect(song.voices.pulse1.map(({ start }) => position(start))).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(repairs).toEqual([]);
  });

  it('counts bars from the first bar line through changes of tempo', () => {
    const { song } = read('C2|D8|[Q:1/4=60]E4[Q:1/4=90]F4|G8|');
    const { position } = gridOf(song, 1);
    const beats = [3, 4, 8, 10, 12];
    for (const [at, { start }] of song.voices.pulse1.entries()) expect(position(start)).toBeCloseTo(beats[at], 3);
  });

  it('plays a tempo that comes late, and keeps it in a repeat', () => {
    const { song, repairs } = read('|:C2|[Q:1/4=60]D2:|', head.replace('Q:1/4=120\n', ''));
    expect(song.tempo.changes).toEqual([{ time: 22_050, beatsPerMinute: 60 }]);
    expect(song.voices.pulse1.map(({ start }) => start)).toEqual([0, 22_050, 66_150, 110_250]);
    expect(repairs).toEqual(['no tempo given: assumed 120 quarters a minute']);
  });

  it('says where the meter changes', () => {
    const header = head.replace('4/4', '3/4');
    const { song, repairs } = read('D2|C6|C6|\nM:4/4\nC8|Z|D8|', header);
    expect(repairs).toEqual(['the meter changes from 3/4 to 4/4 in bar 3; bars are counted in 3/4']);
    expect(song.duration).toBe((2 + 6 + 6 + 8 + 8 + 8) * 11_025);
  });

  it.each([
    ['K:C octave=1', 'C', 72],
    ['K:C clef=treble-8', 'C', 48],
    ['K:C treble+8', 'C', 72],
    ['K:C clef="treble_8"', 'C', 48],
    ['K:C treble8vb', 'C', 48],
    ['K:C clef=treble8va', 'C', 72],
    ['K:C bass-15', 'c', 48],
    ['K:C clef=bass', 'C', 60],
    ['K:C alto4', 'C', 60],
    ['K:C transpose=-12', 'C', 48],
    ['K:C bass octave=-1 t=2', 'c', 62],
    ['K:G octave=-1', 'F', 54],
    ['V:1 name="treble-8 recorder" octave=-1\nK:C', 'C', 48],
    ['V:1 octave=-1\nK:C', '[V:1]C', 48],
    ['K:C\nV:1 octave=-1', 'C', 48],
    ['K:C octave=1', '[V:1 octave=0]C', 60],
    ['K:C octave=1', '[K:G]F', 78],
    ['K:C treble-8', '[K:treble]C', 60],
    ['K:C', '[K:clef=treble-8]C', 48],
    ['%%MIDI transpose -12\nK:C', 'C', 48],
    ['%%MIDI transpose -10\n%%MIDI rtranspose -2\nK:C octave=1', 'C', 60],
    ['K:C', '%%MIDI channel 10\n%%MIDI program 1 40\n%%MIDI transpose 2\nC', 62],
    ['I:MIDI transpose 2\nK:C', '[I:MIDI=transpose 4]C', 64],
  ])('transposes by %s', (fields, body, pitch) => {
    const { song, repairs } = read(`${body}|`, head.replace('K:C', fields));
    expect(song.voices.pulse1.map((note) => note.pitch)).toEqual([pitch]);
    expect(repairs).toEqual([]);
  });

  it('does not transpose out of hearing', () => {
    const { song, repairs } = read('C,,,,c', head.replace('K:C', 'K:C octave=999999999'));
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual([36, 72]);
    expect(repairs).toEqual([
      'did not transpose by "C octave=999999999", first in line 6',
      'moved a note by octaves into 33..108, first in line 7',
    ]);
  });

  it('reads the first voice that has notes', () => {
    const header = head.replace('K:C', 'V:1\nV:2 octave=1\nV:3\nK:C');
    expect(melody('V:1\nz8|\nV:2\nC D|\n[V:3]E F|', header)).toBe('72 74');
    expect(melody('C|\n[V:2]D|\n[V:1]E|', header)).toBe('60 64');
    expect(melody('P:A\n[V:1]C|\n[V:2]D|\nP:B\n[V:1]E|\n[V:2]F|', header.replace('K:C', 'P:BA\nK:C'))).toBe('64 60');
  });

  it('loses no note of a tie out of a chord', () => {
    const notes = (body: string) => {
      const { voices } = read(body).song;
      return [voices.pulse1, voices.pulse2].map((voice) =>
        voice.map(({ start, end, pitch }) => [start / 11_025, end / 11_025, pitch]),
      );
    };
    const [a, c] = [69, 72];
    expect(notes('[A-c]c')).toEqual([
      [
        [0, 1, c],
        [1, 2, c],
      ],
      [[0, 1, a]],
    ]);
    expect(notes('[A-c]A')).toEqual([[[0, 1, c]], [[0, 2, a]]]);
    expect(notes('[Ac]-[Ac]')).toEqual([[[0, 2, c]], [[0, 2, a]]]);
    expect(notes('[A-c-]A')).toEqual([[[0, 1, c]], [[0, 2, a]]]);
    expect(notes('A-[Ac]')).toEqual([[[0, 2, a]], [[1, 2, c]]]);
    expect(notes('[Ace]-[Ac]')).toEqual([[[0, 1, 76]], [[0, 2, c]]]);
  });

  it('gives the second note of a chord to pulse 2, and reports what it leaves out', () => {
    const { song, repairs } = read('"Am"[ACE]2 {cd}B\nV:1\nC\nV:2\nD\n', head.replace('Q:1/4=120\n', ''));
    expect(song.voices.pulse1.map(({ pitch }) => pitch)).toEqual([69, 71, 60]);
    expect(song.voices.pulse2.map(({ pitch, end }) => [pitch, end])).toEqual([[64, 22_050]]);
    expect(repairs).toEqual([
      'no tempo given: assumed 120 quarters a minute',
      'left out 1 chord symbols',
      'left out 2 grace notes',
      'left out 1 lines of other voices',
      'left out 1 lower note of chords',
    ]);
  });
});

describe('readAbc: what it puts right', () => {
  it.each([
    ['a sign of no meaning', 'C ? D?', 'skipped the stray symbol "?", first in line 7 (2 times)', '60 62'],
    [
      'signs within symbols',
      "^?F§2 c;' |@: (#3C中DE ?:|",
      'skipped the stray symbol "§", first in line 7',
      '66:2 84 60:0.667 62:0.667 64:0.667 60:0.667 62:0.667 64:0.667',
    ],
    ['a letter of no meaning', 'CnD', 'skipped the stray symbol "n", first in line 7', '60 62'],
    ['a control character', 'C\u0007D', 'skipped the stray symbol "U+0007", first in line 7', '60 62'],
    ['an open quotation', 'C "D|E', `skipped the stray symbol '"', first in line 7`, '60 62 64'],
    ['open grace notes', 'C {D|E', 'skipped the stray symbol "{", first in line 7', '60 62 64'],
    ['a chord that nothing closes', 'C [EG2 D|]', 'closed a chord that lacks its "]", first in line 7', '60 67 62'],
    [
      'an open bracket before many notes',
      'C [EFGAB D|]',
      'skipped the stray symbol "[", first in line 7',
      '60 64 65 67 69 71 62',
    ],
    ['a tie of nothing', '-C z-D', 'skipped the stray symbol "-", first in line 7 (2 times)', '60 62'],
    ['broken rhythm of nothing', '>C D', 'skipped the stray symbol ">", first in line 7', '60 62'],
    ['a note too low', 'C,,,,', 'moved a note by octaves into 33..108, first in line 7', '36'],
    ['an endless length', 'C9999 D/9999', 'took the length "9999" as 1, first in line 7', '60 62'],
    ['an endless rest', 'C Z99999 D', 'skipped the stray symbol "Z99999", first in line 7', '60 62'],
    ['an ending of no number', '|:C|0D:|', 'ignored the ending "0", first in line 7', '60 62 60 62'],
    ['a tuplet of no notes', '(0CD', 'skipped the stray symbol "(0", first in line 7', '60 62'],
    ['a quotation that ends behind its chord', '[C"a]b" D', 'left out 1 chord symbols', '62'],
    ['a tempo of another voice', '[V:1]C[V:2]D[Q:1/4=60]E', 'left out 1 tempo that only other voices have', '60'],
    ['a jump back', 'C!D.C.!D !dacapo!E !dal segno!', 'did not follow "D.C.", first in line 7', '60 62 64'],
    ['a number of no ending', '|:C| 62 |D:|', 'played endings with missing numbers one after another', '60 62 60'],
    [
      'endings without the second',
      '|:C|1D:|3E|]',
      'played endings with missing numbers one after another',
      '60 62 60 64',
    ],
    ['a length without its note', '|:C| 4D:|', 'skipped the stray symbol "4", first in line 7', '60 62 60 62'],
    [
      'words among the music',
      'CD\nPlayed twice by Bob\nE',
      'left out words among the music, first in line 8',
      '60 62 64',
    ],
    ['an unknown key', 'C[K:H]F', 'ignored the unknown key "H", first in line 7', '60 65'],
    ['an impossible meter', 'C[M:4/5]F', 'ignored the impossible meter "4/5", first in line 7', '60 65'],
    ['an unknown unit', 'C[L:0]F', 'ignored the unknown unit length "0", first in line 7', '60 65'],
    ['a macro', 'm:n2=n/n/\nC', 'did not expand a macro (m:), first in line 7', '60'],
  ])('tells of %s', (_name, body, repair, expected) => {
    expect(read(body).repairs).toContain(repair);
    expect(melody(body)).toBe(expected);
  });

  it('tells of a few kinds one by one and counts the rest', () => {
    const symbols = Array.from({ length: 100 }, (_, at) => String.fromCodePoint(0x4e00 + at)).join('');
    const { repairs } = read(`C ${symbols}|D`);
    expect(repairs).toHaveLength(25);
    expect(repairs.at(-1)).toBe('made further repairs, first in line 7 (76 times)');
  });

  it.each([
    ['long notes', '|:C1024|[1-64 D1024:|', 'Q:1/4=20', 3072],
    ['many notes', 'C'.repeat(100_002), 'Q:1/4=120', 3600],
    ['many short notes in many parts', `P:A\n${'C/1024'.repeat(9000)}`, `P:${'A9'.repeat(90)}\nQ:1/4=400`, 7],
  ])('cuts a tune of %s that would never end', (_name, body, field, seconds) => {
    const { song, repairs } = read(body, head.replace('Q:1/4=120', field));
    expect(song.duration / 44_100).toBeCloseTo(seconds, 0);
    expect(repairs).toEqual([`cut the tune at ${seconds} s: it would repeat for too long`]);
  });

  it('refuses only a tune without notes, and reads the others of a book', () => {
    const found = readAbc(bytesOf(`${head}C\n\n${head}z4|\n\nwords\n\n${head}D\n`), 'book.abc');
    expect(found.map((song) => [song.path, 'reading' in song || reasonOf(song)])).toEqual([
      ['book.abc/0001', true],
      ['book.abc/0002', 'line 9, byte 40: empty: the tune has no notes'],
      ['book.abc/0003', true],
    ]);
    expect(() => readAbc(bytesOf('words'), 'book.abc')).toThrow(/book\.abc, byte 5: empty: has no tune/);
  });
});

const folk = `${DATA_FOLDER}/folk`;

describe.skipIf(!existsSync(folk))('the Nottingham collection (skipped without CHIPSMITH_DATA)', () => {
  it('is read without exception', () => {
    const found = readdirSync(folk)
      .filter((name) => name.endsWith('.abc'))
      .flatMap((name) => readAbc(readFileSync(join(folk, name)), name));
    expect(found).toHaveLength(1034);
    const songs = found.flatMap((song) => ('reading' in song ? [song.reading.song] : []));
    expect(songs).toHaveLength(1034);
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

/** The tunes of a book that keep one meter. */
function tunesIn(path: string): WrittenTune[] {
  if (!path.endsWith('.abc')) return [];
  return tunesOf(linesOf(readFileSync(path)), path)
    .map(readTune)
    .filter(({ written }) => written.meters.length <= 1);
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
