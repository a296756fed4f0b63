import { TICKS_PER_SECOND } from '@chipsmith/apu';
import type { TempoChange } from '../../song.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';
import type { MidiFile } from './file.ts';
import { Header } from './tone.ts';

/** How the ticks of a file lie in time. */
export interface FileClock {
  /** Ticks of the file in a quarter note. */
  readonly ticksPerQuarter: number;
  /** The tempos in order, the first at time 0. Times in song ticks, not rounded, and no two of them equal. */
  readonly tempos: readonly TempoChange[];
  /** Whether the file writes a usable tempo. */
  readonly isGiven: boolean;
  /** The song tick, rounded, of a tick of the file. */
  toSongTicks(tick: number): number;
}

/** Holds until the first tempo is written (SMF 1.0). */
const USUAL_TEMPO = 120;

/**
 * The clock of a file, from the tempos of all its tracks; in SMPTE time, a quarter note is half a second whatever they
 * say.
 */
export function clockOf({ division, tracks }: MidiFile): FileClock {
  if (division.kind === 'second') {
    const { ticksPerSecond } = division;
    return {
      ticksPerQuarter: (ticksPerSecond * 60) / USUAL_TEMPO,
      tempos: [{ time: 0, beatsPerMinute: USUAL_TEMPO }],
      isGiven: false,
      toSongTicks: (tick) => Math.round((tick / ticksPerSecond) * TICKS_PER_SECOND),
    };
  }
  const { ticksPerQuarter } = division;
  const written = temposByTick(tracks);
  const tempos = timesOf(new Map([[0, USUAL_TEMPO], ...written]), ticksPerQuarter);
  const { timeAt } = tempoMapOf({ ...tempos[0], firstBeat: 0, changes: tempos.slice(1) });
  return {
    ticksPerQuarter,
    tempos,
    isGiven: written.size > 0,
    toSongTicks: (tick) => Math.round(timeAt(tick / ticksPerQuarter)),
  };
}

/** Quarter notes a minute by tick. A later tempo of the same tick replaces the earlier one. */
function temposByTick(tracks: MidiFile['tracks']): Map<number, number> {
  const tempos = new Map<number, number>();
  for (const { events } of tracks) {
    for (const event of events) {
      if (event.kind === 'tempo') tempos.set(event.tick, 60_000_000 / event.microsecondsPerQuarter);
    }
  }
  return tempos;
}

/**
 * The times of tempos, by the tempo map of @tonejs/midi. Ticks are not looked up there: that takes time linear in the
 * number of tempos.
 */
function timesOf(tempos: ReadonlyMap<number, number>, ticksPerQuarter: number): TempoChange[] {
  const header = new Header();
  header.fromJSON({
    name: '',
    ppq: ticksPerQuarter,
    meta: [],
    tempos: [...tempos].map(([ticks, bpm]) => ({ ticks, bpm })),
    timeSignatures: [],
    keySignatures: [],
  });
  return header.tempos
    .map(({ bpm, time = 0 }) => ({ time: time * TICKS_PER_SECOND, beatsPerMinute: bpm }))
    .filter(({ beatsPerMinute }, index, all) => beatsPerMinute !== all[index - 1]?.beatsPerMinute);
}
