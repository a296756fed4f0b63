import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KERNEL_BENCHMARKS } from '../src/gpu/run-kernels.ts';
import { PEERS } from '../src/peers/names.ts';
import { compareReports, comparisonTable, differingConditions } from '../src/report/compare.ts';
import { htmlReport } from '../src/report/html.ts';
import { markdownReport } from '../src/report/markdown.ts';
import { type Report, ReportError, type Result, readReport, writeReport } from '../src/report/results.ts';
import { shortSections } from '../src/report/sections.ts';
import {
  formatNumber,
  memoryTable,
  peerFailures,
  peerTable,
  resultLine,
  terminalTable,
  timeTable,
} from '../src/report/table.ts';

const MIB = 2 ** 20;
const memory = {
  parameters: 3 * MIB,
  gradients: 3 * MIB,
  optimiser: 6 * MIB,
  activations: MIB / 2,
  workspace: 0,
  staging: MIB,
};

const result = (name: string, median: number): Result => ({
  name,
  wall: { minimum: median * 0.9, median },
  cpu: { median: median * 2 },
  rounds: 5,
  rates: [{ value: 512_000 / median, unit: 'tokens/s' }],
  share: { of: 'FMA', value: 0.25 },
  memory: { predicted: memory, allocated: memory },
});

const report = (...results: Result[]): Report => ({
  format: 'chipsmith benchmarks 2',
  date: '2026-11-02T10:00:00.000Z',
  command: 'pnpm bench --quick',
  machine: { processor: 'Test processor', cores: 2, memoryBytes: 8 * 2 ** 30, system: 'linux 6.1 x64' },
  adapter: { name: 'llvmpipe', driver: 'Mesa', backend: 'gles', software: true },
  versions: {
    chipsmith: '0.1.0',
    commit: 'abc1234',
    node: '20.20.2',
    webgpu: '0.6.2',
    peers: { '@jax-js/jax': '0.1.25' },
  },
  load: { start: 0.25, end: 1.5 },
  results,
  host: [{ name: 'host cost LSTM', dispatches: 169, microsecondsPerDispatch: 2.534, heapBytesPerRun: -3.2 }],
  growth: [256, 512].map((length) => ({
    name: 'attention memory by length',
    length,
    bytes: length * 2048,
    scoreBytes: 32 * length ** 2,
  })),

  waiting: [
    { name: 'on disk, augmented', stepMilliseconds: 50, steps: 100, waitedShare: 0.0123, millisecondsWaited: 0.62 },
  ],
  composing: [{ name: 'basic-rnn', millisecondsTogether: 1500, millisecondsInTurn: 18_250, timesAsFast: 12.17 }],
});

const compared = (name: string): Result => ({
  ...result(name, 100),
  peers: [
    { peer: 'jax-wasm', wall: 250, ratio: { median: 2.5, least: 2.25, most: 3 } },
    { peer: 'tfjs-cpu', failure: 'too slow', detail: 'no answer to "sample" within 50 s' },
  ],
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chipsmith-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('reports on disk', () => {
  it('come back as they were written, in folders made for them, with nothing beside them', async () => {
    const { adapter: _, ...withoutAdapter } = report(result('a', 10));
    for (const [name, value] of [
      ['full.json', report(compared('a'), result('b', 20))],
      ['bare.json', withoutAdapter],
    ] as const) {
      const file = join(folder, 'new', name);
      await writeReport(file, value);
      expect(readReport(file)).toEqual(value);
    }
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['bare.json', 'full.json']);
  });

  it.each([
    ['an empty file', '', 'cannot be read'],
    ['half a file', '{"format": "chipsmith', 'cannot be read'],
    ['other JSON', '{"format": "something else"}', 'is not a report of the benchmarks at format'],
    ['a time that is none', JSON.stringify(report(result('a', -1))), 'at results.0.wall.minimum'],
    ['an unknown field', JSON.stringify({ ...report(), speed: 1 }), 'is not a report of the benchmarks'],
  ])('refuse %s, naming file and field', (_, text, reason) => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, text);
    expect(() => readReport(file)).toThrow(ReportError);
    expect(() => readReport(file)).toThrow(file);
    expect(() => readReport(file)).toThrow(reason);
  });

  it('refuse a missing file', () => {
    expect(() => readReport(join(folder, 'none.json'))).toThrow(ReportError);
  });
});

describe('the table of times', () => {
  it('says of a share below its goal what launches and memory explain', () => {
    const bounds = { launching: 0.123, memory: 0.4 };
    const rows = [
      { ...result('reached', 10), goal: 0.25, bounds },
      { ...result('below', 10), goal: 0.3, bounds },
      { ...result('unexplained', 10), goal: 0.3 },
      result('without', 10),
    ];
    expect(timeTable(rows).rows.map((row) => row.at(-1))).toEqual([
      '25 %',
      'below 30 %: 12 % launching, 40 % memory',
      'below 30 %',
      '',
    ]);
  });
});

