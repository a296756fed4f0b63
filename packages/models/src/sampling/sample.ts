import { deriveSeed, type Encoding, Random } from '@chipsmith/data';
import {
  add,
  categorical,
  categoricalSettings,
  type Device,
  type MemoryLimits,
  NO_CLASS,
  type PreparationOptions,
  Program,
  plan,
  store,
} from '@chipsmith/kernels';
import { type Checkpoint, requireEncoding, withParameters } from '../checkpoint/checkpoint.ts';
import { ModelError, requireIntegers } from '../error.ts';
import type { SequenceModel } from '../model.ts';
import { statefulPass } from '../stateful.ts';
import { pick } from './pick.ts';

export interface SampleOptions {
  /** Divides the scores: below 1 safer, above 1 wilder; > 0. */
  readonly temperature: number;
  /** Only the k likeliest events, k >= 1; all if left out. */
  readonly topK?: number | undefined;
  /** Only the likeliest events that together hold this share (nucleus, Holtzman et al., arXiv 1904.09751), 0..1. */
  readonly topP?: number | undefined;
  /** Sequences to draw. */
  readonly count: number;
  /** Number of the first one, 0 if left out: to draw more of the same series. */
  readonly first?: number | undefined;
  /** Events of each, primer included; at least 2. */
  readonly length: number;
  readonly seed: number;
  /** Events that every sequence starts with; without them, one that training sequences start with. */
  readonly primer?: readonly number[] | undefined;
  readonly encoding: Encoding;
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Called before that, while kernels are measured and compiled. */
  readonly onPreparation?: PreparationOptions['onProgress'];
  readonly signal?: AbortSignal | undefined;
}

export interface Sample {
  readonly events: Uint16Array;
  /** Mean negative log-likelihood of the sampled events under the model within the grammar, at temperature 1, in nats. */
  readonly nll: number;
}

/** Lanes of one program: enough to keep a device busy; more sequences take further rounds. */
const MAX_LANES = 64;

/**
 * A step of sampling, and the memory that it takes, before anything is allocated. The device chooses: only the events are
 * read back, and the likelihood once at the end.
 */
export function planSampling(model: SequenceModel, lanes: number, limits?: MemoryLimits) {
  const pass = statefulPass(model, lanes, 1);
  const { graph, logits, state } = pass;
  const settings = graph.input([4]);
  const seeds = graph.input([lanes], 'u32');
  const allowed = graph.input([lanes, model.classes]);
  const { choice, logProbability } = categorical(logits, settings, seeds, 0, allowed);
  const logLikelihood = state.add('log-likelihood', [lanes]);
  store(add(graph.variable(logLikelihood), logProbability), logLikelihood);
  const planned = plan(graph, { outputs: [choice], ...(limits && { limits }) });
  return { ...pass, settings, seeds, allowed, choice, logLikelihood, plan: planned };
}

/**
 * Draws sequences from a checkpoint's model, all side by side. Sequence n depends on (seed, n) only, not on how many are drawn.
 *
 * @throws ModelError if an option is out of its range, the encoding is not the model's, or the primer is too long or breaks
 * the encoding's grammar
 * @throws the signal's reason once it is aborted
 */
export async function sample(device: Device, checkpoint: Checkpoint, options: SampleOptions): Promise<Sample[]> {
  requireOptions(options);
  requireEncoding(checkpoint.metadata, options.encoding);
  return withParameters(device, checkpoint, () => draw(device, checkpoint, options));
}

function requireOptions({
  count,
  first,
  length,
  seed,
  temperature,
  topK,
  topP,
  primer,
  encoding,
}: SampleOptions): void {
  requireIntegers('Sampling', 0, { first: first ?? 0 });
  requireIntegers('Sampling', 1, { count, topK: topK ?? 1 });
  requireIntegers('Sampling', 2, { length });
  requireIntegers('Sampling', Number.MIN_SAFE_INTEGER, { seed });
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new ModelError(`Sampling: temperature is ${temperature}; give a number above 0.`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new ModelError(`Sampling: topP is ${topP}; give a number above 0, at most 1.`);
  }
  if (primer === undefined) return;
  if (primer.length === 0 || primer.length >= length) {
    throw new ModelError(
      `The primer has ${primer.length} events: it must have 1 to ${length - 1}, or ask for more bars.`,
    );
  }
  for (const [index, event] of primer.entries()) {
    if (encoding.allowedAfter(primer[index - 1])[event]) continue;
    throw new ModelError(
      `The primer holds ${event} at ${index}, which ${encoding.name} does not allow there; correct it.`,
    );
  }
}

async function draw(device: Device, { model, metadata }: Checkpoint, options: SampleOptions): Promise<Sample[]> {
  const { count, length, signal, onPreparation } = options;
  const lanes = Math.min(count, MAX_LANES);
  const step = planSampling(model, lanes, device.limits);
  let program: Program | undefined;
  try {
    program = await Program.create(device, step.plan, { signal, onProgress: onPreparation });
    program.write(step.settings, categoricalSettings(options));
    const samples: Sample[] = [];
    for (let first = 0; first < count; first += lanes) {
      const drafts = Array.from(
        { length: lanes },
        (_, lane) => new Draft(options, metadata.firstEvents, (options.first ?? 0) + first + lane),
      );
      const { given } = drafts[0];
      for (let position = 0; position < length - 1; position++) {
        signal?.throwIfAborted();
        const events = Uint32Array.from(drafts, (draft) => draft.events[position]);
        program.write(step.ids, events);
        program.write(step.keep, new Float32Array(lanes).fill(position === 0 ? 0 : 1));
        if (position + 1 === given) device.write(step.logLikelihood, new Float32Array(lanes));
        if (position + 1 >= given) {
          program.write(step.allowed, grammar(options.encoding, events, model.classes));
          program.write(
            step.seeds,
            Uint32Array.from(drafts, (draft) => draft.random.nextUint32()),
          );
        }
        program.run();
        if (position + 1 >= given) {
          const choices = await program.read(step.choice);
          if (choices.includes(NO_CLASS)) {
            throw new ModelError("The model's logits are NaN; retrain, or use an earlier checkpoint.");
          }
          for (const [lane, draft] of drafts.entries()) draft.events.push(choices[lane]);
        }
        options.onProgress?.((first / lanes + (position + 1) / (length - 1)) / Math.ceil(count / lanes));
      }
      const logLikelihoods = await device.read(step.logLikelihood);
      for (const [lane, { events }] of drafts.slice(0, count - first).entries()) {
        samples.push({ events: Uint16Array.from(events), nll: -logLikelihoods[lane] / (length - given) });
      }
    }
    return samples;
  } finally {
    program?.destroy();
    device.release(step.state);
  }
}

/** For each sequence, 1 for events that may follow its last one, else 0. */
function grammar(encoding: Encoding, last: Uint32Array, classes: number): Float32Array<ArrayBuffer> {
  const allowed = new Float32Array(last.length * classes);
  for (const [lane, event] of last.entries()) {
    for (const [next, isAllowed] of encoding.allowedAfter(event).entries()) {
      if (isAllowed) allowed[lane * classes + next] = 1;
    }
  }
  return allowed;
}

/** One sequence on its way. */
class Draft {
  readonly events: number[];
  /** How many events were given. */
  readonly given: number;
  readonly random: Random;

  constructor({ seed, primer }: SampleOptions, firstEvents: readonly number[], index: number) {
    this.random = new Random(deriveSeed(seed, index));
    this.events = [...(primer ?? [pick(firstEvents, this.random.nextFloat())])];
    this.given = this.events.length;
  }
}
