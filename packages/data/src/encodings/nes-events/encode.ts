import { VOICE_NAMES } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { type Instruments, VoiceEncoder } from './encode-voice.ts';
import { framesOf } from './frames.ts';
import { barStart, gridOf } from './grid.ts';
import { gateUnit, QUARTER_CLOCKS } from './quarter-clock.ts';
import { BAR_FRACTIONS, type HeadKind, LONGEST_BAR, type NesVocabulary, phaseNumber } from './vocabulary.ts';

/**
 * The events of a song: a head (phase of the frames, the triangle's clock, meter, frames of a bar, upbeat), then for
 * each bar the event `bar` and what begins in it, voice after voice, and at last where in the last bar the song ends.
 * None of a song that is silent.
 */
export function encodeNesEvents(song: Song, instruments: Instruments, vocabulary: NesVocabulary): Uint16Array {
  const { phase, frames, clock, voices } = framesOf(song);
  if (VOICE_NAMES.every((voice) => voices[voice].length === 0)) return new Uint16Array(0);
  const grid = gridOf(song, phase, LONGEST_BAR, BAR_FRACTIONS);
  const events: number[] = [];
  const add = (kind: HeadOrBar, value: number) => events.push(vocabulary.idOf({ kind, value }));

  add('phase', phaseNumber(phase));
  if (clock) add('clock', QUARTER_CLOCKS.indexOf(clock));
  add('meter', grid.meter);
  if (grid.meter > 0) {
    const whole = Math.floor(grid.barFrames);
    add('barFrames', whole);
    add('barFraction', Math.round((grid.barFrames - whole) * BAR_FRACTIONS));
    add('upbeat', grid.upbeat);
  }
  const encoders = VOICE_NAMES.map(
    (voice) => new VoiceEncoder(voice, voices[voice], instruments, vocabulary, gateUnit(voice, clock)),
  );
  const lastSound = Math.max(0, ...VOICE_NAMES.map((voice) => endOf(voices[voice].at(-1))));
  const end = Math.max(frames, lastSound, 1);
  for (let bar = 0; barStart(grid, bar) < end; bar++) {
    add('bar', 0);
    const start = barStart(grid, bar);
    const next = barStart(grid, bar + 1);
    for (const encoder of encoders) for (const event of encoder.encodeBar(start, next)) events.push(event);
    if (next >= end) add('end', end - start);
  }
  return Uint16Array.from(events);
}

type HeadOrBar = HeadKind | 'bar' | 'end';

function endOf(note: { readonly start: number; readonly volumes: readonly number[] } | undefined): number {
  return note ? note.start + note.volumes.length : 0;
}
