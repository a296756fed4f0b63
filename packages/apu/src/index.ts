export { Apu, type ApuOptions } from './chip/apu.ts';
export { CYCLES_PER_FRAME, PAL_CPU_CLOCK, type Region, regionOfClock } from './chip/region.ts';
export { type PlayOptions, playScore } from './driver/play-score.ts';
export { ApuError } from './errors.ts';
export { type WavOptions, writeWav } from './files/wav.ts';
export * from './register-log.ts';
export * from './score.ts';
export { FILTER_PROFILES, type FilterName, type FilterStage } from './synthesis/filters.ts';
export { DEFAULT_GAIN, type RenderOptions, renderAudio } from './synthesis/render-audio.ts';
