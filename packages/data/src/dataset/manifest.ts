import { VOICE_NAMES } from '@chipsmith/apu';
import { z } from 'zod';
import { SEQUENCE_VOICES } from '../encodings/encoding.ts';
import { ORIGINS, TEMPO_RANGE } from '../song.ts';
import type { SongCounts } from './statistics/counts.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

/** A part of a dataset. Songs of one game, and sequences of one song, are never torn between two. */
export const SPLITS = ['train', 'valid', 'test'] as const;
const split = z.enum(SPLITS);
export type Split = z.infer<typeof split>;

const songEntry = z.strictObject({
  /** Where it was found: path inside the input. Unique in a dataset. */
  path: z.string(),
  title: z.string(),
  split,
  /** Of the file's bytes. */
  sha256,
  beatsPerMinute: z.number().min(TEMPO_RANGE.slowest).max(TEMPO_RANGE.fastest),
  tempoOrigin: z.enum(ORIGINS),
  tempoConfidence: z.number().min(0).max(1),
});
export type SongEntry = z.infer<typeof songEntry>;

const shardEntry = z.strictObject({ sequences: count, events: count, eventsSha256: sha256, indexSha256: sha256 });
export type ShardEntry = z.infer<typeof shardEntry>;

/** manifest.json: what a dataset holds and what it was made of. */
export const manifestSchema = z.strictObject({
  format: z.literal('chipsmith-dataset'),
  formatVersion: z.literal(1),
  encoding: z.strictObject({
    name: z.string(),
    version: z.int().min(1),
    classes: z.int().min(2).max(65_536),
    stepsPerBar: z.int().min(1).max(65_536),
  }),
  /** Names of the files and folders it was made from, without their folders. */
  inputs: z.array(z.string()),
  /** The voices that could give sequences. */
  voices: z.array(z.enum(VOICE_NAMES)),
  seed: z.int(),
  validShare: z.number().min(0).max(1),
  splits: z.strictObject({ train: shardEntry, valid: shardEntry, test: shardEntry }),
  songs: z.array(songEntry),
  /** Of encoding and shards: equal fingerprints mean equal training data. */
  fingerprint: sha256,
});
export type Manifest = z.infer<typeof manifestSchema>;

/** <split>.index.json: where each sequence lies in <split>.events.u16, in events. */
export const indexSchema = z.array(
  z.strictObject({
    song: count,
    voice: z.enum(SEQUENCE_VOICES),
    start: count,
    length: z.int().min(1),
    /** As EncodedSequence has it. */
    bar: z.int().min(1).max(65_536).optional(),
  }),
);
export type ShardIndex = z.infer<typeof indexSchema>;

/** Songs that are the same music. */
const copies = z.strictObject({
  /** Whether all notes are equal, or nearly the same in some key, tempo and timing. */
  notes: z.enum(['the same', 'nearly the same']),
  /** The splits that have them, dropped songs included. */
  splits: z.array(split),
  /** Their paths. */
  songs: z.array(z.string()),
});
export type Copies = z.infer<typeof copies>;

const counts = z.array(count);
const voiceCounts = z.strictObject({
  songs: count,
  pitches: counts,
  intervals: counts,
  durations: counts,
  densities: counts,
});
export const songCountsSchema: z.ZodType<SongCounts> = z.strictObject({
  songs: count,
  ticks: count,
  voices: z.strictObject({ pulse1: voiceCounts, pulse2: voiceCounts, triangle: voiceCounts, noise: voiceCounts }),
  together: counts,
});

/** report.json: what became of each file. */
export const reportSchema = z.strictObject({
  /** Files looked at, and songs kept. */
  files: count,
  songs: count,
  /** Voices with notes that the encoding can use; of these kept, and kept under the published tool's own rules. */
  voices: z.strictObject({ sounding: count, kept: count, keptNaively: count.optional() }),
  naiveRules: z.string().optional(),
  /** How many files and voices were dropped for each reason. */
  droppedFiles: z.record(z.string(), count),
  droppedVoices: z.record(z.string(), count),
  /** How often each kind of repair was made; missing in datasets made by earlier versions. */
  repairs: z.record(z.string(), count).default({}),
  /** Groups of songs that are the same music, dropped or kept. Datasets made by earlier versions were not searched. */
  copies: z.array(copies).default([]),
  /** What the kept songs of each split play; missing in datasets made by earlier versions. */
  statistics: z.strictObject({ train: songCountsSchema, valid: songCountsSchema, test: songCountsSchema }).optional(),
  entries: z.array(
    z.strictObject({
      path: z.string(),
      kept: z.boolean(),
      /** Why it was dropped. */
      reason: z.string().optional(),
      repairs: z.array(z.string()),
      /** `kept`, or why not, for each sounding voice. */
      voices: z.partialRecord(z.enum(VOICE_NAMES), z.string()),
    }),
  ),
});
export type Report = z.infer<typeof reportSchema>;
export type ReportEntry = Report['entries'][number];
