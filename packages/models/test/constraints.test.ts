import { findEncoding, melodyEncoding, monoEncoding, polyphonyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { type Constraints, keyTransposition, restrictionOf } from '../src/composing/constraints.ts';
import { Progress } from '../src/composing/progress.ts';
import { sample } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { freshCheckpoint } from './support/tiny.ts';

const device = await testDevice();
const checkpoint = freshCheckpoint();
const NO_EVENT = 0;
const NOTE_OFF = 1;
/** Classes of the melody encoding: 48 is class 2. */
const classOf = (pitch: number) => pitch - 46;

/** What may follow melody events. */
function allowedAfter(constraints: Constraints, events: readonly number[], transposition = 0): number[] {
  const progress = new Progress(melodyEncoding, 64);
  for (const event of events) progress.add(event);
  const restriction = restrictionOf(constraints, melodyEncoding, transposition);
  const mask = restriction(melodyEncoding.allowedAfter(events.at(-1)), progress);
  return [...mask.keys()].filter((event) => mask[event]);
}

const NOTES = Array.from({ length: 36 }, (_, index) => index + 2);
const pitched = (events: readonly number[]) => events.filter((event) => event > NOTE_OFF).map((event) => event + 46);

describe('restrictionOf', () => {
  it('leaves what the grammar allows without constraints', () => {
    expect(allowedAfter({}, [14])).toEqual([NO_EVENT, NOTE_OFF, ...NOTES]);
    expect(allowedAfter({}, [14, NOTE_OFF])).toEqual([NO_EVENT, ...NOTES]);
  });

  it('keeps to a range of pitches, and to a scale on any note', () => {
    expect(pitched(allowedAfter({ lowestPitch: 60, highestPitch: 62 }, [14]))).toEqual([60, 61, 62]);
    const octave = { lowestPitch: 60, highestPitch: 71 };
    expect(pitched(allowedAfter({ ...octave, key: 'D' }, [14]))).toEqual([61, 62, 64, 66, 67, 69, 71]);
    expect(pitched(allowedAfter({ ...octave, key: 'A', scale: 'minor' }, [14]))).toEqual([60, 62, 64, 65, 67, 69, 71]);
    expect(pitched(allowedAfter({ ...octave, scale: 'pentatonic' }, [14]))).toEqual([60, 62, 64, 67, 69]);
  });

  it('means the pitches that are heard where the encoding moved the music', () => {
    // Moved up by 2 semitones: D is written as E.
    expect(pitched(allowedAfter({ lowestPitch: 62, highestPitch: 62 }, [14], 2))).toEqual([64]);
    expect(pitched(allowedAfter({ lowestPitch: 60, highestPitch: 65, key: 'D' }, [14], 2))).toEqual([63, 64, 66]);
  });

  it('moves music in C to a key instead of leaving the notes that both have', () => {
    const settings = ['C', 'F#', 'G', 'A'].map((key) => ({ key }));
    expect(settings.map((each) => keyTransposition(each, melodyEncoding))).toEqual([0, -6, 5, 3]);
    // The notes of A minor are those of C major.
    expect(keyTransposition({ key: 'A', scale: 'minor' }, melodyEncoding)).toBe(0);
    expect([keyTransposition({}, melodyEncoding), keyTransposition({ key: 'F#' }, monoEncoding)]).toEqual([0, 0]);
    const inC = pitched(allowedAfter({ scale: 'major' }, [14]));
    for (const key of ['C', 'C#', 'F#', 'B'] as const) {
      expect(pitched(allowedAfter({ key }, [14], keyTransposition({ key }, melodyEncoding)))).toEqual(inC);
    }
  });

  it('starts no more notes in a bar than asked for, and as many again in the next', () => {
    expect(pitched(allowedAfter({ mostNotes: 2 }, [14])).length).toBe(36);
    expect(allowedAfter({ mostNotes: 2 }, [14, 16])).toEqual([NO_EVENT, NOTE_OFF]);
    expect(pitched(allowedAfter({ mostNotes: 2 }, [14, 16, ...new Array(14).fill(NO_EVENT)])).length).toBe(36);
  });

  it('starts as many notes in a bar as asked for while there is room', () => {
    const rests = (count: number) => [14, ...new Array(count).fill(NO_EVENT)];
    // 13 of 16 steps are over, with one note: three more fit just so.
    expect(allowedAfter({ fewestNotes: 4 }, rests(12))).toEqual(NOTES);
    expect(allowedAfter({ fewestNotes: 4 }, rests(11))).toContain(NO_EVENT);
  });

  it('starts a note after the longest rest', () => {
    // Two beats are eight steps.
    expect(allowedAfter({ longestRest: 2 }, [14, ...new Array(6).fill(NO_EVENT)])).toContain(NO_EVENT);
    expect(allowedAfter({ longestRest: 2 }, [14, ...new Array(7).fill(NO_EVENT)])).toEqual(NOTES);
  });

  it('lets constraints give way where nothing would be left, the last ones first, and never the grammar', () => {
    // The rest must end, but the bar is full.
    const full = [14, 16, ...new Array(7).fill(NO_EVENT)];
    expect(allowedAfter({ mostNotes: 2, longestRest: 2 }, full)).toEqual([NO_EVENT, NOTE_OFF]);
    // The only pitch in range is not in the scale: it stays out, and the rest goes on.
    const outside = { key: 'C', lowestPitch: 61, highestPitch: 61, longestRest: 0.25 } as const;
    expect(allowedAfter(outside, [14])).toEqual([NO_EVENT, NOTE_OFF]);
    // 0 and 127 are no pitches of the encoding: notes are out, and after a note-off there is no second one.
    expect(allowedAfter({ lowestPitch: 127, fewestNotes: 16 }, [14, NOTE_OFF])).toEqual([NO_EVENT]);
  });

  it('does not begin what only a note that is too many could end', () => {
    const encoding = findEncoding('performance-velocity');
    const progress = new Progress(encoding, 8);
    for (const event of [60, 64]) progress.add(event);
    const mask = restrictionOf({ mostNotes: 2 }, encoding, 0)(encoding.allowedAfter(64), progress);
    const allowed = [...mask.keys()].filter((event) => mask[event]).map((event) => encoding.describe(event));
    expect(allowed.filter((words) => /on$|velocity/.test(words))).toEqual([]);
    expect(allowed).toContain('wait 10 ms');
  });

  it('does not let a piece end before its bars are over', () => {
    const progress = new Progress(polyphonyEncoding, 8);
    for (const event of [0, 63, 2]) progress.add(event);
    expect(polyphonyEncoding.allowedAfter(2)[1]).toBe(true);
    expect(restrictionOf({}, polyphonyEncoding, 0)(polyphonyEncoding.allowedAfter(2), progress)[1]).toBe(false);
  });
});

describe('sample', () => {
  const draw = (settings: Record<string, unknown>) =>
    sample(device, checkpoint, { count: 8, length: 200, bars: 4, seed: 3, encoding: melodyEncoding, settings });
  const onsets = (events: Uint16Array) => [...events.keys()].filter((step) => events[step] > NOTE_OFF);

  it('keeps to constraints from the first event on', async () => {
    const settings = { key: 'G', lowestPitch: 55, highestPitch: 79, mostNotes: 6, fewestNotes: 4, longestRest: 2 };
    for (const { events } of await draw(settings)) {
      expect(events).toHaveLength(64);
      for (const pitch of pitched([...events])) {
        expect([0, 2, 4, 6, 7, 9, 11]).toContain(pitch % 12);
        expect(pitch >= 55 && pitch <= 79).toBe(true);
      }
      const steps = onsets(events);
      for (let bar = 0; bar < 4; bar++) {
        const count = steps.filter((step) => Math.floor(step / 16) === bar).length;
        expect(count >= 4 && count <= 6).toBe(true);
      }
      for (const [index, step] of steps.entries()) expect((steps[index + 1] ?? 64) - step).toBeLessThanOrEqual(8);
    }
  });

  it('starts within constraints even where no training sequence does', async () => {
    // Training sequences start on 60 to 71.
    for (const settings of [{ lowestPitch: 72 }, { highestPitch: 55 }]) {
      const { lowestPitch = 0, highestPitch = 127 } = settings as { lowestPitch?: number; highestPitch?: number };
      for (const { events } of await draw(settings)) {
        for (const pitch of pitched([...events])) expect(pitch >= lowestPitch && pitch <= highestPitch).toBe(true);
      }
    }
  });

  it.each([
    [{ lowestPitch: 70, highestPitch: 60 }, 'Composing: lowestPitch: must not be above highestPitch'],
    [{ fewestNotes: 9, mostNotes: 8 }, 'Composing: fewestNotes: must not be above mostNotes'],
    [{ longestRest: 1, mostNotes: 3 }, 'Composing: mostNotes: must be enough for a note each longestRest beats'],
    [{ key: 'H' }, 'Composing: key: '],
    [{ minP: 2 }, 'Composing: minP: '],
    [{ repetitionLength: 0 }, 'Composing: repetitionLength: '],
    [{ beamSize: 0 }, 'Composing: beamSize: '],
  ])('refuses %o', async (settings, message) => {
    await expect(draw(settings)).rejects.toThrow(message);
  });

  it('takes only what is likely enough with min-p', async () => {
    const primer = [classOf(60), NO_EVENT];
    const surest = await sample(device, checkpoint, {
      ...{ count: 2, length: 20, seed: 3, encoding: melodyEncoding, primer, settings: { minP: 1 } },
    });
    const greedy = await sample(device, checkpoint, {
      ...{ count: 1, length: 20, seed: 8, encoding: melodyEncoding, primer, settings: { topK: 1 } },
    });
    for (const { events } of surest) expect([...events]).toEqual([...greedy[0].events]);
  });
});
