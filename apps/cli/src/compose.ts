import { barsAtTypicalTempo, type Encoding, type Meter, type Song } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, type ComposeOptions, type Composition, compose, seedsOf } from '@chipsmith/models';
import { scoresOf } from './scores.ts';
import { CommandError } from './terminal/errors.ts';
import { startProgress } from './terminal/progress.ts';
import type { TrackRequests } from './track-requests.ts';

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
  readonly requests: TrackRequests;
  readonly seed: number;
  readonly trackBars: number;
}

/**
 * Asks a model for what each track is to be, and for others in place of tracks without an end and of those that the
 * requests replace.
 *
 * @throws CommandError if too few are left
 */
export async function composeTracks(
  device: Device,
  checkpoint: Checkpoint,
  songOf: SongOfSample,
  { requests, seed, trackBars, ...options }: TracksOptions,
): Promise<Composed[]> {
  const { task, count, replaces } = requests;
  const [fewestNotes, fewestPitches] =
    replaces === 'sparse or alike' ? [Math.min(MIN_NOTES, trackBars * MIN_NOTES_A_BAR), MIN_PITCHES] : [0, 0];
  const tries = replaces === 'none' ? 1 : TRIES;
  const kept = new Map<string, Composed>();
  const progress = startProgress('composing');
  try {
    for (let first = 0; first < tries * count && kept.size < count; first += count) {
      const detail = first === 0 ? '' : `${count - kept.size} drawn again`;
      const seeded = seedsOf(seed, count, first).map((each, index) => ({ ...each, ...requests.request(index) }));
      const drawn = await compose(device, checkpoint, task, seeded, {
        ...options,
        onProgress: (share) => progress.update(share, detail),
      });
      for (const [index, candidate] of drawn.entries()) {
        const key = replaces === 'none' ? String(index) : candidate.events.join();
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
  const conditions = [
    ...(replaces === 'none' ? [] : ['were different']),
    ...(fewestNotes === 0 ? [] : [`had ${fewestNotes} notes of ${fewestPitches} pitches`]),
    'came to an end',
  ];
  throw new CommandError(
    `Only ${kept.size} of ${tries * count} sequences ${conditions.join(' and ')}: train longer, ask for more --bars, or change how music is made (see --help).`,
  );
}
