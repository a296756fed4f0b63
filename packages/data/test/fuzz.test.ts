import { describe, expect, it } from 'vitest';
import { FUZZ_CASES, fuzzCase } from './support/fuzz-cases.ts';
import { runFuzz } from './support/watched-fuzz.ts';

/** The number of one file, to try it alone. */
const only = process.env.CHIPSMITH_FUZZ_CASE;

const REFUSED =
  /: (the file is empty|empty: has no (tracks|notes)|damaged: no notes can be read|not a MIDI file|unsupported: the music lasts)/;

describe(`${FUZZ_CASES} damaged files`, () => {
  it('each give songs that keep the contract or an error with file and byte, in time and in memory', async () => {
    const first = only === undefined ? 0 : Number(only);
    const { outcomes, faults } = await runFuzz(first, only === undefined ? FUZZ_CASES : first + 1);
    expect(faults).toEqual([]);
    if (only !== undefined) return;
    expect(outcomes).toHaveLength(FUZZ_CASES);
    // Damaged MIDI is read unless nothing is left of its music, or a damaged time makes it last for days.
    const midi = outcomes.filter(({ name }) => name.endsWith('.mid')).flatMap(({ refusals }) => refusals);
    expect(midi.filter((refusal) => !REFUSED.test(refusal))).toEqual([]);
    // Both ways out are taken often with every kind of file: the test is not idle.
    const names = new Set(outcomes.map(({ name }) => name));
    const counts = [...names].map((name) => {
      const ofKind = outcomes.filter((outcome) => outcome.name === name);
      const count = (test: (outcome: (typeof ofKind)[number]) => boolean) => ofKind.filter(test).length;
      return { name, songs: count(({ songs }) => songs > 0), refusals: count(({ refusals }) => refusals.length > 0) };
    });
    // ABC is refused only where no note is left, and of MIDI what is sound is read.
    const fewest = (name: string) => (name.endsWith('.abc') ? 0 : /\.(mid|rmi)$/.test(name) ? 5 : 20);
    expect(counts.filter(({ name, songs, refusals }) => songs < 10 || refusals < fewest(name))).toEqual([]);
    // Half a minute on two quiet cores; only a reader that hangs takes ten.
  }, 600_000);

  it('are the same each time', () => {
    for (const number of [3, 77, 1234]) expect(fuzzCase(number)).toEqual(fuzzCase(number));
  });
});