describe('compareReports', () => {
  const before = report(result('same', 100), result('slower', 100), result('faster', 100), result('gone', 1));
  const now = report(result('same', 109), result('slower', 112), result('faster', 50), result('new', 1));

  it('gives the ratio of the medians and marks changes of more than 10 %', () => {
    const { rows, onlyBefore, onlyNow } = compareReports(before, now);
    expect(rows.map(({ name, ratio, verdict }) => [name, ratio, verdict])).toEqual([
      ['same', 1.09, 'same'],
      ['slower', 1.12, 'slower'],
      ['faster', 0.5, 'faster'],
    ]);
    expect(onlyBefore).toEqual(['gone']);
    expect(onlyNow).toEqual(['new']);
    expect(comparisonTable(rows).rows.map((row) => row[4])).toEqual(['', '! slower', '! faster']);
  });

  it('says where the conditions differ', () => {
    expect(differingConditions(before, now)).toEqual([]);
    const elsewhere = { ...now, machine: { ...now.machine, cores: 8 } };
    expect(differingConditions(before, elsewhere)).toEqual(['cores: before 2, now 8']);
  });
});

describe('tables', () => {
  it('give three significant digits, whole numbers from 100 on', () => {
    expect([0.01234, 1.5, 27.06, 99.96, 123.4, 12345.6].map(formatNumber)).toEqual([
      '0.0123',
      '1.50',
      '27.1',
      '100',
      '123',
      '12,346',
    ]);
  });

  it('line up on the terminal', () => {
    const lines = terminalTable(timeTable([result('short', 1), result('a longer name', 1000)])).split('\n');
    expect(lines[0]).toMatch(/^benchmark {6}/);
    expect(lines[3]).toMatch(/^a longer name {2}1,000 ms/);
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  });

  it('show memory by category, planned and allocated, for those that have some', () => {
    const { memory: _, ...onProcessor } = result('apu', 1);
    const { rows } = memoryTable([result('lstm', 1), onProcessor]);
    expect(rows).toEqual([['lstm', '3.00', '3.00', '6.00', '0.50', '0.00', '1.00', '13.50', '13.50']]);
  });

  it('give the ratio of each peer, the reason where there is none, and no column for peers not asked', () => {
    const results = [result('ours alone', 1), compared('lstm')];
    expect(peerTable(results)).toEqual({
      head: ['times as long as ours', 'jax-js Wasm', 'tfjs CPU'],
      rows: [['lstm', '2.50 x', 'too slow']],
    });
    expect(peerFailures(results)).toEqual(['tfjs CPU, lstm: too slow, no answer to "sample" within 50 s']);
  });

  it('say a result in one line while the run goes on', () => {
    expect(resultLine(result('alone', 100))).toBe('alone: 100 ms, 25.0 % FMA');
    expect(resultLine(compared('lstm'))).toBe('lstm: 100 ms, 25.0 % FMA, jax-js Wasm 2.50 x, tfjs CPU too slow');
  });

  it('fit 100 columns with every benchmark, peer and reason', () => {
    const results = KERNEL_BENCHMARKS.map(
      ({ name }): Result => ({
        ...result(name, 12_345),
        rates: [
          { value: 12_345, unit: 'tokens/s' },
          { value: 99.9, unit: 'GFLOP/s' },
        ],
        peers: PEERS.map((peer) => ({ peer, failure: 'no such op', detail: '' })),
      }),
    );
    for (const { table } of shortSections(report(...results))) {
      for (const line of terminalTable(table).split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });

  it('make a page with the command, the conditions and all tables', () => {
    const page = markdownReport(report(compared('lstm')));
    expect(page).toContain('    pnpm bench --quick\n');
    expect(page).toContain('Load average: 0.25 at the start, 1.50 at the end');
    expect(page).toContain('- Versions: Node 20.20.2, webgpu 0.6.2, @jax-js/jax 0.1.25\n');
    const rows = [
      ['lstm', '100 ms', '5,120 tokens/s', '25.0 % FMA', '13.5 MiB'],
      ['lstm', '2.50 x', 'too slow'],
      ['lstm', '100 ms', '90.0 ms', '200 ms', '5'],
      ['lstm', '3.00', '3.00', '6.00', '0.50', '0.00', '1.00', '13.50', '13.50'],
      ['host cost LSTM', '169', '2.53 us', '-3 bytes'],
      ['length 512', '1.00 MiB', '2.0 KiB', '8.00 MiB'],
    ];
    const cells = page.split('\n').map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .filter(Boolean),
    );
    for (const row of rows) expect(cells).toContainEqual(row);
  });

  it('make one page with charts that loads nothing and takes names as text', async () => {
    const page = await htmlReport(report({ ...compared('a <b> & c'), share: { of: 'copy', value: 0.5 } }));
    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page).toContain('<td>a &lt;b&gt; &amp; c</td>');
    expect(page).not.toContain('<b>');
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(/);
    expect((await htmlReport({ ...report(), host: [], growth: [] })).match(/<svg /g)).toBeNull();
  });
});
