import { type RegisterLog, type RenderOptions, renderAudio, unrollLoop } from '@chipsmith/apu';

/**
 * What a track sounds like. Of one that loops it is the second time, which goes on from the first as it goes on from
 * itself. The pages load this too.
 */
export function audioOf(log: RegisterLog, options: RenderOptions): Float32Array {
  if (log.loop === undefined) return renderAudio(log, options);
  const twice = renderAudio(unrollLoop(log, 2), { ...options, fade: 0 });
  return twice.subarray(Math.round(twice.length / 2));
}
