import { z } from 'zod';
import { METER_UNITS, MOST_BEATS, ORIGINS, TEMPO_RANGE } from '../song.ts';
import type { MidiFile } from './parse.ts';

/**
 * MIDI has no place for some of what a song knows: that a tick is a whole number of samples, where the tempo came from, on
 * which tick the first beat falls. writeMidi puts it into a text event of the first track, `chipsmith {json}`, so that
 * readMidi can give back the same song; other programs show it as a comment.
 */
const PREFIX = 'chipsmith ';

const origin = z.enum(ORIGINS);

const markSchema = z.strictObject({
  title: z.string(),
  samplesPerTick: z.int().min(1).max(16),
  tempo: z.strictObject({
    beatsPerMinute: z.number().min(TEMPO_RANGE.slowest).max(TEMPO_RANGE.fastest),
    firstBeat: z.int(),
    origin,
    confidence: z.number().min(0).max(1),
  }),
  meter: z.strictObject({
    beats: z.int().min(1).max(MOST_BEATS),
    unit: z.literal(METER_UNITS),
    origin,
  }),
});

export type Mark = z.infer<typeof markSchema>;

/** The text event for a song. */
export function writeMark(mark: Mark): string {
  return PREFIX + JSON.stringify(mark);
}

/**
 * The mark of a file of writeMidi, or undefined in files of other programs, and where it is damaged, which is told: the file is then read
 * as those are.
 */
export function readMark(file: MidiFile, repairs: string[]): Mark | undefined {
  const event = file.tracks[0]?.events.find((event) => event.kind === 'text' && event.text.startsWith(PREFIX));
  if (event?.kind !== 'text') return undefined;
  try {
    return markSchema.parse(JSON.parse(event.text.slice(PREFIX.length)));
  } catch {
    repairs.push(`left out its chipsmith text event, which is damaged (at byte ${event.byte})`);
    return undefined;
  }
}
