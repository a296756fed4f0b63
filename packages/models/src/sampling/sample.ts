import { deriveSeed, type Encoding, Random } from '@chipsmith/data';
import { type Device, type MemoryLimits, Program, plan } from '@chipsmith/kernels';
import { type Checkpoint, withParameters } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import type { SequenceModel } from '../model.ts';
import { statefulPass } from '../stateful.ts';
import { chooseEvent, pick, type SamplingOptions } from './choose.ts';

export interface SampleOptions extends SamplingOptions {
  /** Sequences to draw. */
  readonly count: number;
  /** Number of the first one, 0 if left out: to draw more of the same series. */
  readonly first?: number;
  /** Events of each, primer included. */
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
 * @throws ModelError if the primer is too long or holds no events of the encoding
 */
export function sample(device: Device, checkpoint: Checkpoint, options: SampleOptions): Promise<Sample[]> {
  return withParameters(device, checkpoint, () => draw(device, checkpoint, options));
}

async function draw(device: Device, { model, metadata }: Checkpoint, options: SampleOptions): Promise<Sample[]> {
  const { count, length, primer } = options;
  if (primer !== undefined && (primer.length === 0 || primer.length >= length)) {
    throw new ModelError(
      `The primer has ${primer.length} events: it must have 1 to ${length - 1}, or ask for more bars.`,
    );
  }
  const strange = primer?.find((event) => !(event in options.encoding.allowedAfter(undefined)));
  if (strange !== undefined)
    throw new ModelError(`The primer holds ${strange}, which is no event of ${options.encoding.name}.`);

  const lanes = Math.min(count, MOST_LANES);
  const { ids, keep, logits, state, plan: planned } = planSampling(model, lanes, device.limits);
  const program = await Program.create(device, planned);
  try {
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
    program.destroy();
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
