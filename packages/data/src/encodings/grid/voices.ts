import { VOICE_RANGES } from '@chipsmith/apu';
import { foldInto } from '../../pitch.ts';
import type { Span } from './song.ts';
import { PITCHED_VOICES } from './steps.ts';

type PitchedVoice = (typeof PITCHED_VOICES)[number];

/** How bad it is, in semitones of leap, to ... The last two are worse than any number of leaps. */
const COSTS = {
  /** cross another voice: pulse 1 lies above pulse 2 above the triangle; */
  crossing: 12,
  /** take a voice that has not played yet, which also is the most that a leap costs; */
  newVoice: 12,
  /** play louder on the triangle, which knows one volume; */
  volume: 1e6,
  /** play an octave higher what a pulse cannot play. */
  octave: 1e9,
} as const;

const TRIANGLE_VOLUME = 15;

/** One way to have dealt the notes so far. Entry n of the arrays belongs to PITCHED_VOICES[n] and its last note. */
interface Deal {
  readonly cost: number;
  readonly ends: readonly number[];
  readonly pitches: readonly (number | undefined)[];
  /** The voice of the last note, none if it was left out, and the deal before it. */
  readonly voice: number | undefined;
  readonly before: Deal | undefined;
}

/**
 * Deals polyphonic notes, as encodings without voices have them, to the three pitched voices so that lines leap little
 * and cross little: the cheapest way through all notes (Viterbi), where a state is which voices are busy until when.
 * Notes below the pulses' range go to the triangle, those of another volume than its own do not. Where more than three
 * notes sound together the last to come is left out.
 *
 * @param notes in order of their starts
 * @param sharedEnds notes of one pitch that sound together may exchange their ends, which events that name no more than
 *   a pitch leave open
 */
export function dealVoices(notes: readonly Span[], { sharedEnds = false } = {}): Record<PitchedVoice, Span[]> {
  let deals: Deal[] = [
    { cost: 0, ends: [0, 0, 0], pitches: [undefined, undefined, undefined], voice: undefined, before: undefined },
  ];
  for (const note of notes) {
    const best = new Map<string, Deal>();
    for (const deal of deals) {
      for (const next of successors(deal, note, sharedEnds)) {
        // Voices that are free again by now are alike, whenever they fell silent.
        const key = next.ends.map((end) => (end > note.start ? end : '')).join();
        const rival = best.get(key);
        if (rival === undefined || next.cost < rival.cost) best.set(key, next);
      }
    }
    deals = [...best.values()];
  }
  const cheapest = deals.reduce((a, b) => (b.cost < a.cost ? b : a));
  return collect(notes, cheapest);
}

function successors(deal: Deal, note: Span, sharedEnds: boolean): Deal[] {
  // All deals leave out the same notes, so that the ways to deal stay few: the busy voices in any order.
  if (deal.ends.every((end) => end > note.start)) return [{ ...deal, voice: undefined, before: deal }];
  const next: Deal[] = [];
  for (const [voice, name] of PITCHED_VOICES.entries()) {
    if (deal.ends[voice] > note.start) continue;
    const last = deal.pitches[voice];
    let cost = last === undefined ? COSTS.newVoice : Math.min(COSTS.newVoice, Math.abs(note.pitch - last));
    if (note.pitch < VOICE_RANGES[name].lowestPitch) cost += COSTS.octave;
    if (name === 'triangle' && (note.volume ?? TRIANGLE_VOLUME) !== TRIANGLE_VOLUME) cost += COSTS.volume;
    for (const [other, pitch] of deal.pitches.entries()) {
      if (pitch === undefined || deal.ends[other] <= note.start) continue;
      if (other < voice ? note.pitch > pitch : note.pitch < pitch) cost += COSTS.crossing;
    }
    const pitches = deal.pitches.with(voice, note.pitch);
    const dealt = { cost: deal.cost + cost, ends: deal.ends.with(voice, note.end), pitches, voice, before: deal };
    next.push(dealt);
    for (const [other, end] of deal.ends.entries()) {
      const sounds = end > note.start && deal.pitches[other] === note.pitch;
      if (sharedEnds && sounds) next.push({ ...dealt, ends: dealt.ends.with(voice, end).with(other, note.end) });
    }
  }
  return next;
}

function collect(notes: readonly Span[], last: Deal): Record<PitchedVoice, Span[]> {
  const voices: Record<PitchedVoice, Span[]> = { pulse1: [], pulse2: [], triangle: [] };
  const ends = [...last.ends];
  let deal: Deal | undefined = last;
  for (const note of notes.toReversed()) {
    if (deal?.voice !== undefined) {
      const name = PITCHED_VOICES[deal.voice];
      voices[name].push(asPlayed({ ...note, end: ends[deal.voice] }, name));
      ends[deal.voice] = deal.before?.ends[deal.voice] ?? 0;
    }
    deal = deal?.before;
  }
  for (const name of PITCHED_VOICES) voices[name].reverse();
  return voices;
}

/** A note within the range of a voice, and as loud as it plays. */
function asPlayed(note: Span, voice: PitchedVoice): Span {
  const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
  const pitch = foldInto(note.pitch, lowestPitch, highestPitch);
  return { ...note, pitch, ...(note.volume !== undefined && voice === 'triangle' && { volume: TRIANGLE_VOLUME }) };
}
