import { describe, expect, it } from 'vitest';
import { DATA_BENCHMARKS } from '../src/data/encode.ts';

describe('data benchmarks', () => {
  it('encode the embedded corpus in every encoding', async () => {
    const names = DATA_BENCHMARKS.map(({ name }) => name);
    expect(names).toContain('data MIDI to melody');
    const prepared = await DATA_BENCHMARKS[names.indexOf('data MIDI to melody')].prepare();
    await expect(prepared.verify()).rejects.toThrow('no sequence came out');
    prepared.run();
    await prepared.verify();
    expect(prepared.work).toEqual({ amount: 98, unit: 'songs/s' });
  });
});
