import { deriveSeed, findEncoding, trackOf } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, type ComposeOptions, composingSettings, keyTransposition } from '@chipsmith/models';
import type { Asked } from './asked.ts';
import { compose, drawnLength, type SongOfSample } from './compose.ts';
import { scoresOf } from './scores.ts';
import type { Track } from './tracks.ts';

/** What is wanted of a model. */
export interface TrackWish {
  readonly asked: Asked;
  readonly bars: number;
  readonly seed: number;
  /** What is set of how the model does what it is asked. */
  readonly composing: Readonly<Record<string, unknown>>;
  /** Quarter notes a minute; those of the given music, or the training songs' median, if left out. */
  readonly beatsPerMinute?: number | undefined;
  /** Whether voices that the model does not write are added. */
  readonly arranged: boolean;
  readonly loops: boolean;
}

/** Draws tracks from a model, as many as are wanted. @throws CommandError if most of what it writes is no music */
export async function drawTracks(
  device: Device,
  checkpoint: Checkpoint,
  wish: TrackWish,
  reports: Pick<ComposeOptions, 'signal' | 'onPreparation'>,
): Promise<Track[]> {
  const { asked, bars, seed, composing, arranged, loops } = wish;
  const { given, count } = asked;
  const { metadata } = checkpoint;
  const encoding = findEncoding(metadata.encoding.name);
  const { voices } = encoding;
  const beatsPerMinute = tempoOf(checkpoint, wish);
  const transposition = given?.transposition ?? keyTransposition(composing, encoding);
  const key = { transposition, ...(given && { meter: given.meter }) };
  const keepsBars = given !== undefined;
  // One bar more than asked for where bars may begin later than the first event: so many are left.
  const meter = given?.meter ?? { beats: 4, unit: 4 };
  const length = drawnLength(encoding, keepsBars ? bars : bars + 1, meter, beatsPerMinute);
  const nameOf = (index: number) => `track-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`;
  const songOf: SongOfSample = ({ events }, index) => {
    const music = encoding.decode(events, { title: `${metadata.model} ${nameOf(index)}`, beatsPerMinute, ...key });
    return trackOf(music, { bars, seed: deriveSeed(seed, index), voices, arranged, loops, keepsBars });
  };
  const options = { asked, seed, settings: composing, encoding, transposition, ...length, trackBars: bars, ...reports };
  const drawn = await compose(device, checkpoint, songOf, options);
  return drawn.map(({ sample: { events, nll }, song }, index): Track => {
    const scores = { ...(nll !== undefined && { nllPerEvent: nll }), ...scoresOf(song, voices) };
    const settings = asked.settingsOf?.(index);
    return { name: nameOf(index), song, events, seed, scores, ...(settings && { settings }) };
  });
}

/** What the page and the files of tracks say of how they were made. */
export function settingsOf(checkpoint: Checkpoint, wish: TrackWish) {
  const { asked, bars, seed, composing, arranged, loops } = wish;
  const { model, training, encoding } = checkpoint.metadata;
  return {
    model,
    step: training.step,
    encoding: encoding.name,
    bars,
    beatsPerMinute: tempoOf(checkpoint, wish),
    loops,
    ...composingSettings(checkpoint, asked.task, composing),
    ...asked.settings,
    arranged,
    seed,
  };
}

function tempoOf({ metadata }: Checkpoint, { asked, beatsPerMinute }: TrackWish): number {
  return beatsPerMinute ?? asked.given?.beatsPerMinute ?? Math.round(metadata.beatsPerMinute);
}
