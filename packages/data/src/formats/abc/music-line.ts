import type { Repairs } from '../repairs.ts';
import { ASIDES, CHORD_SYMBOL, DECORATION, GRACE_NOTES, INLINE_FIELD } from './asides.ts';
import { inlineField } from './fields.ts';
import { multipleOf } from './length.ts';
import { quoted } from './quoted.ts';
import { tupletOf } from './tuplet.ts';
import type { SpeltNote, Voice } from './voice.ts';
import type { Voices } from './voices.ts';

/** What a line of music is read into. */
export interface MusicContext {
  readonly voices: Voices;
  readonly repairs: Repairs;
  /** Letters that stand for a decoration, by the standard or by `U:`. */
  readonly decorations: ReadonlySet<string>;
  /** A field in brackets, such as `[K:G]`. */
  readField(name: string, value: string, line: number): void;
}

/** Highest number of an ending, and bars of one rest. */
const MAX_PASSES = 64;
const MAX_REST_BARS = 1024;
/** Notes of a chord that nothing closes. */
const MAX_OPEN_CHORD = 4;

const LENGTH = String.raw`(\d*)((?:\/\d*)*)`;
/** Microtones have a number behind the sign: `^3/4E`, `_/B`. Octave marks of word processors are curly. */
const NOTE = new RegExp(String.raw`([_^=]{1,2}|[_^]\d{0,3}(?:\/\d{0,3})?|)([A-Ga-g])([,'’]*)${LENGTH}`, 'y');
const REST = new RegExp(`[zx]${LENGTH}`, 'y');
const LENGTH_ONLY = new RegExp(LENGTH, 'y');
const QUOTED = new RegExp(CHORD_SYMBOL, 'y');
const DECORATED = new RegExp(DECORATION, 'y');
/** A decoration that sends the player back. */
const JUMP = /^.(D\.? ?[CS]\.?|da ?capo|dal ?segno|da ?coda)(?![a-z])/i;
/**
 * Also `y`, a space in print, with its length; `$`, `*`, `!` and `\` break lines or keep them together; `.` and `~` are
 * decorations.
 */
