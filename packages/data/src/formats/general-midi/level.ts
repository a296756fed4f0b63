import type { Change } from '@chipsmith/apu';
import type { Controls } from './controls.ts';

/** The volume (controller 7) of a channel on which nobody has touched it. */
const USUAL_VOLUME = 100;

/**
 * How loud a note is over a stretch of time, 0..1: velocity times volume (1 at 100, the default of General MIDI) times
 * expression. General MIDI squares each factor; 15 volumes are too few for that, and most parts would end up at 4 or
 * less.
 *
 * @param usualVolume the volume that counts as 1
 */
export function levelsOf(
  { player: { controls }, velocity }: { readonly player: { readonly controls: Controls }; readonly velocity: number },
  start: number,
  end: number,
  usualVolume = USUAL_VOLUME,
): Change[] {
  const times = [
    start,
    ...controls.within('volume', start, end).map(({ time }) => time),
    ...controls.within('expression', start, end).map(({ time }) => time),
  ];
  return [...new Set(times)]
    .sort((a, b) => a - b)
    .map((time) => {
      const volume = controls.at('volume', time) / usualVolume;
      const expression = controls.at('expression', time) / 127;
      return { time, value: Math.min(1, (velocity / 127) * volume * expression) };
    });
}
