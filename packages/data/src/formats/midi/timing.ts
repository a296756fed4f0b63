import { type Song, TEMPO_RANGE, type Tempo, type TempoChange } from '../../song.ts';
import { prevailingTempo, tempoMapOf, ticksPerQuarter } from '../../timing/tempo-map.ts';
import { ASSUMED_TIMING } from '../reading.ts';
import { withCount } from '../repairs.ts';
import type { FileClock } from './clock.ts';
import type { MidiFile } from './file.ts';
import { meterOf } from './meter.ts';

/**
 * A song's tempo and meter from a file's: quarter notes of the file are beats of the song through all changes of tempo,
 * and the song's bars begin where the file's do. In SMPTE time, or if no usable tempo is written, the tempo is assumed.
 *
 * A song's tempo lies within TEMPO_RANGE. If the one that holds longest does not, beats are counted at half or double
 * speed (or a quarter, or four times) throughout. Stretches that still lie outside are then halved or doubled by
 * themselves, so that a fermata written as a very slow tempo does not change the note values of the whole piece.
 *
 * @param duration the song's; later tempos do not matter
 * @param end tick of the file at which its last note ends
 */
export function timingOf(
  { tracks }: MidiFile,
  clock: FileClock,
  duration: number,
  end: number,
  repairs: string[],
): Pick<Song, 'tempo' | 'meter'> {
  const { meter, firstBar } = meterOf(tracks, clock.ticksPerQuarter, end, repairs);
  if (!clock.isGiven) return { tempo: ASSUMED_TIMING.tempo, meter };
  const [first, ...later] = clock.tempos;
  const changes = later.filter(({ time }) => time < duration);
  const prevailing = prevailingTempo({ ...ASSUMED_TIMING.tempo, ...first, changes }, duration);
  const speed = intoRange(prevailing) / prevailing;
  const counted = [first, ...changes].map(({ time, beatsPerMinute }) => ({
    time,
    beatsPerMinute: intoRange(beatsPerMinute * speed),
  }));
  const { slowest, fastest } = TEMPO_RANGE;
  if (speed !== 1) {
    repairs.push(`counted beats at ${speed} times the written tempo, which is outside ${slowest}..${fastest} bpm`);
  }
  const apart = counted.filter(
    ({ beatsPerMinute }, index) => beatsPerMinute !== clock.tempos[index].beatsPerMinute * speed,
  );
  if (apart.length > 0) {
    repairs.push(
      withCount(`counted beats at half or double speed in # tempo(s) outside ${slowest}..${fastest} bpm`, apart.length),
    );
  }
  const firstBeat = (firstBar / clock.ticksPerQuarter) * ticksPerQuarter(first.beatsPerMinute);
  return { tempo: { ...onWholeTicks(counted, firstBeat), origin: 'given', confidence: 1 }, meter };
}

/** A tempo doubled or halved until a song can have it. */
function intoRange(beatsPerMinute: number): number {
  let tempo = beatsPerMinute;
  while (tempo < TEMPO_RANGE.slowest) tempo *= 2;
  while (tempo > TEMPO_RANGE.fastest) tempo /= 2;
  return tempo;
}

/** Ticks by which a change of tempo may be moved away from its exact time: 0.4 ms. */
const FARTHEST_SHIFT = 16;

/**
 * Tempos with their changes on whole ticks, while later beats stay where they should be. Moving a change by one tick
 * moves every later beat by the difference of the two tempos over that tick. So each change is placed to make up for
 * the error left by those before: it stays below one tick of the faster tempo, however many changes there are.
 *
 * @param tempos in order, with exact times, the first from 0
 * @param firstBeat its exact time, at most 0
 */
function onWholeTicks(
  tempos: readonly TempoChange[],
  firstBeat: number,
): Pick<Tempo, 'beatsPerMinute' | 'firstBeat' | 'changes'> {
  const next = (index: number) => tempos[index + 1]?.time ?? Number.POSITIVE_INFINITY;
  // Of changes within one tick the last holds.
  const [first, ...changes] = tempos
    .filter(({ time }, index) => Math.round(time) < Math.round(next(index)))
    .filter(({ beatsPerMinute }, index, all) => beatsPerMinute !== all[index - 1]?.beatsPerMinute);
  const exact = tempoMapOf({ ...tempos[0], firstBeat, changes: tempos.slice(1) });
  let last = { time: Math.round(firstBeat), beat: 0, beatsPerMinute: first.beatsPerMinute };
  const placed: TempoChange[] = [];
  for (const { time, beatsPerMinute } of changes) {
    const before = 1 / ticksPerQuarter(last.beatsPerMinute);
    const after = 1 / ticksPerQuarter(beatsPerMinute);
    const error = last.beat + (time - last.time) * before - exact.beatAt(time);
    const shift = Math.max(-FARTHEST_SHIFT, Math.min(FARTHEST_SHIFT, error / (after - before)));
    const at = Math.max(last.time + 1, Math.round(time + shift));
    placed.push({ time: at, beatsPerMinute });
    last = { time: at, beat: last.beat + (at - last.time) * before, beatsPerMinute };
  }
  const tempo = { beatsPerMinute: first.beatsPerMinute, firstBeat: Math.round(firstBeat) };
  return placed.length > 0 ? { ...tempo, changes: placed } : tempo;
}
