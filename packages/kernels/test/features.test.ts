import { describe, expect, it } from 'vitest';
import { type Device, type Feature, Graph, type Kernel, onceDifferentiable, plan, write } from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { Tuner } from '../src/tuner.ts';

function kernel(label: string, requires: readonly Feature[], value: string): Kernel {
  const code = `fn main() { result[0] = ${value}; }`;
  return { label, bindings: [write('result')], uniforms: [], workgroupSize: [1, 1, 1], requires, code };
}

const PLAIN = kernel('plain', [], '7.0');
const SPECIAL = kernel('special', ['subgroups', 'shader-f16'], 'f32(7.0h)');

async function withDevice(adapter: string, use: (device: Device) => Promise<void>): Promise<void> {
  const device = await openDevice({ adapter, tune: false });
  try {
    await use(device);
    await device.check();
  } finally {
    device.destroy();
  }
}

describe('optional features', () => {
  it('are those that the adapter has, and enabled where a kernel requires them', () =>
    withDevice('null', async (device) => {
      expect([...device.features].sort()).toEqual(['shader-f16', 'subgroups', 'timestamp-query']);
      await device.pipeline(SPECIAL, []);
    }));

  it('that a device lacks are named where a kernel requires them', () =>
    withDevice('gles', async (device) => {
      expect([...device.features]).toEqual([]);
      await expect(device.pipeline(SPECIAL, [])).rejects.toThrow(
        /^Kernel special does not fit this device: .* lacks the feature subgroups\./,
      );
    }));

  it('that a device lacks leave the variants out that require them, even remembered ones', () =>
    withDevice('gles', async (device) => {
      const graph = new Graph();
      const variants = [PLAIN, SPECIAL].map((each) => ({ kernel: each, workgroups: [1, 1, 1] as const }));
      const [y] = graph.apply(
        {
          name: 'seven',
          outputs: () => [{ shape: [1], dtype: 'f32' }],
          kernels: ({ outputs }) => [
            { ...variants[0], operands: outputs, uniforms: [], choice: { problem: 'seven', work: 1e9, variants } },
          ],
          backward: onceDifferentiable,
        },
        [],
        {},
      );
      const memory = new Map([['seven', 'special']]);
      const chosen = await new Tuner(memory).choose(device, plan(graph, { outputs: [y] }).dispatches);
      expect(chosen).toEqual([variants[0]]);
      expect(memory.get('seven')).toBe('plain');
    }));
});
