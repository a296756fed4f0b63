import type { FilterName } from '@chipsmith/apu';
import { strFromU8, unzipSync } from 'fflate';
import type { WavFormat } from './messages.ts';
import type { Piece } from './sound.ts';

/** What the .json file of a track says that the page needs. */
export interface Sidecar {
  readonly seed: number;
  readonly sound: WavFormat;
  /** The options of `generate` that make more such tracks, without seed and output. */
  readonly options: Readonly<Record<string, string | boolean>>;
}

/** A page from disk may not read the files beside it, so it carries the small ones, as a .zip file in base64. */
const archive = document.querySelector('#files')?.textContent ?? '';

/** The files whose names pass. */
export function filesOf(isWanted: (name: string) => boolean): Readonly<Record<string, Uint8Array>> {
  const bytes = Uint8Array.from(atob(archive), (character) => character.charCodeAt(0));
  return unzipSync(bytes, { filter: ({ name }) => isWanted(name) });
}

export function sidecarOf(name: string): Sidecar {
  return JSON.parse(strFromU8(filesOf((file) => file === `${name}.json`)[`${name}.json`]));
}

export function pieceOf({ dataset: { name = '', filter = 'nes' } }: HTMLElement): Piece {
  const vgm = filesOf((file) => file === `${name}.vgm`)[`${name}.vgm`];
  return { name, vgm, filter: filter as FilterName };
}
