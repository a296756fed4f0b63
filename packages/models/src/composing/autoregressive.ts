import { barsOfEvents, type Encoding, TIME_TOLERANCE } from '@chipsmith/data';
import { categoricalSettings, Program } from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import type { EventNetwork } from '../next-event/network.ts';
import type { EventReading } from '../next-event/reading.ts';
import type { ComposeContext, Composers, Composition } from './composer.ts';
import type { DraftRequest } from './draft.ts';
import { GOING_ON, type Priming } from './priming.ts';
import { drawRound } from './round.ts';
import { type SamplingSettings, samplingSettings } from './settings.ts';
import { planSampling } from './step.ts';

/** Lanes of one program: enough to keep a device busy; more sequences take further rounds. */
const MAX_LANES = 64;

/**
 * Something new, or something that goes on, event after event.
 *
 * @param temperature at which its music is best
 * @param priming what else a primer can be; without it music goes on from the primer
 */
export function autoregressive(
  network: EventNetwork,
  reading: EventReading,
  temperature: number,
  priming: Priming = GOING_ON,
): Composers {
  const sampling = samplingSettings(temperature, {});
  const continuing = samplingSettings(temperature, priming.settings);
  return {
    sample: {
      settings: sampling,
      compose: (requests, chosen, context) =>
        drawAll(
          network,
          reading,
          requests.map(({ seed }) => ({ seed })),
          sampling.parse(chosen),
          context,
        ),
    },
    continue: {
      settings: continuing,
      compose(requests, chosen, context) {
        const settings = continuing.parse(chosen);
        const primed = requests.map(({ seed, primer }) => {
          const events = withoutEnd(primer, context.encoding);
          requireGrammar(events, context.encoding);
          const taken = priming.prepare(events, settings);
          requireRoom(taken.given, context);
          return { seed, primed: taken };
        });
        return drawAll(network, reading, primed, settings, context);
      },
    },
  };
}

/** A song that is to go on does not end. */
function withoutEnd(primer: readonly number[], encoding: Encoding): readonly number[] {
  const last = primer.findLastIndex((event) => encoding.isEnd?.(event) !== true);
  return primer.slice(0, last + 1);
}

function requireGrammar(primer: readonly number[], encoding: Encoding): void {
  for (const [index, event] of primer.entries()) {
    if (encoding.allowedAfter(primer[index - 1])[event]) continue;
    throw new ModelError(
      `The primer holds ${event} at ${index}, which ${encoding.name} does not allow there; correct it.`,
    );
  }
}

function requireRoom(given: readonly number[], { encoding, length, bars }: ComposeContext): void {
  if (given.length === 0 || given.length >= length) {
    throw new ModelError(
      `The primer has ${given.length} events: it must have 1 to ${length - 1}, or ask for more bars.`,
    );
  }
  const passed = barsOfEvents(given, encoding);
  if (bars === undefined || passed < bars - TIME_TOLERANCE) return;
  throw new ModelError(
    `The primer lasts ${Number(passed.toFixed(2))} bars, which leaves nothing of ${bars} to make; ask for more bars.`,
  );
}

async function drawAll(
  network: EventNetwork,
  reading: EventReading,
  requests: readonly DraftRequest[],
  settings: SamplingSettings,
  context: ComposeContext,
): Promise<Composition[]> {
  const { device, signal, onPreparation } = context;
  const branches = settings.beamSize * settings.branchFactor;
  const atOnce = Math.min(requests.length, Math.max(1, Math.floor(MAX_LANES / branches)));
  const step = planSampling(network, reading, atOnce * branches, {
    penalises: settings.repetitionPenalty !== undefined,
    branches: branches > 1,
    limits: device.limits,
  });
  let program: Program | undefined;
  try {
    program = await Program.create(device, step.plan, { signal, onProgress: onPreparation });
    program.write(step.settings, categoricalSettings(settings));
    const made: Composition[] = [];
    for (let first = 0; first < requests.length; first += atOnce) {
      // Lanes without a request of their own repeat the last one.
      const round = Array.from(
        { length: atOnce },
        (_, index) => requests[Math.min(first + index, requests.length - 1)],
      );
      const onProgress = (share: number) =>
        context.onProgress?.((first / atOnce + share) / Math.ceil(requests.length / atOnce));
      const drawn = await drawRound(program, step, reading, round, settings, { ...context, onProgress });
      made.push(...drawn.slice(0, requests.length - first));
    }
    return made;
  } finally {
    program?.destroy();
    device.release(step.carried.arena);
  }
}
