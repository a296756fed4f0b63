import { type Encoding, Random } from '@chipsmith/data';
import {
  add,
  categorical,
  categoricalSettings,
  Graph,
  type MemoryLimits,
  multiply,
  NO_CLASS,
  Program,
  plan,
  store,
} from '@chipsmith/kernels';
import { z } from 'zod';
import { ModelError } from '../error.ts';
import type { EventNetwork } from '../next-event/network.ts';
import type { EventReading } from '../next-event/reading.ts';
import type { ComposeContext, Composers, Composition, Seeded } from './composer.ts';
import { pick } from './pick.ts';
import { carriedState } from './stateful.ts';

/** Lanes of one program: enough to keep a device busy; more sequences take further rounds. */
const MAX_LANES = 64;

/** How the next event is chosen. */
function samplingSettings(temperature: number) {
  return z.strictObject({
    temperature: z
      .number()
      .min(0.01)
      .max(100)
      .default(temperature)
      .describe('divides the scores: below 1 safer, above 1 wilder'),
    topK: z.int().min(1).optional().describe('choose among the k likeliest events only'),
    topP: z
      .number()
      .min(0.001)
      .max(1)
      .optional()
      .describe('choose among the likeliest events that hold this share only'),
  });
}

type SamplingSettings = z.infer<ReturnType<typeof samplingSettings>>;

/** Something new, or something that goes on, event after event. @param temperature at which its music is best */
export function autoregressive(network: EventNetwork, reading: EventReading, temperature: number): Composers {
  const settings = samplingSettings(temperature);
  const draw = (
    requests: readonly DraftRequest[],
    chosen: Readonly<Record<string, unknown>>,
    context: ComposeContext,
  ) => drawAll(network, reading, requests, settings.parse(chosen), context);
  return {
    sample: { settings, compose: draw },
    continue: {
      settings,
      compose(requests, chosen, context) {
        for (const { primer } of requests) requirePrimer(primer, context);
        return draw(requests, chosen, context);
      },
    },
  };
}

interface DraftRequest extends Seeded {
  readonly primer?: readonly number[];
}

function requirePrimer(primer: readonly number[], { encoding, length }: ComposeContext): void {
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

/**
 * A step of sampling, and the memory that it takes, before anything is allocated. The device chooses: only the labels are
 * read back, and the likelihood once at the end.
 */
export function planSampling(network: EventNetwork, reading: EventReading, lanes: number, limits?: MemoryLimits) {
  const graph = new Graph();
  const { features, labels } = reading;
  const inputs = features === undefined ? graph.input([1, lanes], 'u32') : graph.input([1, lanes, features]);
  const carried = carriedState(graph, lanes, network.stateShapes(lanes));
  const settings = graph.input([4]);
  const seeds = graph.input([lanes], 'u32');
  const allowed = graph.input([lanes, labels]);
  const counts = graph.input([lanes]);
  const { logits, state } = network.apply(inputs, { state: carried.before });
  carried.store(state);
  const { choice, logProbability } = categorical(logits, settings, seeds, 0, allowed);
  const logLikelihood = carried.arena.add('log-likelihood', [lanes]);
  store(add(graph.variable(logLikelihood), multiply(logProbability, counts)), logLikelihood);
  const planned = plan(graph, { outputs: [choice], ...(limits && { limits }) });
  return { inputs, carried, settings, seeds, allowed, counts, choice, logLikelihood, plan: planned };
}

async function drawAll(
  network: EventNetwork,
  reading: EventReading,
  requests: readonly DraftRequest[],
  settings: SamplingSettings,
  context: ComposeContext,
): Promise<Composition[]> {
  const { device, length, encoding, signal, onPreparation } = context;
  const lanes = Math.min(requests.length, MAX_LANES);
  const step = planSampling(network, reading, lanes, device.limits);
  let program: Program | undefined;
  try {
    program = await Program.create(device, step.plan, { signal, onProgress: onPreparation });
    program.write(step.settings, categoricalSettings(settings));
    const made: Composition[] = [];
    for (let first = 0; first < requests.length; first += lanes) {
      // Lanes without a request of their own repeat the last one.
      const drafts = Array.from({ length: lanes }, (_, lane) => {
        return new Draft(requests[Math.min(first + lane, requests.length - 1)], context);
      });
      device.write(step.logLikelihood, new Float32Array(lanes));
      const given = Math.min(...drafts.map((draft) => draft.given));
      for (let position = 0; position < length - 1; position++) {
        signal?.throwIfAborted();
        program.write(step.inputs, inputsOf(drafts, position, reading));
        program.write(step.carried.keep, new Float32Array(lanes).fill(position === 0 ? 0 : 1));
        const choosing = drafts.map((draft) => position + 1 >= draft.given);
        if (position + 1 >= given) {
          program.write(step.allowed, allowedLabels(drafts, position, encoding, reading));
          program.write(step.counts, Float32Array.from(choosing, Number));
          const seeds = drafts.map(({ random }, lane) => (choosing[lane] ? random.nextUint32() : 0));
          program.write(step.seeds, Uint32Array.from(seeds));
        }
        program.run();
        if (position + 1 >= given) {
          const choices = await program.read(step.choice);
          if (choices.includes(NO_CLASS)) {
            throw new ModelError("The model's logits are NaN; retrain, or use an earlier checkpoint.");
          }
          for (const [lane, { events }] of drafts.entries()) {
            if (!choosing[lane]) continue;
            events[position + 1] = reading.eventOf(choices[lane], events.subarray(0, position + 1));
          }
        }
        context.onProgress?.((first / lanes + (position + 1) / (length - 1)) / Math.ceil(requests.length / lanes));
      }
      const logLikelihoods = await device.read(step.logLikelihood);
      for (const [lane, draft] of drafts.slice(0, requests.length - first).entries()) {
        made.push({ events: draft.events, nll: -logLikelihoods[lane] / (length - draft.given) });
      }
    }
    return made;
  } finally {
    program?.destroy();
    device.release(step.carried.arena);
  }
}

/** What the network gets of each sequence's event at a position: (1, B) classes or (1, B, F) features. */
function inputsOf(drafts: readonly Draft[], position: number, { features, inputsOf: read }: EventReading) {
  const width = features ?? 1;
  const inputs = new (features === undefined ? Uint32Array : Float32Array)(drafts.length * width);
  for (const [lane, { events }] of drafts.entries()) {
    inputs.set(read(events.subarray(0, position + 1), position, position + 1), lane * width);
  }
  return inputs;
}

/** For each sequence, 1 for labels of events that may follow that at a position, else 0. */
function allowedLabels(drafts: readonly Draft[], position: number, encoding: Encoding, reading: EventReading) {
  const { labels } = reading;
  const allowed = new Float32Array(drafts.length * labels);
  for (const [lane, { events }] of drafts.entries()) {
    const before = events.subarray(0, position + 1);
    const isAllowed = encoding.allowedAfter(events[position]);
    for (let label = 0; label < labels; label++) {
      if (isAllowed[reading.eventOf(label, before)]) allowed[lane * labels + label] = 1;
    }
  }
  return allowed;
}

/** One sequence on its way. */
class Draft {
  /** As long as it will be. */
  readonly events: Uint16Array;
  /** How many events were given. */
  readonly given: number;
  readonly random: Random;

  constructor({ seed, primer }: DraftRequest, { firstEvents, length }: ComposeContext) {
    this.random = new Random(seed);
    this.events = new Uint16Array(length);
    const given = primer ?? [pick(firstEvents, this.random.nextFloat())];
    this.events.set(given);
    this.given = given.length;
  }
}
