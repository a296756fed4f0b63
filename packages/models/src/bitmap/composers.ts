import { ONSET_BITMAP_SHAPE, onsetBitmapOf, onsetEventsOf, Random } from '@chipsmith/data';
import { type Device, Graph, gaussian, Program, plan, type Tensor } from '@chipsmith/kernels';
import { z } from 'zod';
import type { ComposeContext, Composers, Composition, Seeded } from '../composing/composer.ts';
import { ModelError } from '../error.ts';
import { CELLS, countNotes } from './examples.ts';
import type { BitmapNetwork } from './network.ts';

/** Pieces side by side. */
const LANES = 8;

const density = z
  .number()
  .min(0.1)
  .max(10)
  .default(1)
  .describe('notes, as a multiple of those of the training data, or of the pieces given');
const settings = z.strictObject({ density });
const variationSettings = z.strictObject({
  density,
  distance: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe('how far the code moves, in standard deviations of each of its numbers'),
});

/** A code to be made music of, how many notes that has, and in how many steps notes start. */
interface Coded {
  readonly code: Float32Array;
  readonly notes: number;
  readonly onsets: number;
}

/** New pieces from codes of N(0, I), pieces as the code keeps them, variations of them, and what lies between two. */
export function bitmapComposers(network: BitmapNetwork): Composers {
  const noiseOf = ({ seed }: Seeded) => {
    const stream = new Random(seed).nextUint32();
    return Float32Array.from({ length: network.code }, (_, index) => gaussian(index, 0, stream));
  };
  return {
    sample: {
      settings,
      compose(requests, chosen, context) {
        const { notesOfPiece: notes, onsetsOfPiece: onsets } = context.facts;
        if (notes === undefined || onsets === undefined) {
          throw new ModelError(
            'The checkpoint does not say how many notes pieces have: it is of an earlier version; train again.',
          );
        }
        const codes = requests.map((request) => ({ code: noiseOf(request), notes, onsets }));
        return decodeAll(network, codes, settings.parse(chosen).density, context);
      },
    },
    reconstruct: {
      settings,
      async compose(requests, chosen, context) {
        const pieces = requests.map(({ events }) => events);
        return decodeAll(network, await encodeAll(network, pieces, context), settings.parse(chosen).density, context);
      },
    },
    vary: {
      settings: variationSettings,
      async compose(requests, chosen, context) {
        const { density: factor, distance } = variationSettings.parse(chosen);
        const pieces = requests.map(({ events }) => events);
        const codes = (await encodeAll(network, pieces, context)).map(({ code, ...counts }, index) => {
          const noise = noiseOf(requests[index]);
          return { code: code.map((value, place) => value + distance * noise[place]), ...counts };
        });
        return decodeAll(network, codes, factor, context);
      },
    },
    interpolate: {
      settings,
      async compose(requests, chosen, context) {
        const ends = await encodeAll(
          network,
          requests.flatMap((request) => request.ends),
          context,
        );
        const codes = requests.map(({ share }, index) => {
          const [from, to] = [ends[2 * index], ends[2 * index + 1]];
          const between = (a: number, b: number) => a + share * (b - a);
          return {
            code: from.code.map((value, place) => between(value, to.code[place])),
            notes: between(from.notes, to.notes),
            onsets: between(from.onsets, to.onsets),
          };
        });
        return decodeAll(network, codes, settings.parse(chosen).density, context);
      },
    },
  };
}

async function encodeAll(
  network: BitmapNetwork,
  pieces: readonly Uint16Array[],
  { device, signal }: ComposeContext,
): Promise<Coded[]> {
  const bitmaps = pieces.map((events) => onsetBitmapOf(events));
  const codes = await apply(device, (x) => network.encode(x, false), CELLS, bitmaps, { signal });
  return codes.map((code, index) => ({ code, ...countNotes(bitmaps[index]) }));
}

async function decodeAll(
  network: BitmapNetwork,
  codes: readonly Coded[],
  factor: number,
  { device, ...context }: ComposeContext,
): Promise<Composition[]> {
  const rows = codes.map(({ code }) => code);
  const logits = await apply(device, (x) => network.decode(x, false), network.code, rows, context);
  return logits.map((row, index) => {
    const { notes, onsets } = codes[index];
    return { events: likeliestCells(row, factor * notes, factor * onsets) };
  });
}

/** Rows of so many numbers through a function, some side by side. */
async function apply(
  device: Device,
  layer: (x: Tensor) => Tensor,
  width: number,
  rows: readonly Float32Array[],
  { signal, onPreparation, onProgress }: Pick<ComposeContext, 'signal' | 'onPreparation' | 'onProgress'>,
): Promise<Float32Array[]> {
  const graph = new Graph();
  const input = graph.input([LANES, width]);
  const output = layer(input);
  const planned = plan(graph, { outputs: [output], limits: device.limits });
  const program = await Program.create(device, planned, { signal, onProgress: onPreparation });
  try {
    const results: Float32Array[] = [];
    for (let first = 0; first < rows.length; first += LANES) {
      signal?.throwIfAborted();
      const values = new Float32Array(LANES * width);
      const taken = rows.slice(first, first + LANES);
      for (const [lane, row] of taken.entries()) values.set(row, lane * width);
      program.write(input, values);
      program.run();
      const result = Float32Array.from(await program.read(output));
      const size = result.length / LANES;
      for (const lane of taken.keys()) results.push(result.slice(lane * size, (lane + 1) * size));
      onProgress?.(results.length / rows.length);
    }
    return results;
  } finally {
    program.destroy();
  }
}

/**
 * The events of the likeliest cells, in whole bars. A threshold would give empty or smeared pieces, since few cells are
 * set and the network's probabilities are low: of each piece as many cells count as music of its kind has. So do the
 * steps in which notes start: where a network is unsure its likeliest cells are those of the beats, in all pitches that
 * may be there, and without that limit the samples of melodies have 1.7 notes an onset and nothing between the beats.
 * Where its first note is not among them the piece begins with a rest, and so keeps its place in the bars.
 */
function likeliestCells(logits: Float32Array, notes: number, onsets: number): Uint16Array {
  if (logits.some(Number.isNaN)) throw new ModelError('The model gives NaN; retrain, or use an earlier checkpoint.');
  const { steps, pitches, stepsPerBar } = ONSET_BITMAP_SHAPE;
  const firsts = Math.min(steps, Math.max(1, Math.round(onsets)));
  const others = Math.max(0, Math.round(notes) - firsts);
  const order = Uint32Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const bitmap = new Float32Array(CELLS);
  const begun = new Set<number>();
  let further = 0;
  for (const cell of order) {
    const step = Math.floor(cell / pitches);
    if (begun.has(step)) {
      if (further === others) continue;
      further++;
    } else if (begun.size === firsts) continue;
    begun.add(step);
    bitmap[cell] = 1;
  }
  const barCells = stepsPerBar * pitches;
  const bars = Math.floor(bitmap.lastIndexOf(1) / barCells) + 1;
  return onsetEventsOf(bitmap.subarray(0, bars * barCells), 1);
}
