import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testDevice } from './support/device.ts';
import { type Reference, verify } from './support/verify.ts';

const device = await testDevice();
const text = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const log = vi.spyOn(console, 'log');

// Examples open the device that the tests do, say what they found, and close it.
beforeEach(() => {
  log.mockReset().mockReturnValue();
  vi.stubEnv('CHIPSMITH_ADAPTER', process.env.CHIPSMITH_ADAPTER ?? 'gles');
  vi.stubEnv('CHIPSMITH_TUNE', 'off');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The first thing that an example printed, rounded to tenths. */
const printed = () => Array.from<number, number>(log.mock.calls[0][0], (value) => Math.round(10 * value) / 10);

describe('examples', () => {
  it('fit XOR in Node', async () => {
    await import('../examples/fit-in-node.ts');
    expect(printed()).toEqual([0, 1, 1, 0]);
  });

  it('do the same in a browser page, but for the import of the device and what is done with the result', () => {
    const [node, browser] = ['examples/fit-in-node.ts', 'examples/fit-in-browser.js'].map((path) =>
      text(path).split('\n'),
    );
    const different = browser.filter((line, index) => line !== node[index]);
    expect(browser).toHaveLength(node.length);
    expect(different).toEqual([
      expect.stringContaining("from '@chipsmith/kernels/browser'"),
      expect.stringContaining('document.body.textContent = (await program.read(output))'),
    ]);
  });

  it.each([
    ['ts', 'examples/fit-in-node.ts'],
    ['js', 'examples/fit-in-browser.js'],
  ])('stand in the README as they are and take less than 30 lines of %s: %s', (language, path) => {
    const code = text(path);
    expect(text('README.md')).toContain(`\`\`\`${language}\n${code}\`\`\`\n`);
    expect(code.split('\n').filter((line) => line !== '').length).toBeLessThan(30);
  });

  it('define an operation that learns, and whose values and gradients are right', async () => {
    const { swish } = await import('../examples/custom-operation.ts');
    expect(printed()).toEqual([0.5, 2]);

    for (const [rows, columns] of [
      [1, 1],
      [7, 3],
      [65, 2],
    ]) {
      await verify(device, {
        name: `swish of ${rows} rows of ${columns}`,
        shapes: [[rows, columns], [columns]],
        range: [-3, 3],
        build: ([x, slope]) => swish(x, slope),
        reference: ([x, slope]: readonly Reference[]) =>
          x.data.map((value, index) => value / (1 + Math.exp(-slope.data[index % columns] * value))),
      });
    }
  });

  it('define an operation that says what does not fit', async () => {
    const { swish } = await import('../examples/custom-operation.ts');
    const { Graph } = await import('../src/index.ts');
    const graph = new Graph();
    const wrong = () => swish(graph.input([4, 3]), graph.input([4]));
    expect(wrong).toThrow('swish: x must be (N, D) and slope (D), got [4, 3] and [4]');
  });

  it('use what anyone can import', () => {
    const sources = [...text('examples/custom-operation.ts').matchAll(/from '(.*)'/g)].map(([, source]) => source);
    expect(new Set(sources)).toEqual(new Set(['@chipsmith/kernels', '@chipsmith/kernels/node']));
  });
});
