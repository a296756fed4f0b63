/**
 * Runs in a process of its own on lavapipe: products and row reductions, then kernels by subgroups against plain ones.
 * Prints JSON. All operations would take a minute a subgroup size: lavapipe compiles slowly.
 */
import { type Device, evaluate, Graph } from '../../src/index.ts';
import { openDevice } from '../../src/node.ts';
import { LINEAR_WORKGROUP, type Operation, onceDifferentiable, write } from '../../src/operation.ts';
import { matmulProblem } from '../../src/operations/matmul/matmul.ts';
import { cases } from '../cases/all.ts';
import { verifyCore } from '../support/core.ts';
import { halfFailures } from '../support/half.ts';
import { everyVariant, FORMS, matmulBy } from '../support/matmul-variants.ts';
import { randomNumbers } from '../support/numbers.ts';
import type { OperationCase } from '../support/verify.ts';

/** Operations whose gradients are compared with everything stored in 16 bits. */
const HALVED = ['matmul', 'lstm', 'layerNorm', 'unary', 'embedding', 'attention'] as const;

const SIZES = [
  { M: 37, N: 23, K: 41 },
  { M: 20, N: 260, K: 36 },
];

/** Products by subgroups whose bits are not those of the smallest register tile. */
async function matmulsThatDiffer(device: Device): Promise<{ compared: number; failures: string[] }> {
  const failures: string[] = [];
  let compared = 0;
  for (const { M, N, K } of SIZES) {
    for (const { transposeA, transposeB } of FORMS) {
      const graph = new Graph();
      const a = graph.constant(randomNumbers(M * K, 1), transposeA ? [K, M] : [M, K]);
      const b = graph.constant(randomNumbers(K * N, 2), transposeB ? [N, K] : [K, N]);
      const attributes = { transposeA, transposeB, added: 'nothing' } as const;
      const variants = everyVariant(matmulProblem([a, b], attributes, false));
      const plain = variants.findIndex(({ kernel }) => kernel.label.endsWith('tile 1x4'));
      for (const [number, { kernel }] of variants.entries()) {
        if (kernel.requires === undefined) continue;
        const both = [plain, number].map((each) => matmulBy(each, [a, b], attributes));
        const [expected, actual] = await evaluate(device, both);
        compared++;
        if (Buffer.compare(Buffer.from(expected.buffer), Buffer.from(actual.buffer)) !== 0) failures.push(kernel.label);
      }
    }
  }
  return { compared, failures };
}

/** As the shader sees it. */
const subgroupSizeOperation: Operation<object> = {
  name: 'subgroup size',
  outputs: () => [{ shape: [1], dtype: 'f32' }],
  kernels: ({ outputs }) => [
    {
      kernel: {
        label: 'subgroup size',
        bindings: [write('result')],
        uniforms: [],
        workgroupSize: [LINEAR_WORKGROUP, 1, 1],
        requires: ['subgroups'],
        code: 'fn main(@builtin(subgroup_size) size: u32) { store_result(0u, f32(size)); }',
      },
      operands: outputs,
      uniforms: [],
      workgroups: [1, 1, 1],
    },
  ],
  backward: onceDifferentiable,
};

const device = await openDevice({ tune: false });
const [[subgroupSize]] = await evaluate(device, new Graph().apply(subgroupSizeOperation, [], {}));
const core = await verifyCore(device, ['matmul', 'softmax', 'layerNorm', 'crossEntropy']);
const half: string[] = [];
for (const matrices of ['buffers', 'storage'] as const) {
  const halved = await openDevice({ tune: false, matrices });
  const tests = HALVED.flatMap((name) =>
    cases[name].filter((test: OperationCase) => test.differentiable !== false).slice(0, 2),
  );
  half.push(...(await halfFailures(halved, tests)).map((failure) => `${failure}, matrices from ${matrices}`));
  await halved.check();
  halved.destroy();
}
const matmuls = await matmulsThatDiffer(device);
const adapter = device.adapter.name;
device.destroy();
process.stdout.write(JSON.stringify({ adapter, subgroupSize, core, half, matmuls }));
