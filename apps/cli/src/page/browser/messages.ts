import type { FilterName, VoiceName } from '@chipsmith/apu';

/** How a .wav file is made. */
export interface WavFormat {
  readonly sampleRate: number;
  readonly filter: FilterName;
}

/** What the page asks of the chip's worker. */
export type Request =
  | {
      readonly kind: 'render';
      readonly vgm: Uint8Array;
      readonly sampleRate: number;
      readonly filter: FilterName;
      readonly silentVoices: readonly VoiceName[];
      /** Whether it goes on from its beginning: what is wanted is then the second time, as audioOf has it. */
      readonly loop: boolean;
    }
  | {
      readonly kind: 'zip';
      readonly files: Readonly<Record<string, Uint8Array>>;
      /** The .vgm files to play into .wav files of the same names. */
      readonly wavs: Readonly<Record<string, WavFormat>>;
    };

/** What comes back: of a long piece first its opening, so that it can be heard at once. */
export type Reply =
  | { readonly kind: 'opening' | 'samples'; readonly samples: Float32Array<ArrayBuffer> }
  | { readonly kind: 'zip'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failure'; readonly message: string };
