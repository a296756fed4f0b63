import { TICKS_PER_SECOND, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { entropy } from '../../entropy.ts';
import type { SongCounts, VoiceCounts } from './counts.ts';

/**
 * What a voice plays, in figures. NaN where it has no notes. Entropies are in bits: 3 is as uncertain as eight equal
 * choices.
 */
export interface VoiceSummary {
  readonly voice: VoiceName;
  /** Songs in which it plays. */
  readonly songs: number;
  readonly notes: number;
  /** MIDI note numbers; noise 1..16. */
  readonly lowestPitch: number;
  readonly medianPitch: number;
  readonly highestPitch: number;
  readonly pitchEntropy: number;
  /** Of the steps from note to note. */
  readonly intervalEntropy: number;
  /** The class in which the median lies, in video frames of 1/60.0988 s: see durationLabel. */
  readonly medianDuration: string;
  readonly durationEntropy: number;
  /** Over the whole length of all songs. */
  readonly notesPerSecond: number;
  /** Share of all time in which it sounds, 0..1. */
  readonly soundingShare: number;
  /** Mean number of other voices that sound while it does, 0..3. */
  readonly otherVoices: number;
}

export function summariseVoices(counts: SongCounts): VoiceSummary[] {
  return VOICE_NAMES.map((voice) => summarise(voice, counts.voices[voice], counts));
}

function summarise(voice: VoiceName, of: VoiceCounts, { ticks, together }: SongCounts): VoiceSummary {
  const notes = total(of.pitches);
  const bit = 2 ** VOICE_NAMES.indexOf(voice);
  const withIt = together.map((time, voices) => (voices & bit ? time : 0));
  const sounding = total(withIt);
  const others = total(withIt.map((time, voices) => (voicesIn(voices) - 1) * time));
  const medianDuration = quantile(of.durations, 0.5);
  return {
    voice,
    songs: of.songs,
    notes,
    lowestPitch: quantile(of.pitches, 0),
    medianPitch: quantile(of.pitches, 0.5),
    highestPitch: quantile(of.pitches, 1),
    pitchEntropy: entropy(of.pitches),
    intervalEntropy: entropy(of.intervals),
    medianDuration: Number.isNaN(medianDuration) ? '–' : durationLabel(medianDuration),
    durationEntropy: entropy(of.durations),
    notesPerSecond: (notes * TICKS_PER_SECOND) / ticks,
    soundingShare: sounding / ticks,
    otherVoices: others / sounding,
  };
}

/** The share of all time in which 0, 1, ... 4 voices sound. */
export function polyphonyShares({ ticks, together }: SongCounts): number[] {
  const shares = Array.from({ length: VOICE_NAMES.length + 1 }, () => 0);
  for (const [voices, time] of together.entries()) shares[voicesIn(voices)] += time / ticks;
  // Time after the last note, in which nothing sounds, is not counted with the rest.
  shares[0] += 1 - total(shares);
  return shares;
}

/** A duration class in words: 1, 2, 3-4, 5-8, ... frames. */
export function durationLabel(index: number): string {
  return index < 2 ? String(index + 1) : `${2 ** (index - 1) + 1}-${2 ** index}`;
}

/** The lowest index up to which at least this share is counted; for 0 the lowest that occurs. */
function quantile(counts: readonly number[], share: number): number {
  const target = Math.max(1, share * total(counts));
  let sum = 0;
  const found = counts.findIndex((count) => {
    sum += count;
    return sum >= target;
  });
  return found < 0 ? Number.NaN : found;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Voices in a set of SongCounts.together. */
function voicesIn(set: number): number {
  return VOICE_NAMES.filter((_, voice) => set & (2 ** voice)).length;
}
