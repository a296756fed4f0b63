import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Graph } from '../src/index.ts';
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

/** The first thing that an example printed, rounded to tenths; -0 counts as 0. */
const printed = () => Array.from<number, number>(log.mock.calls[0][0], (value) => Math.round(10 * value) / 10 + 0);

const inMillionths = (rate: number) => Math.round(1e6 * rate);

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
      expect.stringContaining('document.body.textContent = (await program.read(guess))'),
    ]);
  });

  it.each([
    ['ts', 'examples/fit-in-node.ts'],
    ['js', 'examples/fit-in-browser.js'],
    ['ts', 'examples/transformer.ts'],
    ['ts', 'examples/learning-rates.ts'],
    ['ts', 'examples/sample.ts'],
  ])('stand in the README as they are and take fewer than 30 lines of %s: %s', (language, path) => {
    const code = text(path);
    expect(text('README.md')).toContain(`\`\`\`${language}\n${code}\`\`\`\n`);
    expect(code.split('\n').filter((line) => line !== '').length).toBeLessThan(30);
  });

  it('build a transformer of layers', async () => {
    const { transformer } = await import('../examples/transformer.ts');
    expect(log.mock.calls).toEqual([[470_528]]);
    const { apply } = transformer(5, 6, 8, 2, 1);
    expect(apply(new Graph().input([3, 6], 'u32')).shape).toEqual([3, 6, 5]);
  });

  it('show how learning rates change', async () => {
    await import('../examples/learning-rates.ts');
    const rates = log.mock.calls.map(([step, ...values]) => [step, ...values.slice(0, 4).map(inMillionths)]);
    expect(rates).toEqual([
      [1, 1000, 1000, 1000, 10],
      [100, 1000, 978, 915, 990],
      [101, 1000, 978, 914, 1000],
      [1000, 1000, 100, 431, 0],
    ]);
    const [schedule] = log.mock.calls[0].slice(-1);
    expect(schedule[0]).toBeCloseTo(0.001 / 101, 8);
  });

  it('draw by scores, temperature and cuts', async () => {
    await import('../examples/sample.ts');
    const percent = log.mock.calls.map(([, counts]) => counts.map((count: number) => count / 10));
    const expected = [
      [63.6, 23.4, 8.6, 3.2, 1.2],
      [100, 0, 0, 0, 0],
      [42.9, 26, 15.8, 9.6, 5.8],
      [73.1, 26.9, 0, 0, 0],
      [66.5, 24.5, 9, 0, 0],
      [73.1, 26.9, 0, 0, 0],
      [61.6, 26.8, 11.6, 0, 0],
    ];
    // The standard deviation of 1,000 draws is at most 1.6 %.
    for (const [row, shares] of expected.entries()) {
      for (const [event, share] of shares.entries()) expect(Math.abs(percent[row][event] - share)).toBeLessThan(5);
      expect(percent[row].map((share: number) => share > 0)).toEqual(shares.map((share) => share > 0));
    }
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
    const graph = new Graph();
    const wrong = () => swish(graph.input([4, 3]), graph.input([4]));
    expect(wrong).toThrow('swish: x must be (N, D) and slope (D), got [4, 3] and [4]');
  });

  it('use what anyone can import', () => {
    const sources = [...text('examples/custom-operation.ts').matchAll(/from '(.*)'/g)].map(([, source]) => source);
    const entries = ['@chipsmith/kernels', '@chipsmith/kernels/node', '@chipsmith/kernels/operation'];
    expect(new Set(sources)).toEqual(new Set(entries));
  });
});
