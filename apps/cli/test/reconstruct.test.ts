import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, jsonOf, scratchFolder, TINY, trainOnBitmaps } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const data = join(folder, 'data');
const run = join(folder, 'run');

beforeAll(async () => {
  await trainOnBitmaps({ midi, data, run });
});

describe('reconstruct', () => {
  it('writes a page with a piano roll of each piece and of what comes back', async () => {
    const output = join(folder, 'pieces.html');
    const line = `reconstruct --run ${run} --split train --count 2 --output ${output} --adapter gles`;
    const result = (await jsonOf(line)) as { pieces: { notesKept: number }[] };
    expect(result.pieces).toHaveLength(2);
    for (const { notesKept } of result.pieces) {
      expect(notesKept).toBeGreaterThanOrEqual(0);
      expect(notesKept).toBeLessThanOrEqual(1);
    }
    const page = await readFile(output, 'utf8');
    expect(page.match(/<svg class="roll"/g)).toHaveLength(4);
    // Both of a pair are drawn over the same time.
    const times = Array.from(page.matchAll(/<span class="now">0:00<\/span> \/ (\d+:\d+)/g), ([, time]) => time);
    expect(times).toEqual([times[0], times[0], times[2], times[2]]);
  });

  it('shows files and songs by their names, as the model is asked to', async () => {
    const file = join(midi, 'valid/tune-2.mid');
    const line = `reconstruct --run ${run} --output ${join(folder, 'named.html')} --adapter gles`;
    const { pieces } = (await jsonOf(`${line} ${file} tune-0 --density 2`)) as { pieces: { piece: string }[] };
    expect(pieces.map(({ piece }) => piece)).toEqual(['tune-2.mid', 'midi/train/tune-0.mid']);
    await expectFailure(2, /name pieces, or choose them by --split and --count, not both/, `${line} ${file} --count 2`);
    await expectFailure(2, /--density must be a number from 0\.1 to 10/, `${line} --density 0`);
  });

  it('refuses a model that keeps no code of a piece, in one line', async () => {
    const melodies = join(folder, 'melodies');
    await jsonOf(`train --run ${melodies} --steps 1 ${TINY}`);
    const line = `reconstruct --run ${melodies} --output ${join(folder, 'none.html')} --adapter gles`;
    await expectFailure(1, /basic-rnn cannot reconstruct; it can sample, continue/, line);
  });
});
