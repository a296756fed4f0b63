import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deriveSeed, type Encoding, trackOf } from '@chipsmith/data';
import { replaceFolder } from '@chipsmith/data/node';
import type { Preview, PreviewOptions } from '@chipsmith/models';
import type { RunFolder } from '@chipsmith/models/node';
import { scoresOf } from './scores.ts';
import { tell } from './terminal/output.ts';
import { trackFiles } from './tracks.ts';

/** Pieces of a preview and bars of each: a minute of music. */
const COUNT = 4;
const BARS = 8;

/** What previews sound like, as far as their .json files have to say. */
const SOUND = { sampleRate: 44_100, filter: 'nes' } as const;

export interface PreviewedRun {
  readonly folder: RunFolder;
  readonly model: string;
  readonly encoding: Encoding;
  readonly seed: number;
}

/**
 * Previews as tracks in the run's folder: `.mid`, `.vgm` and `.json` of each piece that comes to an end, and of an
 * untrained model that may be none.
 *
 * @param every steps
 */
export function previewsInto(run: PreviewedRun, every: number): PreviewOptions {
  let hasToldOfMemory = false;
  return {
    every,
    count: COUNT,
    // One bar more, for bars may begin later than the first event.
    length: (BARS + 1) * run.encoding.stepsPerBar,
    async onPreview(preview) {
      if (preview.lack === undefined) await writePreview(run, preview);
      else if (preview.lack === 'memory' && !hasToldOfMemory) {
        hasToldOfMemory = true;
        tell(`no room on the device for previews; training goes on without, and --preview-every 0 asks for none`);
      }
    },
  };
}

async function writePreview(
  { folder, model, encoding, seed }: PreviewedRun,
  { step, beatsPerMinute, compositions = [] }: Preview & { readonly lack?: undefined },
): Promise<void> {
  const settings = { model, step, encoding: encoding.name, bars: BARS, beatsPerMinute: Math.round(beatsPerMinute) };
  const making = {
    settings,
    command: ['generate'],
    options: {},
    further: {},
    sound: SOUND,
    midi: 'general-midi',
  } as const;
  await replaceFolder(folder.previewFolder(step), async (partial) => {
    for (const [index, { events, nll }] of compositions.entries()) {
      const name = `track-0${index + 1}`;
      const melody = encoding.decode(events, { title: `${model} ${name}, step ${step}`, beatsPerMinute });
      const song = trackOf(melody, {
        bars: BARS,
        seed: deriveSeed(seed, index),
        voices: encoding.voices,
        arranged: true,
        loops: false,
        keepsBars: false,
      });
      if (song === undefined) continue;
      const scores = { ...(nll !== undefined && { nllPerEvent: nll }), ...scoresOf(song, encoding.voices) };
      const track = { name, song, events, seed, scores };
      const { files } = trackFiles(track, making);
      for (const [type, bytes] of Object.entries(files)) await writeFile(join(partial, `${name}.${type}`), bytes);
    }
  });
}
