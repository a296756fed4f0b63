import { deriveSeed, findEncoding, trackOf } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, type ComposeOptions, composingSettings, keyTransposition } from '@chipsmith/models';
import { composeTracks, drawnLength, type SongOfSample } from './compose.ts';
import { scoresOf } from './scores.ts';
import type { TrackRequests } from './track-requests.ts';
import type { Track } from './tracks.ts';

/** What tracks are drawn, and how. */
export interface DrawOptions {
  readonly requests: TrackRequests;
  readonly bars: number;
  readonly seed: number;
  /** Settings of the composer that serves the requests. */
  readonly composing: Readonly<Record<string, unknown>>;
  /** Quarter notes a minute; those of the given music, or the training songs' median, if left out. */
  readonly beatsPerMinute?: number | undefined;
  /** Whether voices that the model does not write are added. */
  readonly arranged: boolean;
  readonly loops: boolean;
}

/** Draws as many tracks from a model as are requested. @throws CommandError if too few of its sequences make tracks */
export async function drawTracks(
  device: Device,
  checkpoint: Checkpoint,
  options: DrawOptions,
  reports: Pick<ComposeOptions, 'signal' | 'onPreparation'>,
): Promise<Track[]> {
  const { requests, bars, seed, composing, arranged, loops } = options;
  const { given, count } = requests;
  const { metadata } = checkpoint;
  const encoding = findEncoding(metadata.encoding.name);
  const { voices } = encoding;
  const beatsPerMinute = tempoOf(checkpoint, options);
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
  const drawn = await composeTracks(device, checkpoint, songOf, {
    ...{ requests, seed, settings: composing, encoding, transposition, trackBars: bars },
    ...{ ...length, ...reports },
  });
  return drawn.map(({ sample: { events, nll }, song }, index): Track => {
    const scores = { ...(nll !== undefined && { nllPerEvent: nll }), ...scoresOf(song, voices) };
    const settings = requests.settingsOf?.(index);
    return { name: nameOf(index), song, events, seed, scores, ...(settings && { settings }) };
  });
}

/** What the page and the files of tracks say of how they were made. */
export function settingsOf(checkpoint: Checkpoint, options: DrawOptions) {
  const { requests, bars, seed, composing, arranged, loops } = options;
  const { model, training, encoding } = checkpoint.metadata;
  return {
    model,
    step: training.step,
    encoding: encoding.name,
    bars,
    beatsPerMinute: tempoOf(checkpoint, options),
    loops,
    ...composingSettings(checkpoint, requests.task, composing),
    ...requests.settings,
    arranged,
    seed,
  };
}

function tempoOf({ metadata }: Checkpoint, { requests, beatsPerMinute }: DrawOptions): number {
  return beatsPerMinute ?? requests.given?.beatsPerMinute ?? Math.round(metadata.beatsPerMinute);
}
