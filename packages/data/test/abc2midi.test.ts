import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import MidiModule from '@tonejs/midi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAbc, type Song } from '../src/index.ts';
import { tempoMapOf } from '../src/timing/tempo-map.ts';
import { DATA_FOLDER } from './support/real-data.ts';

const hasConverter = spawnSync('abc2midi', ['-ver']).error === undefined;
const NOTE = hasConverter ? 'abc2midi' : 'abc2midi (skipped: install abcmidi)';
const FOLK = `${DATA_FOLDER}/folk`;

/**
 * The tunes of the Nottingham collection of which abc2midi 4.84 makes something else, by file and place, and why. Where
 * it follows another rule than ours, the section of the standard is named.
 */
const OTHERWISE: Readonly<Record<string, string>> = {
  'ashover.abc/0006': 'goes back to the first |: although a section with endings lies between',
  'ashover.abc/0007': 'lets an accidental hold in all octaves (11.3, under discussion there)',
  'hpps.abc/0052': 'lets an accidental hold in all octaves',
  'hpps.abc/0054': 'lets an accidental hold in all octaves',
  'jigs.abc/0002': 'does not repeat a section with endings that begins behind other endings',
  'jigs.abc/0062': 'lets an accidental hold in all octaves',
  'jigs.abc/0081': 'goes back to the last |: although a repeat ended behind it (4.8)',
  'jigs.abc/0110': 'goes back to the start of the part although a repeat ended behind it (4.8)',
  'jigs.abc/0153': 'loses the notes behind a chord that lacks its bracket',
  'jigs.abc/0209': 'lets an accidental hold in all octaves',
  'jigs.abc/0335': 'lets an accidental hold in all octaves',
  'reelsa-c.abc/0081': 'loses the last section behind |||:',
  'reelsd-g.abc/0001': 'takes what stands between two stray plus signs for a decoration',
  'reelsh-l.abc/0050': 'ties a note into the first ending only',
  'reelsh-l.abc/0067': 'does not repeat a section with endings that begins behind other endings',
  'reelsr-t.abc/0032': 'does not repeat a section with endings that begins behind other endings',
  'reelsr-t.abc/0071': 'goes back to the start of the part although a repeat ended behind it (4.8)',
};

