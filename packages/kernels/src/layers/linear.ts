import { matmul } from '../operations/matmul/matmul.ts';
import type { Activation } from '../operations/unary.ts';
import { reshape } from '../operations/view.ts';
import { requireShape } from '../trace/checks.ts';
import type { Arena, Initialiser, Slot } from '../trace/memory.ts';
import { elementCount } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { glorotUniform } from './initialisers.ts';

/** Settings of `linearLayer`. */
export interface LinearLayerOptions {
  /** Adds a number to each output; default true. */
  readonly bias?: boolean;
  /** Applied to each output; none by default. */
  readonly activation?: Activation | undefined;
  /** What the kernel starts from; Glorot's uniform distribution by default. */
  readonly initialiser?: Initialiser;
}

/** A matrix and a bias, by which each row of inputs becomes one of outputs. */
export interface LinearLayer {
  /** (I, O). */
  readonly kernel: Slot;
  /** (O); starts at zero. */
  readonly bias: Slot | undefined;
  /** @param x (..., I) @returns (..., O) */
  apply(x: Tensor): Tensor;
}

/**
 * A linear (dense, fully connected) layer: y = f(x kernel + bias), f being the activation, if any.
 *
 * @param name the slots are `name/kernel` and `name/bias`
 */
export function linearLayer(
  arena: Arena,
  name: string,
  inputs: number,
  outputs: number,
  { bias: hasBias = true, activation, initialiser = glorotUniform(inputs, outputs) }: LinearLayerOptions = {},
): LinearLayer {
  const kernel = arena.add(`${name}/kernel`, [inputs, outputs], initialiser);
  const bias = hasBias ? arena.add(`${name}/bias`, [outputs]) : undefined;
  return {
    kernel,
    bias,
    apply(x) {
      requireShape(x.shape.at(-1) === inputs, name, `x must be (..., ${inputs})`, x);
      const rows = reshape(x, [elementCount(x.shape) / inputs, inputs]);
      const y = matmul(rows, x.graph.variable(kernel), {
        ...(bias && { bias: x.graph.variable(bias) }),
        ...(activation && { activation }),
      });
      return reshape(y, x.shape.with(-1, outputs));
    },
  };
}
