import { barsAtTypicalTempo, type Encoding, type Meter, type Song } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { compose as ask, type Checkpoint, type ComposeOptions, type Composition, seedsOf } from '@chipsmith/models';
import type { Asked } from './asked.ts';
import { scoresOf } from './scores.ts';
import { CommandError } from './terminal/errors.ts';
import { startProgress } from './terminal/progress.ts';

/** A track needs this many notes, and pitches, to be worth hearing; the emptiest melodies of NES games have more. */
const MIN_NOTES = 8;
const MIN_PITCHES = 3;
/** For tracks of one or two bars, which need not be crammed. */
const MIN_NOTES_A_BAR = 3;

/** Sequences drawn for each one that is wanted, before a model that mostly rests is given up. */
const TRIES = 5;

/** The track that a sample makes as the one of this number; undefined if it does not come to an end. */
export type SongOfSample = (sample: Composition, index: number) => Song | undefined;

export interface Composed {
  readonly sample: Composition;
  readonly song: Song;
}

/** Times the typical number of events in a bar after which a model that does not let time pass is given up. */
const EVENTS_LIMIT = 4;

/** How long a sequence is to be drawn for so many bars. */
export function drawnLength(
  encoding: Encoding,
  bars: number,
  meter: Pick<Meter, 'beats' | 'unit'>,
  beatsPerMinute: number,
): Pick<ComposeOptions, 'length' | 'bars'> {
  const drawn = barsAtTypicalTempo(bars, encoding, meter, beatsPerMinute);
  return { bars: drawn, length: EVENTS_LIMIT * Math.ceil(drawn) * encoding.stepsPerBar };
}

export interface TracksOptions extends ComposeOptions {
  readonly asked: Asked;
  readonly seed: number;
  readonly trackBars: number;
}

/**
 * Asks a model for what each track is to be; as long as tracks are alike, nearly empty or without an end, for others in
 * their place if any will do.
 */
export async function compose(
  device: Device,
  checkpoint: Checkpoint,
  songOf: SongOfSample,
  { asked, seed, trackBars, ...options }: TracksOptions,
): Promise<Composed[]> {
  const { task, count, isDrawnAgain } = asked;
  const fewestNotes = isDrawnAgain ? Math.min(MIN_NOTES, trackBars * MIN_NOTES_A_BAR) : 0;
  const fewestPitches = isDrawnAgain ? MIN_PITCHES : 0;
  const tries = isDrawnAgain ? TRIES : 1;
  const kept = new Map<string, Composed>();
  const progress = startProgress('composing');
  try {
    for (let first = 0; first < tries * count && kept.size < count; first += count) {
      const detail = first === 0 ? '' : `in place of ${count - kept.size} too empty or alike`;
      const requests = seedsOf(seed, count, first).map((seeded, index) => ({ ...seeded, ...asked.request(index) }));
      const drawn = await ask(device, checkpoint, task, requests, {
        ...options,
        onProgress: (share) => progress.update(share, detail),
      });
      for (const [index, candidate] of drawn.entries()) {
        const key = isDrawnAgain ? candidate.events.join() : String(index);
        const song = kept.size < count ? songOf(candidate, kept.size) : undefined;
        if (song === undefined || kept.has(key)) continue;
        const { notes, pitches } = scoresOf(song, options.encoding.voices);
        if (notes >= fewestNotes && pitches >= fewestPitches) kept.set(key, { sample: candidate, song });
      }
    }
  } finally {
    progress.stop();
  }
  if (kept.size === count) return [...kept.values()];
  const wanted = isDrawnAgain
    ? `were different, had ${fewestNotes} notes of ${fewestPitches} pitches and came to an end`
    : 'came to an end';
  throw new CommandError(
    `Only ${kept.size} of ${tries * count} sequences ${wanted}: train longer, ask for more --bars, or change how music is made (see --help).`,
  );
}
