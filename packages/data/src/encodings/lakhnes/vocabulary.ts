import { VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { WAITS } from './waits.ts';

/** What a LakhNES event says. `value` of a wait is in samples, of a note its pitch. */
export type LakhNesEvent =
  | { readonly kind: 'boundary' }
  | { readonly kind: 'wait'; readonly value: number }
  | { readonly kind: 'off'; readonly voice: VoiceName }
  | { readonly kind: 'on' | 'velocity' | 'timbre'; readonly voice: VoiceName; readonly value: number };

/** The events of a voice, and their numbers. */
export interface VoiceIds {
  readonly off: number;
  /** Number of the note-on of the voice's lowest pitch. */
  readonly firstOn: number;
  /** Number of VELOCITY_1; none for the triangle. */
  readonly firstVelocity?: number;
  /** Number of TIMBRE_0; none for the triangle. */
  readonly firstTimbre?: number;
}

/** An alphabet: entry n is the event of number n. */
export interface Vocabulary {
  readonly events: readonly LakhNesEvent[];
  readonly voices: Readonly<Record<VoiceName, VoiceIds>>;
}

/** `<S>`, before and after each song. */
export const BOUNDARY = 0;
/** WT_1; the waits stand in the order of WAITS. */
export const FIRST_WAIT = 1;
const LOUDEST = 15;

/**
 * TX1 (631 events: `<S>`, 370 waits, and a voice after the other its note-off and note-ons) or, with dynamics, TX2
 * (686: each voice but the triangle also has VELOCITY 1..15 and TIMBRE). The numbers are those of LakhNES' vocabulary
 * files.
 */
export function makeVocabulary(withDynamics: boolean): Vocabulary {
  const events: LakhNesEvent[] = [
    { kind: 'boundary' },
    ...WAITS.map((value): LakhNesEvent => ({ kind: 'wait', value })),
  ];
  const add = (kind: 'on' | 'velocity' | 'timbre', voice: VoiceName, lowest: number, highest: number): number => {
    const first = events.length;
    for (let value = lowest; value <= highest; value++) events.push({ kind, voice, value });
    return first;
  };
  const addVoice = (voice: VoiceName): VoiceIds => {
    const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
    const off = events.push({ kind: 'off', voice }) - 1;
    const firstOn = add('on', voice, lowestPitch, highestPitch);
    if (!withDynamics || voice === 'triangle') return { off, firstOn };
    const firstVelocity = add('velocity', voice, 1, LOUDEST);
    return { off, firstOn, firstVelocity, firstTimbre: add('timbre', voice, 0, highestDuty) };
  };
  const [pulse1, pulse2, triangle, noise] = VOICE_NAMES.map(addVoice);
  return { events, voices: { pulse1, pulse2, triangle, noise } };
}

const SHORT_NAMES: Readonly<Record<VoiceName, string>> = { pulse1: 'P1', pulse2: 'P2', triangle: 'TR', noise: 'NO' };

/** An event's name in LakhNES' text files: `WT_730`, `P1_NOTEON_60`, `NO_NOTEOFF`, `P2_VELOCITY_12`. */
export function nameOf(event: LakhNesEvent): string {
  switch (event.kind) {
    case 'boundary':
      return '<S>';
    case 'wait':
      return `WT_${event.value}`;
    case 'off':
      return `${SHORT_NAMES[event.voice]}_NOTEOFF`;
    case 'on':
      return `${SHORT_NAMES[event.voice]}_NOTEON_${event.value}`;
    default:
      return `${SHORT_NAMES[event.voice]}_${event.kind.toUpperCase()}_${event.value}`;
  }
}
