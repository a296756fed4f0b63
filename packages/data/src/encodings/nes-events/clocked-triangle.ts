import type { Note } from '@chipsmith/apu';
import type { FrameNote } from './frame-note.ts';
import { QUARTERS, type QuarterClock } from './quarter-clock.ts';
import { LONGEST_GATE } from './vocabulary.ts';

/** Whether a note goes over without silence to what begins in the given frame. */
export function isJoined({ start, volumes, quarters }: FrameNote, frame: number): boolean {
  return quarters === undefined && start + volumes.length === frame;
}

/**
 * A triangle's notes in frames. Where silence follows, the quarters of the note are counted, as a game sets the linear
 * counter; notes of more quarters than a gate can say are silenced by a register, in a frame.
 */
export function clockedFrameNotes(
  notes: readonly Note[],
  clock: QuarterClock,
  frameOf: (tick: number) => number,
): FrameNote[] {
  const heard = notes.filter(({ start, end }) => frameOf(end) > frameOf(start));
  return heard.flatMap(({ start: tick, end, pitch }, index) => {
    const start = frameOf(tick);
    const next = heard[index + 1];
    const step = next ? frameOf(next.start) - start : Number.POSITIVE_INFINITY;
    const quarters = clock.quarterFrom(end) - clock.quarterFrom(tick);
    const isGated = next?.start !== end && quarters >= 1 && quarters <= LONGEST_GATE && quarters < step * QUARTERS;
    const frames = isGated ? Math.ceil(quarters / QUARTERS) : Math.min(step, frameOf(end) - start);
    if (frames === 0) return [];
    const volumes = new Array<number>(frames).fill(15);
    const duties = new Array<number>(frames).fill(0);
    return [{ start, pitch, volumes, duties, quarters: isGated ? quarters : undefined }];
  });
}

/** The notes in ticks: after silence, and into silence, with a quarter of the clock. */
export function clockedNotes(
  notes: readonly FrameNote[],
  clock: QuarterClock,
  tickOf: (frame: number) => number,
): Note[] {
  return notes.map((note, index) => {
    const { start: frame, pitch, volumes, quarters } = note;
    const next = notes[index + 1];
    const firstQuarter = clock.quarterFrom(tickOf(frame));
    const start = index > 0 && isJoined(notes[index - 1], frame) ? tickOf(frame) : clock.tickOf(firstQuarter);
    const after = tickOf(frame + volumes.length);
    const lastQuarter = quarters === undefined ? clock.quarterFrom(after) : firstQuarter + quarters;
    const end = next && isJoined(note, next.start) ? after : clock.tickOf(lastQuarter);
    return { start, end, pitch, volume: [{ time: start, value: 15 }], duty: [{ time: start, value: 0 }] };
  });
}
