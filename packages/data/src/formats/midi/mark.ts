import { z } from 'zod';
import { MAX_BEATS, METER_UNITS, ORIGINS, TEMPO_RANGE, type TempoChange } from '../../song.ts';
import type { MidiFile } from './file.ts';

/**
 * NES-MDB's files have no place for some of what a song knows: its title, its tempo and where that came from, its
 * meter. writeNesMidi puts it into a text event of the first track, `chipsmith {json}`, so that readMidi can give back
 * the same song; other programs show it as a comment. Files of earlier versions, whose ticks may be several samples,
 * are marked likewise.
 */
const PREFIX = 'chipsmith ';

const origin = z.enum(ORIGINS);
const beatsPerMinute = z.number().min(TEMPO_RANGE.slowest).max(TEMPO_RANGE.fastest);

const tempoChange = z.strictObject({ time: z.int(), beatsPerMinute });
/** Checked as a whole: a message for each wrong entry of a long list would fill the memory. */
const tempoChanges = z.custom<readonly TempoChange[]>(
  (value) => Array.isArray(value) && value.every((entry) => tempoChange.safeParse(entry).success),
);

export const tempoSchema = z
  .strictObject({
    beatsPerMinute,
    firstBeat: z.int(),
    origin,
    confidence: z.number().min(0).max(1),
    changes: tempoChanges.exactOptional(),
  })
  .refine(({ firstBeat, changes = [] }) =>
    changes.every(({ time }, index) => time > (changes[index - 1]?.time ?? firstBeat)),
  );

export const meterSchema = z.strictObject({
  beats: z.int().min(1).max(MAX_BEATS),
  unit: z.literal(METER_UNITS),
  origin,
});

const markSchema = z.strictObject({
  title: z.string(),
  samplesPerTick: z.int().min(1).max(16),
  loops: z.boolean().optional(),
  tempo: tempoSchema,
  meter: meterSchema,
});

export type Mark = z.infer<typeof markSchema>;

/** The text event for a song. */
export function writeMark(mark: Mark): string {
  return PREFIX + JSON.stringify(mark);
}

/**
 * The mark of a file of writeNesMidi; undefined in other files, and if it is damaged, which is reported: the file is
 * then read like those.
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
