import type { VoiceName } from '@chipsmith/apu';
import type { MacroFinder } from './envelopes.ts';
import type { FrameNote } from './frame-note.ts';
import { type Phrase, type PhraseFinder, PLAIN } from './phrases.ts';
import { type ActionKind, LONGEST, LONGEST_GATE, type NesVocabulary, type SettingKind } from './vocabulary.ts';

/** What a voice starts a song with: notes that last until the next one, and the first of each kind of macro. */
export const FIRST_LENGTH = 12;
export const NO_GATE = 0;

/** The macros to choose from. */
export interface Instruments {
  readonly arpeggios: PhraseFinder;
  readonly volumes: MacroFinder;
  readonly duties: MacroFinder;
}

/** Part of a phrase that one event sounds. */
interface Piece extends Phrase {
  /** Whether it begins the phrase; the others go on with it. */
  readonly isFirst: boolean;
}

/**
 * A volume curve may miss by this much a frame on average; beyond it the note is struck again where the macro went
 * wrong.
 */
const MAX_ERROR = 1.5;
/** A macro must be right for this many frames for a note to be divided after them. */
const MIN_EXACT = 4;
/** No frame at all. */
const SILENT = -1;
/** How far ahead it is looked for where a length is needed again. */
const LOOKAHEAD = 32;

/** Encodes the notes of one voice, bar by bar. */
export class VoiceEncoder {
  readonly #voice: VoiceName;
  readonly #vocabulary: NesVocabulary;
  readonly #volumes: MacroFinder;
  readonly #duties: MacroFinder;
  readonly #gateUnit: number;
  readonly #pieces: readonly Piece[];
  readonly #settings = { length: FIRST_LENGTH, gate: NO_GATE, arpeggio: PLAIN, volume: 0, duty: 0 };
  #next = 0;
  /** Frame at which the next note would begin. */
  #cursor = 0;
  /** Frame at which the last note fell silent, and the frames since its envelope began. */
  #soundsUntil = SILENT;
  #age = 0;

  constructor(
    voice: VoiceName,
    notes: readonly FrameNote[],
    { arpeggios, volumes, duties }: Instruments,
    vocabulary: NesVocabulary,
    gateUnit: number,
  ) {
    this.#voice = voice;
    this.#gateUnit = gateUnit;
    this.#vocabulary = vocabulary;
    this.#volumes = volumes;
    this.#duties = duties;
    this.#pieces = arpeggios.phrasesOf(notes).flatMap((phrase) => this.#divide(phrase));
  }

  /** Events of the pieces that begin in a bar; where the next bar begins is where the voice would start over. */
  encodeBar(start: number, end: number): number[] {
    this.#cursor = Math.max(this.#cursor, start);
    const events: number[] = [];
    while (this.#next < this.#pieces.length && this.#pieces[this.#next].start < end) {
      const piece = this.#pieces[this.#next++];
      this.#encodePiece(piece, this.#pieces[this.#next]?.start, end, events);
    }
    return events;
  }

