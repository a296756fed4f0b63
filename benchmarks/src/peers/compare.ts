import type { Problem } from '../gpu/problems.ts';
import { type Effort, measureAlternately, type Sampler } from '../measure.ts';
import type { PeerResult } from '../report/results.ts';
import { maximum, median, minimum } from '../statistics.ts';
import type { Digest } from './digest.ts';
import { PeerFailure } from './messages.ts';
import type { Peer } from './peer.ts';

/** Rounds with a peer are fewer than our own: most take many times as long. */
const SHARE_OF_ROUNDS = 1 / 3;

/**
 * Times a peer in turn with us, round by round. What goes wrong with it is a result too, and stops nothing.
 *
 * @param ours digest of our results, and the sampler of the same problem
 */
export async function comparePeer(
  peer: Peer,
  problem: Problem,
  ourDigest: Digest,
  ours: Sampler,
  effort: Effort,
): Promise<PeerResult> {
  try {
    const theirs = await peer.prepare(problem, ourDigest);
    const fewer = { ...effort, rounds: Math.ceil(effort.rounds * SHARE_OF_ROUNDS) };
    const [mine, yours] = await measureAlternately([ours, theirs], fewer);
    const ratios = yours.map(({ wall }, round) => wall / mine[round].wall);
    return {
      peer: peer.name,
      wall: median(yours.map(({ wall }) => wall)),
      ratio: { median: median(ratios), least: minimum(ratios), most: maximum(ratios) },
    };
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
    return { peer: peer.name, failure: error.reason, detail: error.message };
  } finally {
    await peer.release();
  }
}