const NOTHING = /[\s`$*\\.~]+|!|y[\d./]*|[()]/y;

/** What ABC gives no meaning among notes, unless a `U:` field does; and the asides, in which anything may stand. */
const MEANINGLESS = new RegExp(`(${ASIDES})|[^\\s\\dA-Ga-gxyzXZ,'’/^_=[\\](){}|:<>\\-&+!"“”„$*\\\\\`.~%]`, 'gu');

/** Reads one line of music into symbols of a voice. What means nothing in ABC is skipped and told. */
export function readMusicLine(text: string, line: number, context: MusicContext): void {
  new MusicLine(text, line, context).read();
}

class MusicLine {
  readonly #text: string;
  readonly #line: number;
  readonly #context: MusicContext;
  #at = 0;

  constructor(text: string, line: number, context: MusicContext) {
    this.#line = line;
    this.#context = context;
    this.#text = this.#withoutStrays(text);
  }

  /** Symbols of no meaning are taken out first, so that one between a note and its length parts nothing. */
  #withoutStrays(text: string): string {
    // In such a line letters may get a meaning.
    if (text.includes('[U:')) return text;
    return text.replace(MEANINGLESS, (symbol: string, aside: string | undefined) => {
      if (aside !== undefined || this.#context.decorations.has(symbol)) return symbol;
      this.#skipped(symbol);
      return '';
    });
  }

  get #voices(): Voices {
    return this.#context.voices;
  }

  get #voice(): Voice {
    return this.#voices.sounding;
  }

  /** Each symbol by the first pattern that fits. Patterns never look further than to the next sign of their kind. */
  static readonly #SYMBOLS: readonly (readonly [RegExp, (line: MusicLine, found: RegExpExecArray) => void])[] = [
    [/%.*/y, () => undefined],
    [/\((\d+)(?::(\d*))?(?::(\d*))?/y, (line, [whole, p, q = '', r = '']) => line.#tuplet(whole, p, q, r)],
    [/\(&/y, (line) => line.#voices.beginOverlayGroup()],
    [/&\)/y, (line) => line.#voices.endOverlayGroup()],
    [/&+/y, (line, [signs]) => line.#voices.beginOverlay(signs.length)],
    [new RegExp(INLINE_FIELD, 'y'), (line, [, name, value]) => line.#field(name, value)],
    [/\[ *(\d[\d,-]*)/y, (line, [, numbers]) => line.#ending(numbers)],
    // An ending may begin right behind the bar line; behind a space only where no note follows at once.
    [/(\[?:*\|[|\]]?:*|:{2,})(\d[\d,-]*| +\d[\d,-]*(?= ))?/y, (line, [, signs, numbers]) => line.#bar(signs, numbers)],
    [/\[(?=[^[\]|]*\])/y, (line) => line.#chord(']')],
    [/\[(?=[_^=A-Ga-g])/y, (line) => line.#openChord()],
    // The oldest editions wrote chords so.
    [/\+(?=[A-Ga-g_^=,'\d/]+\+)/y, (line) => line.#chord('+')],
    [NOTE, (line, found) => line.#note(found)],
    [REST, (line, [, numerator, divisors]) => line.#voice.addRest(line.#multiple(numerator, divisors))],
    [/[ZX](\d*)/y, (line, [whole, bars]) => line.#barRest(whole, bars)],
    // Some write the length behind the tie: [CE]-3.
    [/-((\d*)((?:\/\d*)*))/y, (line, found) => line.#tie(found)],
    [/>+|<+/y, (line, [signs]) => line.#expect(signs, line.#voice.breakRhythm(signs))],
    [QUOTED, (line) => line.#voice.leftOut.chordSymbols++],
    [new RegExp(GRACE_NOTES, 'y'), (line, [, notes]) => line.#graceNotes(notes)],
    [DECORATED, (line, found) => line.#decoration(found)],
    [NOTHING, () => undefined],
  ];

  read(): void {
    while (this.#at < this.#text.length) {
      const isRead = MusicLine.#SYMBOLS.some(([pattern, read]) => {
        const found = this.#take(pattern);
        if (found) read(this, found);
        return found !== null;
      });
      if (!isRead) this.#skipSymbol();
    }
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found;
  }

  #skipSymbol(): void {
    const symbol = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    this.#at += symbol.length;
    if (!this.#context.decorations.has(symbol)) this.#skipped(symbol);
  }

  #skipped(symbol: string): void {
    this.#context.repairs.add(`skipped the stray symbol ${quoted(symbol)}`, this.#line);
  }

  #expect(symbol: string, isRead: boolean): void {
    if (!isRead) this.#skipped(symbol);
  }

  #multiple(numerator: string, divisors: string): number {
    const multiple = multipleOf(numerator, divisors);
    if (multiple === undefined)
      this.#context.repairs.add(`took the length ${quoted(numerator + divisors)} as 1`, this.#line);
    return multiple ?? 1;
  }

  #spell([, accidental, letter, octaves]: RegExpExecArray): SpeltNote {
    return this.#voice.spell(accidental, letter, octaves.replaceAll('’', "'"), this.#line);
  }

  #note(found: RegExpExecArray): void {
    this.#voice.addNotes([this.#spell(found)], this.#multiple(found[4], found[5]), this.#line);
  }

  #tie([whole, length, numerator, divisors]: RegExpExecArray): void {
    if (!this.#voice.tie()) this.#skipped(whole);
    else if (length !== '') this.#voice.stretch(this.#multiple(numerator, divisors));
  }

  /** Jumps back are not followed, as only words tell where they lead and where they end. */
  #decoration([sign]: RegExpExecArray): void {
    if (JUMP.test(sign)) this.#context.repairs.add(`did not follow ${quoted(sign.slice(1, -1))}`, this.#line);
  }

  #field(letter: string, text: string): void {
    const { name, value } = inlineField(letter, text);
    this.#context.readField(name, value, this.#line);
  }

  #tuplet(whole: string, p: string, q: string, r: string): void {
    const tuplet = tupletOf(p, q, r, this.#voice.meter);
    if (tuplet) this.#voice.beginTuplet(tuplet);
    else this.#skipped(whole);
  }

  #graceNotes(notes: string): void {
    this.#voice.leftOut.graceNotes += notes.match(/[A-Ga-g]/g)?.length ?? 0;
  }

  #barRest(whole: string, digits: string): void {
    const bars = digits === '' ? 1 : Number(digits);
    if (bars >= 1 && bars <= MAX_REST_BARS) this.#voice.addBarRest(bars);
    else this.#skipped(whole);
  }

  #bar(signs: string, ending: string | undefined): void {
    this.#voices.passBar();
    const isLone = /^:+$/.test(signs);
    const backward = isLone ? 1 : signs.replace(/^\[/, '').search(/[^:]/);
    const forward = isLone || signs.endsWith(':');
    // [|] is a bar line that is not printed.
    const section = backward > 0 || forward || (signs.length > 1 && signs !== '[|]');
    this.#voice.addBar({ backward: Math.min(backward, MAX_PASSES - 1), forward, section });
    if (ending !== undefined) this.#ending(ending);
  }

  /** `1`, `1,3` or `1,3,5-7`. */
  #ending(numbers: string): void {
    const passes = new Set<number>();
    for (const range of numbers.split(',').filter((one) => one !== '')) {
      const [first, last] = range.split('-').map(Number);
      for (let pass = first; pass <= Math.min(last || first, MAX_PASSES); pass++) passes.add(pass);
    }
    passes.delete(0);
    if (passes.size > 0) this.#voice.addEnding(passes);
    else this.#context.repairs.add(`ignored the ending ${quoted(numbers)}`, this.#line);
  }

  /** Notes up to the closing sign, which is there; all last as long as the first note or rest of it. */
  #chord(end: string): void {
    const sounded: SpeltNote[] = [];
    let multiple: number | undefined;
    // A quotation may reach beyond the sign.
    while (this.#at < this.#text.length && this.#text[this.#at] !== end) {
      const note = this.#take(NOTE);
      const rest = note ? null : this.#take(REST);
      if (note) {
        const spelt = this.#spell(note);
        const tied = this.#take(/[ .]*-/y) !== null;
        sounded.push({ ...spelt, tied });
        multiple ??= this.#multiple(note[4], note[5]);
      } else if (rest) multiple ??= this.#multiple(rest[1], rest[2]);
      else if (this.#take(QUOTED)) this.#voice.leftOut.chordSymbols++;
      else if (!this.#take(DECORATED) && !this.#take(NOTHING)) this.#skipSymbol();
    }
    this.#at = Math.min(this.#at + 1, this.#text.length);
    const [, numerator, divisors] = this.#take(LENGTH_ONLY) ?? ['', '', ''];
    const whole = (multiple ?? 1) * this.#multiple(numerator, divisors);
    if (sounded.length > 0) this.#voice.addNotes(sounded, whole, this.#line);
    else if (multiple !== undefined) this.#voice.addRest(whole);
  }

  /**
   * What a forgotten bracket would have closed: notes without a space between them, unless they are too many for a
   * chord.
   */
  #openChord(): void {
    const start = this.#at;
    const found: RegExpExecArray[] = [];
    for (let note = this.#take(NOTE); note; note = this.#take(NOTE)) found.push(note);
    if (found.length === 0 || found.length > MAX_OPEN_CHORD) {
      this.#at = start;
      this.#skipped('[');
      return;
    }
    this.#context.repairs.add('closed a chord that lacks its "]"', this.#line);
    const notes = found.map((note) => this.#spell(note));
    this.#voice.addNotes(notes, this.#multiple(found[0][4], found[0][5]), this.#line);
  }
}
