import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Metrics, train } from '../src/index.ts';
import { crc32c, scalarsRecord, versionRecord } from '../src/node/event-file.ts';
import { RunFolder } from '../src/node.ts';
import { abortedAfter, metricsOf, newRun } from './support/runs.ts';

describe('an event file for TensorBoard', () => {
  it('has the checksums of RFC 3720, appendix B.4', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  });

  it('has the bytes that TensorBoard 2.21 itself writes for the same events', () => {
    const time = 1_700_000_000_500;
    expect(versionRecord(time).toString('hex')).toBe(
      '1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110',
    );
    const rates = { gradientNorm: 0.25, learningRate: 0.125, tokensPerSecond: 20_000, waited: 0 };
    expect(scalarsRecord({ step: 300, time, loss: 1.5, ...rates, valid: { loss: 2 } }).toString('hex')).toBe(
      '8300000000000000b3b191e90900002040fc54d94110ac022a750a0b0a046c6f7373150000c03f0a140a0d6772616469656e745f6e6f726d' +
        '150000803e0a140a0d6c6561726e696e675f72617465150000003e0a180a11746f6b656e735f7065725f7365636f6e641500409c46' +
        '0a0d0a0677616974656415000000000a110a0a76616c69642f6c6f737315000000401ff0cef5',
    );
  });

  it('tells of each step once, whether a run was cut off or not, and not after the step that it went back to', async () => {
    const options = newRun({ steps: 9 });
    const tensorBoard = () => new RunFolder(options.folder, { tensorBoard: true });
    await train({ ...options, store: tensorBoard(), signal: abortedAfter(5) });
    const later: Metrics = { ...(await metricsOf(options.folder))[0], step: 8 };
    await new RunFolder(options.folder).log(later);
    await train({ ...options, store: tensorBoard(), resume: true });
    const folder = join(options.folder, 'tensorboard');
    const [name, ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d+\.chipsmith$/);
    const metrics = await metricsOf(options.folder);
    expect(metrics.map(({ step }) => step)).toEqual([3, 5, 6, 9]);
    const bytes = await readFile(join(folder, name));
    const records = metrics.map(scalarsRecord);
    expect(bytes.subarray(versionRecord(0).length).equals(Buffer.concat(records))).toBe(true);
  });
});
