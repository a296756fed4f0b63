import type { FilterName } from '@chipsmith/apu';
import { strFromU8, unzipSync } from 'fflate';
import type { WavFormat } from './messages.ts';
import type { Piece } from './sound.ts';

/** What the .json file of a track says that the page needs. */
export interface Sidecar {
  readonly seed: number;
  readonly sound: WavFormat;
  /** The words before the options of the command that makes more such tracks; `generate` if left out. */
  readonly command?: readonly string[];
  /** Its options, without seed and output. */
  readonly options: TypedOptions;
  /** What else the model can do with the track, and the options that fit. */
  readonly further?: { readonly continue?: TypedOptions; readonly vary?: TypedOptions };
}

type TypedOptions = Readonly<Record<string, string | boolean>>;

/** A page from disk may not read the files beside it, so it carries the small ones, as a .zip file in base64. */
const archive = document.querySelector('#files')?.textContent ?? '';

/** Files that came after the page. */
const added = new Map<string, Uint8Array>();

/** Adds files in base64 to those that the page carries. */
export function addFiles(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) added.set(name, bytesOf(content));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** The files whose names pass. */
export function filesOf(isWanted: (name: string) => boolean): Readonly<Record<string, Uint8Array>> {
  return unzipSync(bytesOf(archive), { filter: ({ name }) => isWanted(name) });
}

export function sidecarOf(name: string): Sidecar {
  return JSON.parse(strFromU8(filesOf((file) => file === `${name}.json`)[`${name}.json`]));
}

export function pieceOf({ dataset: { name = '', filter = 'nes' } }: HTMLElement): Piece {
  const file = `${name}.vgm`;
  const vgm = added.get(file) ?? filesOf((other) => other === file)[file];
  return { name, vgm, filter: filter as FilterName };
}
