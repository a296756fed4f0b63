import { VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { METERS } from './grid.ts';
import type { Macros } from './macro.ts';
import { QUARTER_CLOCKS } from './quarter-clock.ts';

/** Where a song's frames begin, in 16ths of a frame: within half a frame of 0. */
const PHASES = 16;

/** The event value for a phase in ticks. */
export function phaseNumber(phase: number): number {
  return Math.min(PHASES - 1, Math.floor((phase / FRAME_TICKS + 0.5) * PHASES));
}

/** The middle of a 16th of a frame, in ticks. Never half a frame, where it would be unclear which frame is meant. */
export function phaseOf(number: number): number {
  return ((number + 0.5) / PHASES - 0.5) * FRAME_TICKS;
}

/** Frames that a length, a wait or the rest of a bar may have; more takes several events. */
export const LONGEST = 256;
/** Frames, or quarters of the triangle's clock, after which a note may fall silent before its length is over. */
export const LONGEST_GATE = 128;
/** A bar's whole frames, and the 64ths beside them. */
export const LONGEST_BAR = 511;
export const BAR_FRACTIONS = 64;

/**
 * Settings come before the note they are for, and all but `once` and `wait` hold for the voice until the next of their
 * kind. Kinds in the order of their numbers; each has values `lowest` to `highest`.
 *
 * - phase, clock (of a triangle that has one: place in QUARTER_CLOCKS), meter (0: no grid), barFrames, barFraction,
 *   upbeat: the head of a song
 * - bar: begins the next bar (value 0); end: the song ends this many frames into its last bar
 * - wait: frames of silence; length: frames until the voice's next note; once: a length for this note alone
 * - gate: frames after which the note falls silent, quarters of a frame for a triangle with a clock (0: not before the
 *   next)
 * - arpeggio, volume, duty: number of a macro
 */
const SETTINGS = ['wait', 'length', 'once', 'gate', 'arpeggio', 'volume', 'duty'] as const;
const HEAD = ['phase', 'clock', 'meter', 'barFrames', 'barFraction', 'upbeat'] as const;
/** What a voice does: strike a note; go on to another pitch; strike or lengthen the same note again. */
const ACTIONS = ['note', 'slur', 'again', 'hold'] as const;

export type SettingKind = (typeof SETTINGS)[number];
export type HeadKind = (typeof HEAD)[number];
export type ActionKind = (typeof ACTIONS)[number];

export type NesEvent =
  | { readonly kind: HeadKind | SettingKind | 'bar' | 'end'; readonly value: number }
  | { readonly kind: ActionKind; readonly voice: VoiceName; readonly value: number };

/** The alphabet: entry n is the event of number n. */
export class NesVocabulary {
  readonly events: readonly NesEvent[];
  readonly #numbers = new Map<string, number>();

  constructor(macros: Macros) {
    const events: NesEvent[] = [];
    const add = (kind: Exclude<NesEvent['kind'], ActionKind>, lowest: number, highest: number): void => {
      this.#numbers.set(kind, events.length - lowest);
      for (let value = lowest; value <= highest; value++) events.push({ kind, value });
    };
    add('phase', 0, PHASES - 1);
    add('clock', 0, QUARTER_CLOCKS.length - 1);
    add('meter', 0, METERS.length);
    add('barFrames', 1, LONGEST_BAR);
    add('barFraction', 0, BAR_FRACTIONS - 1);
    add('upbeat', 0, LONGEST_BAR);
    add('bar', 0, 0);
    add('end', 1, LONGEST_BAR + 1);
    for (const kind of ['wait', 'length', 'once'] as const) add(kind, 1, LONGEST);
    add('gate', 0, LONGEST_GATE);
    add('arpeggio', 0, macros.arpeggios.length - 1);
    add('volume', 0, macros.volumes.length - 1);
    add('duty', 0, macros.duties.length - 1);
    for (const voice of VOICE_NAMES) {
      const { lowestPitch, highestPitch } = VOICE_RANGES[voice];
      for (const kind of ACTIONS) {
        const hasPitch = kind === 'note' || kind === 'slur';
        const lowest = hasPitch ? lowestPitch : 0;
        this.#numbers.set(`${kind} ${voice}`, events.length - lowest);
        for (let value = lowest; value <= (hasPitch ? highestPitch : 0); value++) events.push({ kind, voice, value });
      }
    }
    this.events = events;
  }

  /** The number of an event. */
  idOf(event: NesEvent): number {
    const key = 'voice' in event ? `${event.kind} ${event.voice}` : event.kind;
    const id = (this.#numbers.get(key) ?? -1) + event.value;
    if (id >= 0 && this.events[id]?.kind === event.kind) return id;
    throw new DataError(
      `event ${key} ${event.value}`,
      'nes-events has none like it',
      'keep to the ranges of its kinds',
    );
  }

  /** @throws DataError if there is no event of this number */
  eventOf(id: number, place: number): NesEvent {
    const event = this.events[id];
    if (event !== undefined) return event;
    throw new DataError(
      `event ${place}`,
      `${id} is not a class of nes-events (0..${this.events.length - 1})`,
      'use its model',
    );
  }
}

/** What comes after what, as encode writes it; before the first event stands undefined. */
export function mayFollow(previous: NesEvent | undefined, next: NesEvent): boolean {
  if (previous === undefined) return next.kind === 'phase';
  switch (previous.kind) {
    case 'phase':
      return next.kind === 'clock' || next.kind === 'meter';
    case 'clock':
      return next.kind === 'meter';
    case 'meter':
      return next.kind === (previous.value === 0 ? 'bar' : 'barFrames');
    case 'barFrames':
      return next.kind === 'barFraction';
    case 'barFraction':
      return next.kind === 'upbeat';
    case 'upbeat':
      return next.kind === 'bar';
    case 'end':
      return next.kind === 'phase';
    default:
  }
  if (isHead(next.kind)) return false;
  const place = placeOf(previous.kind);
  const isSetting = place >= 0;
  if (next.kind === 'bar' || next.kind === 'end') return !isSetting;
  // Settings stand in their order; only a long silence takes several waits.
  const nextPlace = placeOf(next.kind);
  return nextPlace < 0 || nextPlace > place || (next.kind === 'wait' && previous.kind === 'wait');
}

/** Place of a kind among the settings; -1 for others. */
function placeOf(kind: NesEvent['kind']): number {
  const kinds: readonly NesEvent['kind'][] = SETTINGS;
  return kinds.indexOf(kind);
}

/** Whether events of a kind belong to the head of a song, before its first bar. */
export function isHead(kind: NesEvent['kind']): boolean {
  return HEAD.some((head) => head === kind);
}

const SHORT_NAMES: Readonly<Record<VoiceName, string>> = { pulse1: 'P1', pulse2: 'P2', triangle: 'TR', noise: 'NO' };

/** An event in words: `P1 note 60`, `length 12`, `bar`. */
export function describeNesEvent(event: NesEvent): string {
  if (!('voice' in event)) return event.kind === 'bar' ? 'bar' : `${event.kind} ${event.value}`;
  const words = `${SHORT_NAMES[event.voice]} ${event.kind}`;
  return event.kind === 'note' || event.kind === 'slur' ? `${words} ${event.value}` : words;
}
