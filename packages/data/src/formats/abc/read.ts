import { type Note, TICKS_PER_SECOND } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { quartersPerBar, type Tempo, type TempoChange } from '../../song.ts';
import { tempoMapOf, ticksPerQuarter } from '../../timing/tempo-map.ts';
import type { FoundSong, SongReading } from '../reading.ts';
import { withCount } from '../repairs.ts';
import { type TuneText, tunesOf } from './book.ts';
import { planParts, playParts } from './parts.ts';
import { type PlayedNote, type PlayedTempo, perform } from './performance.ts';
import { linesOf } from './text.ts';
import { readTune } from './tune.ts';

/** Loudness and duty of the tune: clear, and not at the limit. */
const VOLUME = 12;
const DUTY = 2;
/** Quarter notes a minute until a `Q:` field tells. */
const USUAL_TEMPO = 120;

/**
 * Reads a book of tunes in ABC notation (abcnotation.com, standard 2.1), such as the Nottingham collection. Each tune
 * begins with `X:` and ends at an empty line behind its music; fields above the first one hold for all. Encodings and
 * line ends: see linesOf.
 *
 * The tune goes to pulse 1, and of notes in brackets the second from above to pulse 2. Repeats, endings and parts
 * (their order by `P:` or Nottingham's `Y:`) are played out; ties, tuplets, broken rhythm, keys, meters, tempos and
 * transposition are followed. Left out, and counted in the report: chord symbols, grace notes, voices after the first
 * (`V:`, `&`), lower notes of chords. Decorations and lyrics are passed over. What means nothing in ABC is skipped:
 * each kind of it is a repair, and only a tune without any note is refused. The grid counts as given; a tempo that is
 * not written is 120 quarters a minute.
 *
 * @param name the file's name, for paths and messages
 * @throws DataError if there is no tune in it
 */
export function readAbc(bytes: Uint8Array, name: string): FoundSong[] {
  const tunes = tunesOf(linesOf(bytes), name);
  if (tunes.length === 0) {
    const problem = 'empty: has no tune (no X: field and no music)';
    throw new DataError(name, problem, 'give an ABC file', { byte: bytes.length });
  }
  return tunes.map((tune, index): FoundSong => {
    const path = tunes.length === 1 ? name : `${name}/${String(index + 1).padStart(4, '0')}`;
    const reading = songOf(tune);
    const [{ byte, number }] = tune.lines;
    const place = { byte, within: `line ${number}` };
    return reading ? { path, reading } : { path, problem: 'empty: the tune has no notes', place };
  });
}

/** @returns undefined if the tune has no notes */
function songOf(text: TuneText): SongReading | undefined {
  const tune = readTune(text);
  const plan = planParts(tune.symbols, tune.order);
  let isRenumbered = false;
  const played = playParts(plan, () => {
    isRenumbered = true;
  });
  const { voices, tempos, firstBar, duration, lowerNotes, isCut } = perform(played, USUAL_TEMPO);
  const [{ beatsPerMinute }] = tempos;
  const changes = changesOf(tempos);
  const beats = tempoMapOf({ beatsPerMinute, firstBeat: 0, changes });
  const tick = (quarters: number) => Math.round(beats.timeAt(quarters));
  const [pulse1, pulse2] = voices.map((notes) => notesOf(notes, tick));
  if (pulse1.length === 0) return undefined;

  const { title, composer, written, meter } = tune;
  const bar = quartersPerBar(meter);
  const firstBeat = firstBar !== undefined && firstBar < bar - 1e-6 ? tick(firstBar - bar) : 0;
  const repairs = [
    ...(tune.startsWithTempo ? [] : [`no tempo given: assumed ${USUAL_TEMPO} quarters a minute`]),
    ...tune.repairs,
    ...plan.repairs,
    ...(isRenumbered ? ['played endings with missing numbers one after another'] : []),
    ...(lowerNotes > 0 ? [withCount('left out # lower note(s) of chords', lowerNotes)] : []),
    ...(isCut
      ? [`cut the tune at ${Math.round(tick(duration) / TICKS_PER_SECOND)} s: it would repeat for too long`]
      : []),
  ];
  const song = {
    title,
    voices: { pulse1, pulse2, triangle: [], noise: [] },
    duration: tick(duration),
    tempo: tempoOf(beatsPerMinute, firstBeat, changes),
    meter,
  };
  return { song, ...(composer === undefined ? {} : { composer }), written, repairs };
}

/** When each tempo but the first begins, in ticks that are not rounded. */
function changesOf(tempos: readonly PlayedTempo[]): TempoChange[] {
  let time = 0;
  return tempos.slice(1).map(({ start, beatsPerMinute }, index) => {
    const before = tempos[index];
    time += (start - before.start) * ticksPerQuarter(before.beatsPerMinute);
    return { time, beatsPerMinute };
  });
}

/** With the changes on ticks; of those that fall on one tick the last. */
function tempoOf(beatsPerMinute: number, firstBeat: number, changes: readonly TempoChange[]): Tempo {
  const times = changes.map(({ time }) => Math.round(time));
  const apart = changes
    .map((change, index) => ({ ...change, time: times[index] }))
    .filter(({ time }, index) => time > firstBeat && time !== times[index + 1]);
  const tempo = { beatsPerMinute, firstBeat, origin: 'given', confidence: 1 } as const;
  return apart.length > 0 ? { ...tempo, changes: apart } : tempo;
}

/** Notes that are shorter than a tick are not heard. */
function notesOf(notes: readonly PlayedNote[], tick: (quarters: number) => number): Note[] {
  return notes.flatMap(({ start, end, pitch }) => {
    const [time, until] = [tick(start), tick(end)];
    if (until <= time) return [];
    return [{ start: time, end: until, pitch, volume: [{ time, value: VOLUME }], duty: [{ time, value: DUTY }] }];
  });
}
