import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  choosePrimer,
  DataError,
  embeddedCorpus,
  encodings,
  findEncoding,
  melodyEncoding,
  monoEncoding,
  type Song,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

const QUARTER = 22_050;
/** A scale of D major up and down, and what Basic RNN makes of each pitch. */
const SCALE = [62, 64, 66, 67, 69, 71, 73, 74, 73, 71, 69, 67, 66, 64, 62, 61];

/** `bars` bars of 4/4 in quarter notes; bar n begins with note n of the scale. */
function barsOf(bars: number, changes: Partial<Song> = {}): Song {
  const pitchAt = (beat: number) => SCALE[(Math.floor(beat / 4) + (beat % 4)) % SCALE.length];
  const pulse1 = Array.from({ length: 4 * bars }, (_, beat) =>
    plainNote(beat * QUARTER, (beat + 1) * QUARTER, pitchAt(beat)),
  );
  return songOf({ pulse1 }, changes);
}

const pitchesOf = (song: Song) => song.voices.pulse1.map(({ pitch }) => pitch);

describe('choosePrimer', () => {
  it('takes the whole of a song that leaves a bar to make, and gives back its key and tempo', () => {
    for (const encoding of [melodyEncoding, monoEncoding]) {
      const song = barsOf(8, { tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'given', confidence: 1 } });
      const primer = choosePrimer(song, encoding, 9, 'song');
      expect(primer).toMatchObject({ bars: 8, allBars: 8, beatsPerMinute: 120, meter: { beats: 4, unit: 4 } });
      const { events, transposition } = primer;
      expect(pitchesOf(encoding.decode(events, { title: '', transposition }))).toEqual(pitchesOf(song));
    }
  });

  it('takes the last half of a longer one, from a bar line on', () => {
    const song = barsOf(20);
    const { events, transposition, bars, allBars } = choosePrimer(song, melodyEncoding, 16, 'song');
    expect({ bars, allBars }).toEqual({ bars: 8, allBars: 20 });
    expect(events).toHaveLength(8 * 16);
    expect(pitchesOf(melodyEncoding.decode(events, { title: '', transposition }))).toEqual(
      pitchesOf(song).slice(12 * 4),
    );
  });

  it('counts bars by the meter, from the first beat, in the tempos of the song', () => {
    // Bars of 3/4 behind an upbeat of one quarter; from bar 10 on at half the tempo.
    const slow = 10 * 3 * QUARTER + QUARTER;
    const timeOf = (beat: number) => (beat <= 31 ? beat * QUARTER : slow + (beat - 31) * 2 * QUARTER);
    const pulse1 = Array.from({ length: 61 }, (_, beat) => plainNote(timeOf(beat), timeOf(beat + 1), SCALE[beat % 16]));
    const song = songOf(
      { pulse1 },
      {
        tempo: {
          beatsPerMinute: 120,
          firstBeat: QUARTER,
          origin: 'given',
          confidence: 1,
          changes: [{ time: slow, beatsPerMinute: 60 }],
        },
        meter: { beats: 3, unit: 4, origin: 'given' },
      },
    );
    const { events, transposition, ...rest } = choosePrimer(song, melodyEncoding, 16, 'song');
    expect(rest).toMatchObject({ bars: 8, allBars: 21, beatsPerMinute: 60, meter: { beats: 3, unit: 4 } });
    expect(events).toHaveLength(8 * 12);
    expect(pitchesOf(melodyEncoding.decode(events, { title: '', transposition }))).toEqual(pitchesOf(song).slice(-24));
  });

  it('keeps long rests, motifs of a bar and voices of a single pitch', () => {
    const song = barsOf(12);
    const pulse1 = song.voices.pulse1.filter(({ start }) => start < 4 * 4 * QUARTER || start >= 8 * 4 * QUARTER);
    const rested = choosePrimer({ ...song, voices: { ...song.voices, pulse1 } }, melodyEncoding, 32, 'song');
    expect({ bars: rested.bars, length: rested.events.length }).toEqual({ bars: 12, length: 12 * 16 });
    expect(choosePrimer(barsOf(1), melodyEncoding, 2, 'song')).toMatchObject({ bars: 1, allBars: 1 });
    const single = songOf({ triangle: [plainNote(0, QUARTER, 40, 'triangle')] });
    expect(choosePrimer(single, melodyEncoding, 2, 'song').events).toHaveLength(4);
  });

  it('takes the voice that the encoding would learn from', () => {
    const { pulse1 } = barsOf(8).voices;
    const song = songOf({ pulse1: [plainNote(0, QUARTER, 60)], pulse2: pulse1 });
    expect(choosePrimer(song, melodyEncoding, 16, 'song').events).toHaveLength(8 * 16);
  });

  it('leaves a bar to make whatever is asked, or says why it cannot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 40 }), (long, bars) => {
        try {
          const { events } = choosePrimer(barsOf(long), melodyEncoding, bars, 'song');
          expect(events.length).toBeLessThanOrEqual((bars - 1) * 16);
          expect(events.length % 16).toBe(0);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(bars).toBe(1);
        }
      }),
    );
  });

  it('refuses what gives no events, in one line', () => {
    expect(() => choosePrimer(songOf({}), melodyEncoding, 16, 'x.mid')).toThrow(
      'x.mid: no notes to go on from; use another file',
    );
    const drums = songOf({ noise: [plainNote(0, QUARTER, 3, 'noise')] });
    expect(() => choosePrimer(drums, melodyEncoding, 16, 'x.mid')).toThrow(
      'x.mid: nothing but drums to go on from; use another file',
    );
    expect(() => choosePrimer(barsOf(1), findEncoding('polyphony'), 16, 'x.mid')).toThrow(
      'x.mid: gives nothing to go on from: shorter than 2 bars; use another file',
    );
    expect(() => choosePrimer(barsOf(8), melodyEncoding, 1, 'x.mid')).toThrow(
      'x.mid: none of its bars leaves room for others; ask for more bars',
    );
  });

  // MusicVAE's take no beginning.
  it.each(encodings.map(({ name }) => name).filter((name) => !name.startsWith('music-vae')))(
    'gives %s events that it allows',
    (name) => {
      const encoding = findEncoding(name);
      const songs = embeddedCorpus().filter(
        (song, index) => index % 8 === 0 && encoding.encode(song).sequences.length > 0,
      );
      expect(songs.length).toBeGreaterThan(0);
      for (const song of songs.slice(0, 2)) {
        const { events, bars, allBars } = choosePrimer(song, encoding, 64, song.title);
        expect(bars).toBeLessThanOrEqual(allBars);
        expect(events.length).toBeGreaterThan(0);
        for (const [index, event] of events.entries())
          expect(encoding.allowedAfter(events[index - 1])[event]).toBe(true);
      }
    },
  );
});

it('transposes back what encodings bring into C', () => {
  for (const name of ['melody', 'onset-bitmap', 'note-vectors']) {
    const encoding = findEncoding(name);
    const [{ events, transposition = 0 }] = encoding.encode(barsOf(16)).sequences;
    expect(transposition).toBe(-2);
    const pitches = pitchesOf(encoding.decode(events, { title: '', transposition }));
    expect(new Set(pitches)).toEqual(new Set(SCALE));
  }
});
