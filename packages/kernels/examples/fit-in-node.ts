import { Arena, elementCount, Graph, gradients, Program, plan, uniformArray } from '@chipsmith/kernels';
// Operations, all of which the README's table names:

import { matmul, mean, scale, store, subtract, unary } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';

const device = await openDevice();
const parameters = new Arena('parameters', 'parameters');
const slots = [parameters.add('w1', [2, 8]), parameters.add('b1', [8]), parameters.add('w2', [8, 1])];
for (const [index, slot] of slots.entries()) {
  device.write(slot, uniformArray(elementCount(slot.shape), 1, index, 42));
}

const graph = new Graph();
const weights = slots.map((slot) => graph.variable(slot));
const [w1, bias, w2] = weights;
const x = graph.constant(Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), [4, 2]);
const y = graph.constant(Float32Array.of(0, 1, 1, 0), [4, 1]);
const output = matmul(unary('tanh', matmul(x, w1, { bias })), w2);
const loss = mean(unary('square', subtract(output, y)));
for (const [index, slope] of gradients(loss, weights).entries()) {
  store(subtract(weights[index], scale(slope, 0.3)), slots[index]);
}

const program = await Program.create(device, plan(graph, { outputs: [output], history: [loss] }));
for (let step = 0; step < 1000; step++) program.run();
console.log(await program.read(output)); // close to 0, 1, 1, 0
device.destroy();
