import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareReports, comparisonTable, differingConditions } from '../src/report/compare.ts';
import { markdownReport } from '../src/report/markdown.ts';
import { type Report, ReportError, type Result, readReport, writeReport } from '../src/report/results.ts';
import { formatNumber, memoryTable, terminalTable, timeTable } from '../src/report/table.ts';

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
  shareOfPeak: 0.25,
  memory: { predicted: memory, allocated: memory },
});

const report = (...results: Result[]): Report => ({
  format: 'chipsmith benchmarks 1',
  date: '2026-11-02T10:00:00.000Z',
  command: 'pnpm bench --quick',
  machine: { processor: 'Test processor', cores: 2, memoryBytes: 8 * 2 ** 30, system: 'linux 6.1 x64' },
  adapter: { name: 'llvmpipe', driver: 'Mesa', backend: 'gles', software: true },
  versions: { chipsmith: '0.1.0', commit: 'abc1234', node: '20.20.2', webgpu: '0.6.2' },
  load: { start: 0.25, end: 1.5 },
  results,
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
      ['full.json', report(result('a', 10), result('b', 20))],
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

  it('make a page with the command, the load and both tables', () => {
    const page = markdownReport(report(result('lstm', 200)));
    expect(page).toContain('    pnpm bench --quick\n');
    expect(page).toContain('Load average: 0.25 at the start, 1.50 at the end');
    expect(page).toMatch(/^\| lstm +\| 200 ms \| +180 ms \| 400 ms \| 2,560 tokens\/s \| +25\.0 % \|$/m);
    expect(page).toMatch(
      /^\| lstm +\| +3\.00 \| +3\.00 \| +6\.00 \| +0\.50 \| +0\.00 \| +1\.00 \| +13\.50 \| +13\.50 \|$/m,
    );
  });
});
