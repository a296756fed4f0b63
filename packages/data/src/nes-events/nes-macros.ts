import { readFileSync } from 'node:fs';
import { type Macros, parseMacro } from './macro.ts';

/** The learnt macros in their text form. It stands outside of src, in reach of source and build alike. */
export const NES_MACROS_FILE = new URL('../../learnt/nes-macros.json', import.meta.url);

const text: Readonly<Record<keyof Macros, readonly string[]>> = JSON.parse(readFileSync(NES_MACROS_FILE, 'utf8'));

/**
 * The macros of nes-events, in the order in which they were chosen: learnt by scripts/learn-nes-macros.ts from half of the 4,502
 * songs of NES-MDB's train split. Each occurs in at least six games, so that they are habits of NES musicians and nothing of one
 * tune.
 */
export const NES_MACROS: Macros = {
  arpeggios: text.arpeggios.map(parseMacro),
  volumes: text.volumes.map(parseMacro),
  duties: text.duties.map(parseMacro),
};
