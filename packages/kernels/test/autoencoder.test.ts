import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  adamSchedule,
  batchNorm,
  conv2d,
  conv2dTranspose,
  cosineDecay,
  elementCount,
  Graph,
  globalNorm,
  gradients,
  mean,
  Program,
  plan,
  store,
  subtract,
  unary,
  uniformArray,
  warmUp,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

/** Pictures of 8 x 8 pixels of 0 or 1: a cross, a ring, rows, columns, a diagonal, a quarter. */
const formulas: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => row === 3 || column === 4,
  (row, column) => Math.abs(Math.hypot(row - 3.5, column - 3.5) - 3) < 0.6,
  (row) => row % 2 === 0,
  (_row, column) => column % 4 < 2,
  (row, column) => row === column,
  (row, column) => row < 4 && column < 4,
];
const pictures = Float32Array.from({ length: 6 * 64 }, (_, index) =>
  formulas[Math.floor(index / 64)](Math.floor(index / 8) % 8, index % 8) ? 1 : 0,
);

describe('a convolutional autoencoder', () => {
  it('learns six pictures through a code of 16 numbers: less than a hundredth of the first loss is left', async () => {
    const parameters = new Arena('parameters', 'parameters');
    const shapes = {
      encode1: [4, 4, 1, 8],
      scale1: [8],
      shift1: [8],
      encode2: [4, 4, 8, 4],
      decode2: [4, 4, 8, 4],
      scale2: [8],
      shift2: [8],
      decode1: [4, 4, 1, 8],
      bias: [1],
    };
    for (const [name, shape] of Object.entries(shapes)) parameters.add(name, shape);
    for (const [index, slot] of parameters.slots.entries()) {
      const isScale = slot.name.startsWith('scale');
      const values = uniformArray(elementCount(slot.shape), slot.shape.length === 4 ? 0.2 : 0, index, 5);
      device.write(slot, isScale ? values.fill(1) : values);
    }
    const [slopes, firstMoment, secondMoment] = ['g', 'm', 'v'].map((name) => parameters.mirror(name, 'optimiser'));
    const graph = new Graph();
    const weights = parameters.slots.map((slot) => graph.variable(slot));
    const [encode1, scale1, shift1, encode2, decode2, scale2, shift2, decode1, bias] = weights;
    const half = { stride: 2, padding: 1 };
    const x = graph.constant(pictures, [6, 8, 8, 1]);
    const hidden = unary('relu', batchNorm(conv2d(x, encode1, half), scale1, shift1).output);
    const code = unary('tanh', conv2d(hidden, encode2, half));
    const decoded = unary('relu', batchNorm(conv2dTranspose(code, decode2, half), scale2, shift2).output);
    const output = unary('sigmoid', conv2dTranspose(decoded, decode1, { ...half, bias }));
    const loss = mean(unary('square', subtract(output, x)));
    for (const [index, slope] of gradients(loss, weights).entries()) store(slope, slopes.slots[index]);
    const [flat, g, m, v] = [parameters, slopes, firstMoment, secondMoment].map((arena) => graph.flat(arena));
    const schedule = graph.input([3]);
    const state = { parameters: flat, gradients: g, firstMoment: m, secondMoment: v };
    adam(state, schedule, globalNorm(g), 1, { weightDecay: 1e-4 });

    const program = await Program.create(device, plan(graph, { history: [loss], limits: device.limits }));
    const rate = warmUp(10, cosineDecay(0.03, { steps: 90, floor: 0.003 }));
    for (let step = 1; step <= 100; step++) {
      program.write(schedule, adamSchedule(step, rate(step)));
      program.run();
    }
    const losses = (await program.history()).flat();
    expect(losses[0]).toBeGreaterThan(0.15);
    expect(losses[99]).toBeLessThan(losses[0] / 100);
    program.destroy();
    for (const arena of [parameters, slopes, firstMoment, secondMoment]) device.release(arena);
  });
});