/** Small tunes on which both must agree. */
const KINDS: Readonly<Record<string, string>> = {
  'ties before broken rhythm': 'K:C\nC->C D2|E>-E F2|',
  'a tie to another pitch': 'K:C\nC-D E2|A-c e2|',
  'a tie out of a chord': 'K:C\nL:1/4\n[A-c]c B2|',
  'tuplets of all kinds': 'K:C\n(2CD (3CDE (4CDEF (6CDEFGA|(3:2:2C2D (5:4:5CDEFG (3:2:4CCDE|',
  'tuplets in compound time': 'M:6/8\nK:C\n(2CD (4CDEF (5CDEFG (7CDEFGAB|',
  'slurs and tuplets': 'K:C\n((3CDE) (3(FGA) G2|',
  'parts in groups': 'P:(AB)2A\nK:C\nP:A\nCDEF|\nP:B\nGABc|',
  'parts with numbers': 'P:A2(BC)3\nK:C\nP:A\nCDEF|\nP:B\nGABc|\nP:C\ncBAG|',
  'endings in a row': 'K:C\n|:C4|1 D4:|2 E4:|3 F4|]',
  'octaves of voice and clef': 'K:C octave=1\nCDEF|',
  'a clef with an octave mark': 'K:C clef=treble-8\nCDEF|',
  'transposition by a directive': 'K:C\n%%MIDI transpose -12\nCDEF|',
  'transposition by the key': 'K:C transpose=-5\nCDEF|',
  'inline fields': 'K:C\nCDEF|[K:D]FCFC|[L:1/4]CD|[M:6/8]C3|[K:C][Q:1/4=60]F2|',
  'rests of bars in 3/4': 'M:3/4\nK:C\nC6|Z|Z2|D6|',
  'user symbols': 'U:W=!>!\nK:C\nWCDEF|',
  'spacers and odd lengths': 'K:C\nC y2 D3/2E/4F//|C7/8D16|',
  'broken rhythm with grace notes and spaces': 'K:C\nC > D E{g}>F|G<A B>>c|',
  overlays: 'K:C\nc4 & C4|d4|',
  modes: 'K:D mix ^g\nFGAB|c^c=cd|\nK:Bb lyd\nBcde|fgab|',
  'small fields and ends': 'K:C\nCDEF|\nw:la la la la\nGABc|\nW:the end',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chipsmith-abc2midi-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Onset in 24ths of a quarter note and pitch of the highest note at each onset, in order. */
function melodyOf(notes: readonly (readonly [quarter: number, pitch: number])[]): string[] {
  const highest = new Map<number, number>();
  for (const [quarter, pitch] of notes) {
    const onset = Math.round(quarter * 24);
    highest.set(onset, Math.max(pitch, highest.get(onset) ?? 0));
  }
  return [...highest].sort(([a], [b]) => a - b).map(([onset, pitch]) => `${onset}:${pitch}`);
}

function ourMelody({ voices, tempo }: Song): string[] {
  const { beatAt } = tempoMapOf({ ...tempo, firstBeat: 0 });
  return melodyOf([...voices.pulse1, ...voices.pulse2].map(({ start, pitch }) => [beatAt(start), pitch]));
}

/**
 * What abc2midi makes of each tune of a book whose tunes are numbered from 1, read with @tonejs/midi; without chords
 * and grace notes.
 */
function theirMelodies(book: string, count: number): string[][] {
  writeFileSync(join(folder, 'book.abc'), book, 'latin1');
  // It complains of the tunes' bars with an exit code of its own.
  spawnSync('abc2midi', ['book.abc', '-NGUI', '-NGRA', '-silent'], { cwd: folder });
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `book${index + 1}.mid`);
    const { tracks, header } = new MidiModule.Midi(readFileSync(path));
    rmSync(path);
    return melodyOf(tracks.flatMap(({ notes }) => notes.map(({ ticks, midi }) => [ticks / header.ppq, midi])));
  });
}

/**
 * The same tunes as abc2midi is to read them: parts by `P:`, no swing because of a rhythm's name, no ornaments played
 * out, and chords not spread.
 */
function plainBook(book: string): string {
  let number = 0;
  return book
    .replace(/^Y:/gm, 'P:')
    .replace(/^R:.*\n/gm, '')
    .replace(/~|!trill!/g, '')
    .replace(/^X:.*$/gm, () => `X:${++number}\n%%MIDI chordattack 0`);
}

describe.skipIf(!hasConverter)(NOTE, () => {
  it.each(Object.entries(KINDS))('plays %s as we do', (_name, body) => {
    const book = `X:1\nT:t\nM:4/4\nL:1/8\nQ:1/4=120\n${body}\n`;
    const [found] = readAbc(Buffer.from(book), 'a.abc');
    if (!('reading' in found)) throw new Error(JSON.stringify(found));
    expect(ourMelody(found.reading.song)).toEqual(theirMelodies(plainBook(book), 1)[0]);
  });

  it.skipIf(!existsSync(FOLK))(
    'plays the Nottingham collection as we do, but for its faults',
    () => {
      const differing: string[] = [];
      let count = 0;
      for (const name of readdirSync(FOLK).filter((one) => one.endsWith('.abc'))) {
        const book = readFileSync(join(FOLK, name));
        const found = readAbc(book, name);
        const theirs = theirMelodies(plainBook(book.toString('latin1')), found.length);
        for (const [index, one] of found.entries()) {
          count++;
          const ours = 'reading' in one ? ourMelody(one.reading.song) : [];
          if (ours.join(' ') !== theirs[index].join(' ')) differing.push(one.path);
        }
      }
      expect(count).toBe(1034);
      expect(differing.sort()).toEqual(Object.keys(OTHERWISE));
    },
    60_000,
  );
});
