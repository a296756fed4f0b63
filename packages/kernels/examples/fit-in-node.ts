import { Arena, Graph, gradients, initialise, optimiser } from '@chipsmith/kernels';
// Layers and operations, all of which the README's tables name:

import { linearLayer, mean, Program, plan, subtract, unary } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';

const device = await openDevice();
const parameters = new Arena('parameters', 'parameters');
const hidden = linearLayer(parameters, 'hidden', 2, 8, { activation: 'tanh' });
const output = linearLayer(parameters, 'output', 8, 1);
initialise(device, parameters, 42);

const graph = new Graph();
const x = graph.constant(Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), [4, 2]);
const y = graph.constant(Float32Array.of(0, 1, 1, 0), [4, 1]);
const guess = output.apply(hidden.apply(x));
const loss = mean(unary('square', subtract(guess, y)));

const slopes = gradients(loss, graph.variables(parameters));
const adam = optimiser({ kind: 'adam' }, parameters);
const { schedule } = adam.step(slopes);

const program = await Program.create(device, plan(graph, { outputs: [guess], history: [loss] }));
for (let step = 1; step <= 200; step++) {
  program.write(schedule, adam.scheduleValues(step, 0.05));
  program.run();
}
console.log(await program.read(guess)); // close to 0, 1, 1, 0
device.destroy();
