import { keyMelodyFeatures } from '@chipsmith/data';
import {
  Arena,
  attentionLstmLayer,
  dropout,
  type LinearLayer,
  linearLayer,
  lstmLayers,
  reshape,
  type Tensor,
} from '@chipsmith/kernels';
import type { EventNetwork } from '../next-event/network.ts';
import { type EventReading, readFeatures } from '../next-event/reading.ts';
import { eventRnn, type RnnSettings } from '../next-event/rnn.ts';

/** Steps that the first layer looks back over its own outputs: attn_length of the source. */
const MEMORY = 40;

/**
 * Magenta's attention_rnn (magenta 2.1.4, melody_rnn_model.py): KeyMelody's 74 inputs, 40 labels, attention over 40
 * steps.
 */
export const attentionRnn = eventRnn({
  name: 'attention-rnn',
  summary: "Magenta's Attention RNN: keys and contour as inputs, and attention over the last 40 steps",
  encodings: ['melody'],
  reading: (encoding) => readFeatures(keyMelodyFeatures, encoding),
  network: attentionNetwork,
  defaults: { layers: [128, 128], dropout: 0.5, learningRate: 0.001, clipNorm: 3 },
  training: { batch: 64, length: 64 },
  temperature: 0.9,
});

/** The first layer attends to its outputs (Cheng et al., arXiv 1601.06733), as the source wraps that one alone. */
function attentionNetwork(
  { layers: [first, ...others], dropout: rate }: RnnSettings,
  reading: EventReading,
): EventNetwork {
  const parameters = new Arena('parameters', 'parameters');
  const attention = attentionLstmLayer(parameters, 'attention', reading.features ?? reading.labels, first, {
    memory: MEMORY,
  });
  const lstm = others.length === 0 ? undefined : lstmLayers(parameters, 'lstm', first, others);
  const features = lstm?.features ?? first;
  const output: LinearLayer = linearLayer(parameters, 'output', features, reading.labels);
  return {
    parameters,
    stateShapes: (batch) => [...attention.stateShapes(batch), ...(lstm?.stateShapes(batch) ?? [])],
    apply(inputs, { state, dropoutSeed }) {
      const drop = (x: Tensor, stream: number) =>
        dropoutSeed === undefined ? x : dropout(x, rate, dropoutSeed, stream);
      const count = attention.stateShapes(1).length;
      const bottom = attention.apply(inputs, { state: state?.slice(0, count) });
      const between = dropoutSeed && { rate, seed: dropoutSeed, stream: 1 };
      const dropped = drop(bottom.output, 0);
      const top = lstm?.apply(dropped, { state: state?.slice(count), dropout: between });
      const last = top === undefined ? dropped : drop(top.output, others.length);
      const [steps, batch] = inputs.shape;
      return {
        logits: output.apply(reshape(last, [steps * batch, features])),
        state: [...bottom.state, ...(top?.state ?? [])],
      };
    },
  };
}
