import { describe, expect, it } from 'vitest';
import { Tuner } from '../src/device/tuner.ts';
import { type Device, Graph, plan } from '../src/index.ts';
import { openDevice } from '../src/node.ts';
import { type Feature, type Kernel, onceDifferentiable, write } from '../src/operation.ts';

function kernel(label: string, requires: readonly Feature[], value: string): Kernel {
  const code = `fn main() { store_result(0, ${value}); }`;
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
      const memory = new Map([['seven', 'special']]);
      expect(await tuned(device, memory, { variants: [PLAIN, SPECIAL] })).toBe('plain');
      expect(memory.get('seven')).toBe('plain');
    }));
});

describe('other kinds of a kernel', () => {
  // A loop of which nothing can be left out: millions of steps against one.
  const code =
    'fn main() { var x = 7.0; for (var i = 0; i < 2000000; i++) { x = fract(x * 1.7); } store_result(0, x); }';
  const slow = { ...PLAIN, label: 'slow', code };

  it('are taken where they are faster, but with barriers on the CPU not even run', () =>
    withDevice('gles', async (device) => {
      const barrier = {
        ...kernel('barrier', [], '7.0'),
        code: 'fn main() { workgroupBarrier(); store_result(0, 7.0); }',
      };
      const choice = { variants: [slow], otherKinds: [[SPECIAL], [barrier], [PLAIN]] };
      expect(await tuned(device, new Map(), choice)).toBe('plain');
      expect(await tuned(device, new Map(), { ...choice, otherKinds: [[SPECIAL], [barrier]] })).toBe('slow');
    }));
});

/** Label of the kernel that the tuner takes; the first of the variants is the dispatch's own. */
async function tuned(
  device: Device,
  memory: Map<string, string>,
  { variants, otherKinds = [] }: { variants: readonly Kernel[]; otherKinds?: readonly (readonly Kernel[])[] },
): Promise<string> {
  const variant = (each: Kernel) => ({ kernel: each, workgroups: [1, 1, 1] as const });
  const graph = new Graph();
  const choice = {
    problem: 'seven',
    work: 1e9,
    variants: variants.map(variant),
    otherKinds: otherKinds.map((kind) => kind.map(variant)),
  };
  const [y] = graph.apply(
    {
      name: 'seven',
      outputs: () => [{ shape: [1], dtype: 'f32' }],
      kernels: ({ outputs }) => [{ ...choice.variants[0], operands: outputs, uniforms: [], choice }],
      backward: onceDifferentiable,
    },
    [],
    {},
  );
  const [chosen] = await new Tuner(memory).choose(device, plan(graph, { outputs: [y] }).dispatches);
  return chosen.kernel.label;
}