  /** A phrase as pieces: mostly one; long phrases and those that no macro comes near are struck again within. */
  #divide(phrase: Phrase): Piece[] {
    const pieces: Piece[] = [];
    const { start, pitch, arpeggio, quarters } = phrase;
    for (let from = 0; from < phrase.volumes.length; ) {
      const volumes = phrase.volumes.slice(from, from + LONGEST);
      const found = this.#hasEnvelope ? this.#volumes.find(volumes) : undefined;
      if (found && found.error > MAX_ERROR && found.exactFrames >= MIN_EXACT) volumes.length = found.exactFrames;
      const duties = phrase.duties.slice(from, from + volumes.length);
      pieces.push({ start: start + from, pitch, arpeggio, volumes, duties, quarters, isFirst: from === 0 });
      from += volumes.length;
    }
    return pieces;
  }

  get #hasEnvelope(): boolean {
    return this.#voice !== 'triangle';
  }

  #encodePiece(piece: Piece, nextStart: number | undefined, barEnd: number, events: number[]): void {
    const { start, volumes, duties, pitch } = piece;
    for (let gap = start - this.#cursor; gap > 0; gap -= LONGEST) this.#add('wait', Math.min(gap, LONGEST), events);
    const frames = volumes.length;
    const isLegato = start === this.#soundsUntil;
    const goesOn = isLegato && this.#continues(volumes, duties);
    const step = nextStart === undefined ? undefined : nextStart - start;
    const length = this.#encodeTimes(piece, step, barEnd - start, events);
    if (piece.isFirst) this.#set('arpeggio', piece.arpeggio, events);
    if (!goesOn && this.#hasEnvelope) {
      this.#set('volume', this.#volumes.choose(volumes, this.#settings.volume), events);
      this.#set('duty', this.#duties.choose(duties, this.#settings.duty), events);
    }
    this.#age = goesOn ? this.#age + frames : frames;
    this.#soundsUntil = piece.quarters === undefined ? start + frames : SILENT;
    this.#cursor = start + length;
    const action: ActionKind = piece.isFirst ? (goesOn ? 'slur' : 'note') : goesOn ? 'hold' : 'again';
    const value = piece.isFirst ? pitch : 0;
    events.push(this.#vocabulary.idOf({ kind: action, voice: this.#voice, value }));
  }

  #continues(volumes: readonly number[], duties: readonly number[]): boolean {
    const { volume, duty } = this.#settings;
    return (
      !this.#hasEnvelope ||
      (this.#volumes.matches(volume, volumes, this.#age) && this.#duties.matches(duty, duties, this.#age))
    );
  }

  /**
   * Length and gate of a piece that is followed after `step` frames. Where the next piece begins a bar or comes much
   * later any length up to it will do, for the bar or a wait says where the next begins.
   */
  #encodeTimes({ volumes, quarters }: Piece, step: number | undefined, toBarEnd: number, events: number[]): number {
    const unit = this.#gateUnit;
    const sound = quarters ?? volumes.length * unit;
    // Too long for a gate, with silence after it: the length is the sound, and a wait follows.
    const isTooLong = step !== undefined && sound > LONGEST_GATE && volumes.length < step;
    const isFree = step === undefined || step > LONGEST || step === toBarEnd || isTooLong;
    const longest = Math.min(step ?? LONGEST, LONGEST);
    const wanted: Times = { sound, isCut: quarters !== undefined, longest, isFree, unit };
    const { length, gate } = this.#settings;
    const shortest = quarters === undefined ? volumes.length : Math.floor(quarters / unit) + 1;
    const other = isFree ? shortest : longest;
    const isKept =
      fits(length, gate, wanted) || (!fits(other, gate, wanted) && fits(length, gateFor(length, wanted), wanted));
    const used = isKept ? length : other;
    if (used !== length) {
      if (this.#isNeededFirst(length, used)) this.#add('once', used, events);
      else this.#set('length', used, events);
    }
    if (!fits(used, gate, wanted)) this.#set('gate', gateFor(used, wanted), events);
    return used;
  }

  /** Whether the present length is needed again before the other one. */
  #isNeededFirst(present: number, other: number): boolean {
    const end = Math.min(this.#pieces.length - 1, this.#next + LOOKAHEAD);
    for (let index = this.#next; index < end; index++) {
      const step = this.#pieces[index + 1].start - this.#pieces[index].start;
      if (step === other) return false;
      if (step === present) return true;
    }
    return false;
  }

  #set(kind: 'length' | 'gate' | 'arpeggio' | 'volume' | 'duty', value: number, events: number[]): void {
    if (this.#settings[kind] === value) return;
    this.#settings[kind] = value;
    this.#add(kind, value, events);
  }

  #add(kind: SettingKind, value: number, events: number[]): void {
    events.push(this.#vocabulary.idOf({ kind, value }));
  }
}

/** What length and gate of a piece must give. */
interface Times {
  /** How long it sounds, in the gate's unit. */
  readonly sound: number;
  /** Whether the gate must fall before the length is over, even where both are the same. */
  readonly isCut: boolean;
  /** The length in frames; where it is free, the longest. */
  readonly longest: number;
  readonly isFree: boolean;
  /** Steps of the gate in a frame. */
  readonly unit: number;
}

function fits(length: number, gate: number, { sound, isCut, longest, isFree, unit }: Times): boolean {
  const falls = gate !== NO_GATE && gate < length * unit;
  if ((falls ? gate : length * unit) !== sound || (isCut && !falls)) return false;
  return gate <= LONGEST_GATE && (isFree ? length <= longest : length === longest);
}

/** The gate with which a note of this length sounds as wanted. */
function gateFor(length: number, { sound, isCut, unit }: Times): number {
  return sound === length * unit && !isCut ? NO_GATE : sound;
}
