import { deriveSeed, findEncoding, trackOf } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, type ComposeOptions, composingSettings, keyTransposition } from '@chipsmith/models';
import type { TrackPrimer } from './commands/primer.ts';
import { compose, drawnLength, type SongOfSample } from './compose.ts';
import { scoresOf } from './scores.ts';
import type { Track } from './tracks.ts';

/** What is wanted of a model. */
export interface TrackWish {
  readonly count: number;
  readonly bars: number;
  readonly seed: number;
  /** What is set of how events are chosen. */
  readonly sampling: Readonly<Record<string, unknown>>;
  /** Quarter notes a minute; the primer's, or the training songs' median, if left out. */
  readonly beatsPerMinute?: number | undefined;
  /** Whether voices that the model does not write are added. */
  readonly arranged: boolean;
  readonly loops: boolean;
  readonly primer?: TrackPrimer | undefined;
}

/** Draws tracks from a model, as many as are wanted. @throws CommandError if most of what it writes is no music */
export async function drawTracks(
  device: Device,
  checkpoint: Checkpoint,
  wish: TrackWish,
  reports: Pick<ComposeOptions, 'signal' | 'onPreparation'>,
): Promise<Track[]> {
  const { count, bars, seed, sampling, arranged, loops, primer } = wish;
  const { metadata } = checkpoint;
  const encoding = findEncoding(metadata.encoding.name);
  const { voices } = encoding;
  const beatsPerMinute = tempoOf(checkpoint, wish);
  const transposition = primer?.transposition ?? keyTransposition(sampling, encoding);
  const key = { transposition, ...(primer && { meter: primer.meter }) };
  const keepsBars = primer !== undefined;
  // One bar more than asked for where bars may begin later than the first event: so many are left.
  const meter = primer?.meter ?? { beats: 4, unit: 4 };
  const length = drawnLength(encoding, keepsBars ? bars : bars + 1, meter, beatsPerMinute);
  const nameOf = (index: number) => `track-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`;
  const songOf: SongOfSample = ({ events }, index) => {
    const music = encoding.decode(events, { title: `${metadata.model} ${nameOf(index)}`, beatsPerMinute, ...key });
    return trackOf(music, { bars, seed: deriveSeed(seed, index), voices, arranged, loops, keepsBars });
  };
  const given = { primer: primer?.events, transposition };
  const options = { count, seed, settings: sampling, encoding, ...given, ...length, trackBars: bars, ...reports };
  const drawn = await compose(device, checkpoint, songOf, options);
  return drawn.map(({ sample: { events, nll }, song }, index): Track => {
    const scores = { ...(nll !== undefined && { nllPerEvent: nll }), ...scoresOf(song, voices) };
    return { name: nameOf(index), song, events, seed, scores };
  });
}

/** What the page and the files of tracks say of how they were made. */
export function settingsOf(checkpoint: Checkpoint, wish: TrackWish) {
  const { bars, seed, sampling, arranged, loops, primer } = wish;
  const { model, training, encoding } = checkpoint.metadata;
  return {
    model,
    step: training.step,
    encoding: encoding.name,
    bars,
    beatsPerMinute: tempoOf(checkpoint, wish),
    loops,
    ...composingSettings(checkpoint, primer === undefined ? 'sample' : 'continue', sampling),
    ...(primer !== undefined && { primerEvents: primer.events.length }),
    arranged,
    seed,
  };
}

function tempoOf({ metadata }: Checkpoint, { beatsPerMinute, primer }: TrackWish): number {
  return beatsPerMinute ?? primer?.beatsPerMinute ?? Math.round(metadata.beatsPerMinute);
}
