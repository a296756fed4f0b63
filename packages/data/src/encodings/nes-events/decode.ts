import { VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import type { DecodeOptions } from '../encoding.ts';
import { isJoined } from './clocked-triangle.ts';
import { FIRST_LENGTH, NO_GATE } from './encode-voice.ts';
import type { FrameNote } from './frame-note.ts';
import { notesOf } from './frames.ts';
import { barStart, FREE_GRID, type Grid, timingOf } from './grid.ts';
import { type Macro, type Macros, valueAt } from './macro.ts';
import { notesOfPhrase, PLAIN } from './phrases.ts';
import { gateUnit, QUARTER_CLOCKS, type QuarterClock } from './quarter-clock.ts';
import { type ActionKind, BAR_FRACTIONS, type NesVocabulary, phaseOf, type SettingKind } from './vocabulary.ts';

/**
 * The song of nes-events. Any events of the vocabulary give one: what the grammar would not allow is taken as far as it
 * makes sense (a head in the middle changes the grid from there on, a slur after silence is a note). A voice that is
 * behind when a bar begins is silent until then; one that is ahead stays ahead.
 *
 * @throws DataError if an event is not of the vocabulary
 */
export function decodeNesEvents(
  events: ArrayLike<number>,
  macros: Macros,
  vocabulary: NesVocabulary,
  { title, beatsPerMinute }: DecodeOptions,
): Song {
  const voices = {
    pulse1: new VoiceDecoder('pulse1', macros),
    pulse2: new VoiceDecoder('pulse2', macros),
    triangle: new VoiceDecoder('triangle', macros),
    noise: new VoiceDecoder('noise', macros),
  };
  let grid: Grid = FREE_GRID;
  let phase = 0;
  let clock: QuarterClock | undefined;
  let bar = -1;
  let end: number | undefined;
  let settings: Settings = {};
  for (let place = 0; place < events.length && end === undefined; place++) {
    const event = vocabulary.eventOf(events[place], place);
    if ('voice' in event) {
      voices[event.voice].act(event.kind, event.value, settings, gateUnit(event.voice, clock));
      settings = {};
      continue;
    }
    const { kind, value } = event;
    if (kind === 'phase') phase = phaseOf(value);
    else if (kind === 'clock') clock = QUARTER_CLOCKS[value];
    else if (kind === 'meter') grid = { ...grid, meter: value };
    else if (kind === 'barFrames') grid = { ...grid, barFrames: value };
    else if (kind === 'barFraction') grid = { ...grid, barFrames: Math.floor(grid.barFrames) + value / BAR_FRACTIONS };
    else if (kind === 'upbeat') grid = { ...grid, upbeat: value };
    else if (kind === 'bar') {
      bar++;
      for (const voice of VOICE_NAMES) voices[voice].startBar(barStart(grid, bar));
    } else if (kind === 'end') end = barStart(grid, Math.max(0, bar)) + value;
    else if (kind === 'wait') settings.wait = (settings.wait ?? 0) + value;
    else settings[kind] = value;
  }
  const [pulse1, pulse2, triangle, noise] = VOICE_NAMES.map((voice) =>
    notesOf(voices[voice].finish(), phase, voice === 'triangle' ? clock : undefined),
  );
  const lastEnd = Math.max(0, ...[pulse1, pulse2, triangle, noise].map((notes) => notes.at(-1)?.end ?? 0));
  const wanted = Math.round(phase + (end ?? barStart(grid, bar + 1)) * FRAME_TICKS);
  return {
    title,
    voices: { pulse1, pulse2, triangle, noise },
    duration: Math.max(wanted, lastEnd),
    ...timingOf(grid, phase, beatsPerMinute),
  };
}

/** The triangle has no volume. */
const FULL: Macro = { intro: [], loop: [15] };

/** Settings given since the last action. */
type Settings = { [Kind in SettingKind]?: number };

/** A phrase while pieces are added to it. */
interface OpenPhrase {
  readonly start: number;
  readonly pitch: number;
  readonly arpeggio: number;
  readonly volumes: number[];
  readonly duties: number[];
  /** Of a triangle with a clock, once its gate has fallen: quarters from the phrase's start. */
  quarters?: number;
}

class VoiceDecoder {
  readonly #voice: VoiceName;
  readonly #macros: Macros;
  readonly #notes: FrameNote[] = [];
  readonly #settings = { length: FIRST_LENGTH, gate: NO_GATE, arpeggio: PLAIN, volume: 0, duty: 0 };
  #phrase: OpenPhrase | undefined;
  #cursor = 0;
  #age = 0;

  constructor(voice: VoiceName, macros: Macros) {
    this.#voice = voice;
    this.#macros = macros;
  }

  startBar(frame: number): void {
    this.#cursor = Math.max(this.#cursor, frame);
  }

  act(kind: ActionKind, pitch: number, { wait = 0, once, ...lasting }: Settings, unit: number): void {
    Object.assign(this.#settings, lasting);
    const { length, gate, arpeggio, volume, duty } = this.#settings;
    const start = this.#cursor + wait;
    const step = once ?? length;
    this.#cursor = start + step;
    const isLegato = this.#phrase !== undefined && isJoined(this.#phrase, start);
    if (!isLegato || kind === 'note' || kind === 'again') this.#age = 0;
    if (kind === 'note' || kind === 'slur') this.#begin(start, pitch, arpeggio);
    else if (!isLegato) this.#begin(start, this.#phrase?.pitch ?? VOICE_RANGES[this.#voice].lowestPitch, arpeggio);
    const volumes = this.#voice === 'triangle' ? FULL : this.#macros.volumes[volume];
    const duties = this.#macros.duties[duty];
    const { highestDuty } = VOICE_RANGES[this.#voice];
    const isCut = gate !== NO_GATE && gate < step * unit;
    const end = this.#age + (isCut ? Math.ceil(gate / unit) : step);
    for (let frame = this.#age; frame < end; frame++) {
      this.#phrase?.volumes.push(valueAt(volumes, frame));
      this.#phrase?.duties.push(Math.min(highestDuty, valueAt(duties, frame)));
    }
    this.#age = end;
    if (this.#phrase && isCut && unit > 1) this.#phrase.quarters = gate + (start - this.#phrase.start) * unit;
  }

  finish(): readonly FrameNote[] {
    this.#close();
    return this.#notes;
  }

  #begin(start: number, pitch: number, arpeggio: number): void {
    this.#close();
    this.#phrase = { start, pitch, arpeggio, volumes: [], duties: [] };
  }

  #close(): void {
    if (this.#phrase === undefined) return;
    const { lowestPitch, highestPitch } = VOICE_RANGES[this.#voice];
    const macro = this.#macros.arpeggios[this.#phrase.arpeggio];
    this.#notes.push(...notesOfPhrase(this.#phrase, macro, lowestPitch, highestPitch));
    this.#phrase = undefined;
  }
}
