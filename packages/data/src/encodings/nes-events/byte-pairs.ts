import type { BytePair } from '../byte-pairs/byte-pairs.ts';
import { withBytePairs } from '../byte-pairs/encoding.ts';
import type { Encoding } from '../encoding.ts';
import { nesEventsEncoding } from './encoding.ts';
import learnt from './learnt/nes-byte-pairs.json' with { type: 'json' };

/** The version of nes-events whose numbers the learnt pairs are; another one needs them learnt again. */
export const LEARNT_WITH_VERSION = learnt.nesEventsVersion;

/**
 * nes-events with byte pairs, learnt by scripts/learn-nes-byte-pairs.ts from half of the 4,502 songs of NES-MDB's train
 * split; each pair occurs in at least six games.
 */
export const nesEventsBytePairsEncoding: Encoding = withBytePairs(nesEventsEncoding, {
  name: 'nes-events-bpe',
  version: 1,
  // An eighth fewer events than nes-events.
  stepsPerBar: 50,
  pairs: learnt.pairs.map((line): BytePair => {
    const [first, second] = line.split(' ').map(Number);
    return [first, second];
  }),
});
