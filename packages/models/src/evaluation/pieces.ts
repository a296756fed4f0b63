import type { EventSequence, Window } from '@chipsmith/data';
import { type Batch, batchOf, type Examples } from '../examples.ts';

/** What goes through a model in one run of an evaluation. */
export interface Piece {
  readonly batch: Batch;
  /** (B, 1): 1 where a lane goes on with its sequence, 0 where it starts another. */
  readonly keep: Float32Array<ArrayBuffer>;
  readonly units: number;
}

export interface PieceShape {
  readonly lanes: number;
  /** Units of a window. */
  readonly length: number;
  /** Whether a lane must see the windows of a sequence one after the other. */
  readonly carries: boolean;
}

/**
 * Cuts sequences into windows that meet, and lays them into lanes. Where order matters a lane sees one sequence after
 * the other, the longest first, so that the lanes end together.
 */
export function* pieces(
  sequences: readonly EventSequence[],
  examples: Examples,
  { lanes, length, carries }: PieceShape,
): Generator<Piece> {
  const { cutting } = examples;
  const waiting = sequences
    .map((sequence) => ({ sequence, units: cutting.unitsOf(sequence) }))
    .filter(({ units }) => units > 0)
    .sort((a, b) => b.units - a.units);
  let next = 0;
  const current: ({ events: Uint16Array; units: number; at: number } | undefined)[] = new Array(lanes).fill(undefined);
  for (;;) {
    const windows: (Window | undefined)[] = [];
    const keep = new Float32Array(lanes).fill(1);
    let units = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const place = carries ? lane : 0;
      let open = current[place];
      if (open === undefined || open.at >= open.units) {
        const following = waiting[next++];
        open = following && { events: following.sequence.read(), units: following.units, at: 0 };
        current[place] = open;
        keep[lane] = 0;
      }
      if (open === undefined) {
        windows.push(undefined);
        continue;
      }
      const window = { events: open.events, start: open.at, length: Math.min(length, open.units - open.at) };
      windows.push(window);
      open.at += window.length;
      units += window.length;
    }
    if (units === 0) return;
    yield { batch: batchOf(examples, length, windows), keep, units };
  }
}
