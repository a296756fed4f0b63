import { deriveSeed, type Encoding, Random } from '@chipsmith/data';
import { type Device, type MemoryLimits, Program, plan } from '@chipsmith/kernels';
import { type Checkpoint, requireEncoding, withParameters } from '../checkpoint/checkpoint.ts';
import { ModelError, requireIntegers } from '../error.ts';
import type { SequenceModel } from '../model.ts';
import { statefulPass } from '../stateful.ts';
import { chooseEvent, pick, type SamplingOptions } from './choose.ts';

export interface SampleOptions extends SamplingOptions {
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
  readonly signal?: AbortSignal | undefined;
}

export interface Sample {
  readonly events: Uint16Array;
  /** Mean negative log-likelihood of the sampled events under the model, in nats. */
  readonly nll: number;
}

/** Lanes of one program: enough to keep a device busy; more sequences take further rounds. */
const MOST_LANES = 64;

/** The memory that sampling takes, before anything is allocated. */
export function planSampling(model: SequenceModel, lanes: number, limits?: MemoryLimits) {
  const pass = statefulPass(model, lanes, 1);
  return { ...pass, plan: plan(pass.graph, { outputs: [pass.logits], ...(limits && { limits }) }) };
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
  const { count, length } = options;
  const lanes = Math.min(count, MOST_LANES);
  const { ids, keep, logits, state, plan: planned } = planSampling(model, lanes, device.limits);
  let program: Program | undefined;
  try {
    program = await Program.create(device, planned);
    const samples: Sample[] = [];
    for (let first = 0; first < count; first += lanes) {
      const drafts = Array.from(
        { length: lanes },
        (_, lane) => new Draft(options, metadata.firstEvents, (options.first ?? 0) + first + lane),
      );
      for (let step = 0; step < length - 1; step++) {
        options.signal?.throwIfAborted();
        program.write(
          ids,
          Uint32Array.from(drafts, (draft) => draft.events[step]),
        );
        program.write(keep, new Float32Array(lanes).fill(step === 0 ? 0 : 1));
        program.run();
        if (step + 1 >= drafts[0].given) {
          const scores = await program.read(logits);
          for (const [lane, draft] of drafts.entries()) {
            draft.extend(scores.subarray(lane * model.classes, (lane + 1) * model.classes));
          }
        }
        options.onProgress?.((first / lanes + (step + 1) / (length - 1)) / Math.ceil(count / lanes));
      }
      samples.push(...drafts.slice(0, count - first).map((draft) => draft.finish()));
    }
    return samples;
  } finally {
    program?.destroy();
    device.release(state);
  }
}

/** One sequence on its way. */
class Draft {
  readonly events: number[];
  /** How many events were given. */
  readonly given: number;
  readonly #options: SampleOptions;
  readonly #random: Random;
  #logLikelihood = 0;

  constructor(options: SampleOptions, firstEvents: readonly number[], index: number) {
    this.#options = options;
    this.#random = new Random(deriveSeed(options.seed, index));
    this.events = [...(options.primer ?? [pick(firstEvents, this.#random.nextFloat())])];
    this.given = this.events.length;
  }

  extend(logits: ArrayLike<number>): void {
    const allowed = this.#options.encoding.allowedAfter(this.events.at(-1));
    const { event, logProbability } = chooseEvent(logits, allowed, this.#options, this.#random.nextFloat());
    this.events.push(event);
    this.#logLikelihood += logProbability;
  }

  finish(): Sample {
    const sampled = this.events.length - this.given;
    return { events: Uint16Array.from(this.events), nll: -this.#logLikelihood / sampled };
  }
}
