/** An event of a track that a song is made of. */
export type MidiEvent = {
  /** From the start of the file. */
  readonly tick: number;
  /** Where the event begins in the file, with its delta time. */
  readonly byte: number;
} & (
  | { readonly kind: 'on'; readonly channel: number; readonly pitch: number; readonly velocity: number }
  | { readonly kind: 'off'; readonly channel: number; readonly pitch: number }
  | { readonly kind: 'control'; readonly channel: number; readonly control: number; readonly value: number }
  | { readonly kind: 'program'; readonly channel: number; readonly program: number }
  /** The pitch wheel: -8192..8191, 0 in the middle. */
  | { readonly kind: 'bend'; readonly channel: number; readonly value: number }
  | { readonly kind: 'tempo'; readonly microsecondsPerQuarter: number }
  | { readonly kind: 'meter'; readonly beats: number; readonly unit: number }
  /** Sharps (positive) or flats of the key signature, -7..7. */
  | { readonly kind: 'key'; readonly fifths: number; readonly isMinor: boolean }
  | { readonly kind: 'text'; readonly text: string }
  /** A meta event for one program's own use. */
  | { readonly kind: 'sequencer'; readonly data: Uint8Array }
);

export interface MidiTrack {
  readonly name: string;
  /** Names of single channels, by channel: files of one track may have them. */
  readonly channelNames?: ReadonlyMap<number, string>;
  readonly events: readonly MidiEvent[];
  /** Tick of the end-of-track event, or of the last event where that is missing or comes hours later. */
  readonly end: number;
  /** Where that event begins in the file, or where the track stops without it. */
  readonly endByte: number;
}

/** How ticks measure time: parts of a quarter note, or (SMPTE) parts of a second whatever the tempo is. */
export type MidiDivision =
  | { readonly kind: 'quarter'; readonly ticksPerQuarter: number }
  | { readonly kind: 'second'; readonly ticksPerSecond: number };

export interface MidiFile {
  readonly division: MidiDivision;
  readonly tracks: readonly MidiTrack[];
  /** Whether all bytes of its tracks are events. */
  readonly isWhole: boolean;
  /** One sentence for each thing that was put right while reading. */
  readonly repairs: readonly string[];
}
