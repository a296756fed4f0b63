/** A note head; `tied`: it goes on in the next note of its pitch. */
export interface WrittenNote {
  /** MIDI note number. */
  readonly pitch: number;
  readonly tied: boolean;
}

/** What a voice consists of, in the order of the page. Lengths are in quarter notes. */
export type TuneSymbol =
  | TimedSymbol
  | BarSymbol
  /** From here on only in these passes of a repeat. */
  | { readonly kind: 'ending'; readonly passes: ReadonlySet<number> }
  | { readonly kind: 'part'; readonly name: string }
  | { readonly kind: 'tempo'; readonly beatsPerMinute: number };

export type TimedSymbol =
  /** A note, or the notes of a chord, the highest first. */
  | { readonly kind: 'notes'; readonly notes: readonly WrittenNote[]; readonly length: number }
  | { readonly kind: 'rest'; readonly length: number };

export interface BarSymbol {
  readonly kind: 'bar';
  /** How often what is before it is repeated: 1 for `:|`, 2 for `::|`, 0 for none. */
  readonly backward: number;
  readonly forward: boolean;
  /** A double bar line or one with a repeat sign, at which an ending is over. */
  readonly section: boolean;
}
