import { decodeText } from './text.ts';

const TEXT = 0x01;
const TRACK_NAME = 0x03;
const INSTRUMENT_NAME = 0x04;
const CHANNEL_PREFIX = 0x20;
/** Longer texts are no names, nor are those for programs: of karaoke files (`@KMIDI KARAOKE FILE`), or JSON. */
const NAME_BYTES = 40;
const NO_NAME = /^@|[{}]/;

/** What the meta events of a track call it, and its channels. */
export class TrackNames {
  readonly ofChannels = new Map<number, string>();
  readonly #ofTrack = new Map<number, string>();
  /** The channel that meta events are about, until the next message of a channel (SMF 1.0). */
  #prefix: number | undefined;

  /**
   * The track's name or instrument, the name of its only channel, or a short text at its beginning; empty if there is
   * none.
   */
  get ofTrack(): string {
    const [ofChannel = ''] = this.ofChannels.size === 1 ? this.ofChannels.values() : [];
    const text = this.#ofTrack.get(TEXT) ?? '';
    const named = this.#ofTrack.get(TRACK_NAME) || this.#ofTrack.get(INSTRUMENT_NAME) || ofChannel;
    return named || (NO_NAME.test(text) ? '' : text);
  }

  /** @param isAtBeginning whether the event falls on the first tick of the track */
  readMeta(type: number, data: Uint8Array, isAtBeginning: boolean): void {
    if (type === CHANNEL_PREFIX && data.length > 0) this.#prefix = data[0] & 0x0f;
    else if (type === TRACK_NAME || type === INSTRUMENT_NAME) {
      if (this.#prefix === undefined) keepFirst(this.#ofTrack, type, data);
      else keepFirst(this.ofChannels, this.#prefix, data);
    } else if (type === TEXT && isAtBeginning && data.length <= NAME_BYTES) keepFirst(this.#ofTrack, type, data);
  }

  passChannelMessage(): void {
    this.#prefix = undefined;
  }
}

function keepFirst(names: Map<number, string>, key: number, data: Uint8Array): void {
  if (!names.get(key)) names.set(key, decodeText(data));
}
