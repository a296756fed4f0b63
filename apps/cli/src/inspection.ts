import { TICKS_PER_SECOND } from '@chipsmith/apu';
import {
  type Dataset,
  entropy,
  polyphonyShares,
  SEQUENCE_VOICES,
  type SequenceVoice,
  type SongCounts,
  SPLITS,
  type Split,
  summariseVoices,
  type VoiceSummary,
} from '@chipsmith/data';
import { formatNumber } from './page/html.ts';
import { CommandError } from './terminal/errors.ts';
import { percent } from './terminal/output.ts';

/** What is shown of a dataset. */
export interface Inspection {
  readonly name: string;
  readonly encoding: Dataset['manifest']['encoding'];
  readonly splits: readonly SplitInspection[];
  readonly copies: Dataset['report']['copies'];
  readonly droppedFiles: Dataset['report']['droppedFiles'];
}

export interface SplitInspection {
  readonly split: Split;
  readonly songs: number;
  readonly seconds: number;
  readonly voices: readonly VoiceSummary[];
  /** Share of time in which 0, 1, ... 4 voices sound. */
  readonly polyphony: readonly number[];
  readonly sequences: readonly SequenceRow[];
  readonly counts: SongCounts;
}

/** The sequences of one voice, or of all in one. */
export interface SequenceRow {
  readonly 'sequences of': SequenceVoice;
  readonly count: number;
  readonly events: number;
  /** Entropy of single events: what a unigram of this very split needs. */
  readonly 'bits an event': number;
}

/** @throws CommandError for a dataset without statistics */
export function inspectDataset(dataset: Dataset, name: string): Inspection {
  const { report, manifest } = dataset;
  const { statistics, copies, droppedFiles } = report;
  if (statistics === undefined) {
    throw new CommandError(`${name}: was made by an earlier version, which kept no statistics; prepare it again.`);
  }
  const splits = SPLITS.filter((split) => statistics[split].songs > 0).map((split) => {
    const counts = statistics[split];
    return {
      split,
      songs: counts.songs,
      seconds: counts.ticks / TICKS_PER_SECOND,
      voices: summariseVoices(counts),
      polyphony: polyphonyShares(counts),
      sequences: sequenceRows(dataset, split),
      counts,
    };
  });
  return { name, encoding: manifest.encoding, splits, copies, droppedFiles };
}

function sequenceRows(dataset: Dataset, split: Split): SequenceRow[] {
  const sequences = dataset.sequences(split);
  return SEQUENCE_VOICES.flatMap((voice) => {
    const ofVoice = sequences.filter((sequence) => sequence.voice === voice);
    if (ofVoice.length === 0) return [];
    const occurrences = Array.from({ length: dataset.manifest.encoding.classes }, () => 0);
    let events = 0;
    for (const sequence of ofVoice) {
      events += sequence.length;
      for (const event of sequence.read()) occurrences[event]++;
    }
    return [{ 'sequences of': voice, count: ofVoice.length, events, 'bits an event': entropy(occurrences) }];
  });
}

/** A line of the table of voices, as on the page. */
export function voiceRow(summary: VoiceSummary): Record<string, string> {
  return {
    voice: summary.voice,
    songs: String(summary.songs),
    notes: String(summary.notes),
    pitches: summary.notes === 0 ? '–' : `${summary.lowestPitch}-${summary.highestPitch}`,
    'median pitch': formatNumber(summary.medianPitch),
    'pitch bits': formatNumber(summary.pitchEntropy),
    'step bits': formatNumber(summary.intervalEntropy),
    'median frames': summary.medianDuration,
    'duration bits': formatNumber(summary.durationEntropy),
    'notes/s': formatNumber(summary.notesPerSecond),
    sounding: percent(summary.soundingShare),
    'other voices': formatNumber(summary.otherVoices),
  };
}

/** Groups of copies by kind and splits. */
export function copiesInWords(copies: Inspection['copies']): string[] {
  const groups = new Map<string, number>();
  for (const { notes, splits } of copies) {
    const kind = `${notes} notes, ${splits.length > 1 ? 'across' : 'within'} ${splits.join(' and ')}`;
    groups.set(kind, (groups.get(kind) ?? 0) + 1);
  }
  const lines = [...groups].sort().map(([kind, count]) => `groups of songs with ${kind}: ${count}`);
  return lines.length > 0 ? [...lines, 'report.json lists them under copies.'] : ['No songs are the same music.'];
}
