import { describe, expect, it } from 'vitest';
import { elementCount, evaluate, Graph, plan, slice } from '../src/index.ts';
import { applyAttentionLstm, attentionLstmParts, shapesOf } from './cases/attention-lstm.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

const tensorsIn = (graph: Graph, shapes: readonly (readonly number[])[]) =>
  shapes.map((shape, index) => graph.constant(randomNumbers(elementCount(shape), index + 1), shape));

describe('attentionLstm', () => {
  it("has the weights of Magenta's attention_rnn", () => {
    const count = (shapes: readonly (readonly number[])[]) =>
      shapes.reduce((total, shape) => total + elementCount(shape), 0);
    const [, ...first] = shapesOf(1, 1, 74, 128);
    expect(count(first)).toBe(201_262);
    const second = [[128, 512], [128, 512], [512]];
    const classes = [[128, 40], [40]];
    expect(count([...first, ...second, ...classes])).toBe(338_006);
  });

  it('goes on from its state: step by step as all at once', async () => {
    const [steps, memory] = [5, 3];
    const graph = new Graph();
    const [x, ...weights] = tensorsIn(graph, shapesOf(steps, 2, 3, 4));
    const whole = applyAttentionLstm([x, ...weights], memory);
    const pieces = [applyAttentionLstm([slice(x, 0, 1), ...weights], memory)];
    for (let t = 1; t < steps; t++) {
      const { hidden, cell, context, memory: window } = pieces[t - 1].final;
      const state = [hidden, cell, context, window];
      pieces.push(applyAttentionLstm([slice(x, t, t + 1), ...weights, ...state], memory));
    }
    const outputs = pieces.map(({ output }) => output);
    const last = attentionLstmParts(pieces[steps - 1]);
    const [all, final, ...single] = await evaluate(device, [attentionLstmParts(whole), last, ...outputs]);
    const stepwise = [...single.flatMap((values) => [...values]), ...final.slice(2 * 4)];
    expectClose(stepwise, all, TOLERANCE.reduction, 'step by step');
  });

  it('takes memory in proportion to its length', () => {
    const activations = (steps: number) => {
      const graph = new Graph();
      const { output } = applyAttentionLstm(tensorsIn(graph, shapesOf(steps, 4, 8, 16)), 8);
      return plan(graph, { outputs: [output] }).byCategory.activations;
    };
    const [short, middle, long] = [activations(64), activations(128), activations(192)];
    expect(long - middle).toBe(middle - short);
  });

  it('refuses weights, states and memories that do not fit', () => {
    const graph = new Graph();
    const tensors = tensorsIn(graph, shapesOf(2, 1, 3, 4, 2));
    expect(() => applyAttentionLstm(tensors.with(6, graph.input([4, 4])), 2)).toThrow(
      'attentionLstm: query must be [8, 4], got [4, 4].',
    );
    expect(() => applyAttentionLstm(tensors, 3)).toThrow(
      'attentionLstm: the initial state must be (B, H) thrice and a memory (N, B, H) with N = 3',
    );
    expect(() => applyAttentionLstm(tensors, 0)).toThrow(
      'attentionLstm: the memory must be of 1 output or more, got 0.',
    );
  });
});
