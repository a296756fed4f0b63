import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedTunes } from '../src/tunes/embedded-tunes.ts';
import { parseTune, parseTunes } from '../src/tunes/parse-tune.ts';
import { barLength, chordAt, isChordTone, type Tune, tuneToSong } from '../src/tunes/tune.ts';
import { TuneError } from '../src/tunes/tune-error.ts';

const HEADER = 'T: Test\nC: Traditional\nM: 3/4\nL: 1/8\nQ: 120\nK: G\n';
const SMALL = `${HEADER}D2 | "G"G2 ^F-F (3GAB | "D7"c2 =F2 F2 | "G"G4 |`;

const tunes = embeddedTunes();

describe('the embedded tunes', () => {
  it('are at least 72, each with a title of its own', () => {
    expect(tunes.length).toBeGreaterThanOrEqual(72);
    expect(new Set(tunes.map(({ title }) => title)).size).toBe(tunes.length);
  });

  it('come from tradition or from composers who died before 1926', () => {
    for (const { title, origin } of tunes) {
      const deaths = [...origin.matchAll(/-(\d{4})\)/g)].map(([, year]) => Number(year));
      expect(deaths.length > 0 || /Traditional|\(1[0-7]\d\d\)/.test(origin), title).toBe(true);
      for (const year of deaths) expect(year, title).toBeLessThan(1926);
    }
  });

  it.each(tunes.map((tune) => [tune.title, tune] as const))('%s: whole bars, one voice, within C3 to B5', (_, tune) => {
    const bar = barLength(tune.meter);
    expect(tune.begin).toBeLessThan(bar);
    expect((tune.end - tune.begin) % bar).toBe(0);
    const bars = (tune.end - tune.begin) / bar;
    expect(bars).toBeGreaterThanOrEqual(8);
    expect(bars).toBeLessThanOrEqual(36);
    let time = tune.begin;
    for (const { start, length, pitch } of tune.notes) {
      expect(start).toBeGreaterThanOrEqual(time);
      expect(pitch).toBeGreaterThanOrEqual(48);
      expect(pitch).toBeLessThanOrEqual(83);
      time = start + length;
    }
    expect(time).toBeLessThanOrEqual(tune.end);
  });

  it('have chords that agree with the melody for at least 64 % of its time, and at the end', () => {
    for (const tune of tunes) {
      expect(consonance(tune), tune.title).toBeGreaterThan(0.64);
      const last = tune.notes[tune.notes.length - 1];
      const chord = chordAt(tune.chords, last.start);
      expect(chord && isChordTone(chord, last.pitch), tune.title).toBe(true);
    }
  });

  it('are all different, in whatever key', () => {
    const shapes = tunes.map(({ notes }) =>
      notes
        .slice(1)
        .map(({ pitch }, i) => pitch - notes[i].pitch)
        .join(' '),
    );
    expect(new Set(shapes).size).toBe(tunes.length);
  });
});

/** Share of the melody's time, where a chord is given, that is a chord tone. */
function consonance(tune: Tune): number {
  let all = 0;
  let consonant = 0;
  for (const { start, length, pitch } of tune.notes) {
    for (let unit = start; unit < start + length; unit++) {
      const chord = chordAt(tune.chords, unit);
      if (!chord) continue;
      all++;
      if (isChordTone(chord, pitch)) consonant++;
    }
  }
  return consonant / all;
}

