import learnt from './learnt/nes-macros.json' with { type: 'json' };
import { type Macros, parseMacro } from './macro.ts';

/**
 * The macros of nes-events, in the order in which they were chosen: learnt by scripts/learn-nes-macros.ts from half of
 * the 4,502 songs of NES-MDB's train split. Each occurs in at least six games, so that they are habits of NES musicians
 * and nothing of one tune.
 */
export const NES_MACROS: Macros = {
  arpeggios: learnt.arpeggios.map(parseMacro),
  volumes: learnt.volumes.map(parseMacro),
  duties: learnt.duties.map(parseMacro),
};
