import { barsAtTypicalTempo, type Encoding, type Meter, type Song } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, type Composition, type SampleOptions, sample } from '@chipsmith/models';
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
): Pick<SampleOptions, 'length' | 'bars'> {
  const drawn = barsAtTypicalTempo(bars, encoding, meter, beatsPerMinute);
  return { bars: drawn, length: EVENTS_LIMIT * Math.ceil(drawn) * encoding.stepsPerBar };
}

/** Draws until `count` samples differ from each other, have enough notes and come to an end. */
export async function compose(
  device: Device,
  checkpoint: Checkpoint,
  songOf: SongOfSample,
  { trackBars, ...options }: SampleOptions & { readonly trackBars: number },
): Promise<Composed[]> {
  const { count } = options;
  const fewestNotes = Math.min(MIN_NOTES, trackBars * MIN_NOTES_A_BAR);
  const kept = new Map<string, Composed>();
  const progress = startProgress('composing');
  try {
    for (let first = 0; first < TRIES * count && kept.size < count; first += count) {
      const detail = first === 0 ? '' : `in place of ${count - kept.size} too empty or alike`;
      const drawn = await sample(device, checkpoint, {
        ...options,
        first,
        onProgress: (share) => progress.update(share, detail),
      });
      for (const candidate of drawn) {
        const song = kept.size < count ? songOf(candidate, kept.size) : undefined;
        if (song === undefined || kept.has(candidate.events.join())) continue;
        const { notes, pitches } = scoresOf(song, options.encoding.voices);
        if (notes >= fewestNotes && pitches >= MIN_PITCHES)
          kept.set(candidate.events.join(), { sample: candidate, song });
      }
    }
  } finally {
    progress.stop();
  }
  if (kept.size === count) return [...kept.values()];
  throw new CommandError(
    `Only ${kept.size} of ${TRIES * count} sequences were different, had ${fewestNotes} notes of ${MIN_PITCHES} pitches and came to an end: train longer, ask for more --bars, or change how music is made (chipsmith generate --help).`,
  );
}