describe('parseTune', () => {
  it('reads upbeat, key signature, accidentals, ties, triplets, lengths and chords', () => {
    const tune = parseTune(SMALL);
    expect(tune.title).toBe('Test');
    expect(tune.key).toEqual({ tonic: 7, mode: 'major' });
    expect([tune.begin, tune.end]).toEqual([48, 264]);
    expect(tune.notes).toEqual([
      { start: 48, length: 24, pitch: 62 },
      { start: 72, length: 24, pitch: 67 },
      { start: 96, length: 24, pitch: 66 },
      { start: 120, length: 8, pitch: 67 },
      { start: 128, length: 8, pitch: 69 },
      { start: 136, length: 8, pitch: 71 },
      { start: 144, length: 24, pitch: 72 },
      { start: 168, length: 24, pitch: 65 },
      { start: 192, length: 24, pitch: 65 },
      { start: 216, length: 48, pitch: 67 },
    ]);
    expect(tune.chords).toEqual([
      { start: 72, root: 7, quality: 'major' },
      { start: 144, root: 2, quality: 'dominant7' },
      { start: 216, root: 7, quality: 'major' },
    ]);
  });

  it('forgets an accidental at the bar line, and keeps it to its octave', () => {
    const { notes } = parseTune(`${HEADER}^G2 G2 g2 | G2 G2 G2 |`);
    expect(notes.map(({ pitch }) => pitch)).toEqual([68, 68, 79, 67, 67, 67]);
  });

  it('plays parts in the order of the form, and joins their short bars', () => {
    const tune = parseTune(`${HEADER}P: ABA\nP:A\nD2 | G6 | A4\nP:B\nB2 | c6 | d4\n`);
    expect(tune.notes.map(({ pitch }) => pitch)).toEqual([62, 67, 69, 71, 72, 74, 62, 67, 69]);
    expect((tune.end - tune.begin) / barLength(tune.meter)).toBe(6);
  });

  it('reads a book of tunes and counts its lines from the top', () => {
    expect(parseTunes(`\n${SMALL}\n\n\n${SMALL}\n`)).toHaveLength(2);
    expect(() => parseTunes(`${SMALL}\n\n${HEADER}G6 | H6 |`)).toThrow(
      'tune "Test", line 15, column 6: "H" is not a note',
    );
  });

  it('becomes a song of pulse 1 alone whose first beat lies before the upbeat', () => {
    const song = tuneToSong(parseTune(SMALL));
    expect(song.tempo).toEqual({ beatsPerMinute: 120, firstBeat: -44_100, origin: 'given', confidence: 1 });
    expect(song.voices.pulse1.map(({ start, end }) => [start, end]).slice(0, 3)).toEqual([
      [0, 22_050],
      [22_050, 44_100],
      [44_100, 66_150],
    ]);
    expect(song.duration).toBe(198_450);
  });

  it.each([
    ['a bar too long', `${HEADER}G6 | G8 |`, 7, 6, 'bar is 4 quarters long, the meter asks for 3'],
    ['a bar too short in the middle', `${HEADER}G6 | G4 | G6 |`, 7, 6, 'bar is 2 quarters long'],
    ['an upbeat without its complement', `${HEADER}D2 | G6 |`, 7, 6, 'last bar is 3 quarters long'],
    ['a bad note', `${HEADER}G4 H2 |`, 7, 4, '"H" is not a note'],
    ['a note out of range', `${HEADER}G4 C,,2 |`, 7, 4, 'outside 48..83'],
    ['a length too fine', `${HEADER}G4 G/64 |`, 7, 4, 'not a whole number of 96ths'],
    ['a length of nothing', `${HEADER}G0 |`, 7, 1, 'not a whole number of 96ths'],
    ['a length without end', `${HEADER}G999999999 |`, 7, 1, 'above 64'],
    ['an unknown chord', `${HEADER}"Gsus4"G6 |`, 7, 1, 'chord "Gsus4" is unknown'],
    ['a broken tie', `${HEADER}G2- A4 |`, 7, 1, 'a tie leads to another pitch'],
    ['a tie to nowhere', `${HEADER}G6- |`, 7, 1, 'a tie leads nowhere'],
    ['a cut triplet', `${HEADER}G4 (3AB |`, 7, 9, 'a triplet is cut by the bar line'],
    ['a missing header', HEADER.replace('K: G\n', 'G6 |'), 1, 1, 'header "K:" is missing'],
    ['an unreadable header', `${HEADER.replace('3/4', '3/5')}G6 |`, 3, 4, 'header "M:" cannot be read from "3/5"'],
    ['an unknown header', `X: 1\n${HEADER}G6 |`, 1, 1, 'header "X:" is unknown'],
    ['a header twice', `${HEADER}K: D\nG6 |`, 7, 1, 'header "K:" comes twice'],
    ['a header below the music', `${HEADER}G6 |\nK: D\n`, 8, 1, 'stands below the music'],
    ['a tempo out of range', `${HEADER.replace('120', '401')}G6 |`, 5, 4, 'tempo 401 lies outside 20..400'],
    ['a part that is not written', `${HEADER}P: AB\nP:A\nG6 |`, 7, 5, 'part B is not written'],
    ['a part that is never played', `${HEADER}P: A\nP:A\nG6 |\nP:B\nG6 |`, 7, 4, 'part B is written but'],
    ['no music', HEADER, 1, 1, 'has no bars'],
    ['only rests', `${HEADER}z6 |`, 7, 1, 'the tune has no notes'],
  ])('refuses %s with its place', (_, text, line, column, problem) => {
    const error = errorOf(text);
    expect(error?.message).toContain(problem);
    expect([error?.tune, error?.column]).toEqual(['Test', column]);
    expect(error?.line).toBe(line);
  });

  it('gives a tune or a TuneError for any text', () => {
    const music = fc.string({ unit: fc.constantFrom(...'ABGabz|23/4-(^_=,\'" \n:PT'), maxLength: 60 });
    const texts = fc.oneof(
      fc.string({ unit: fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCharCode(code)) }),
      music.map((text) => HEADER + text),
      fc
        .tuple(music, fc.nat(SMALL.length))
        .map(([text, at]) => SMALL.slice(0, at) + text + SMALL.slice(at + text.length)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const error = errorOf(text);
        if (!error) return;
        expect(error.message).not.toMatch(/\n/);
        expect(error.line).toBeGreaterThanOrEqual(1);
        expect(error.line).toBeLessThanOrEqual(text.split('\n').length);
        expect(error.column).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

/** The TuneError that a text ends in; anything else that is thrown passes through and fails the test. */
function errorOf(text: string): TuneError | undefined {
  try {
    parseTune(text);
    return undefined;
  } catch (error) {
    if (error instanceof TuneError) return error;
    throw error;
  }
}
