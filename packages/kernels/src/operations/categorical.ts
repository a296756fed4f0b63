import { KernelError } from '../errors.ts';
import { read, readWrite, write } from '../kernels/kernel.ts';
import { PCG_WGSL } from '../kernels/random.ts';
import { laneReduction, type RowLayout, rowDispatch, rowLayout } from '../kernels/row-kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { sameShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/** What `categorical` gives where a row has no class to choose: none allowed, or scores that are no numbers. */
export const NO_CLASS = 0xffff_ffff;

/** How adventurous a choice is. */
export interface CategoricalSettings {
  /** Divides the scores: below 1 safer, above 1 wilder; 0 (below 1e-30) takes the highest, the first of equal ones. */
  readonly temperature?: number | undefined;
  /** Only the k likeliest classes, a whole number from 1 on; all if left out. */
  readonly topK?: number | undefined;
  /** Only the likeliest classes that together hold this share (Holtzman et al., arXiv 1904.09751); 0 < p <= 1. */
  readonly topP?: number | undefined;
  /**
   * Only classes at least this share as likely, at the temperature, as the likeliest (Nguyen et al., arXiv 2407.01082);
   * 0 <= p <= 1, all if left out.
   */
  readonly minP?: number | undefined;
}

/**
 * Draws a class for each row of scores, x_c, from which a penalty is taken, where there is one. Allowed classes are put
 * in order, the highest x_c first, equal ones by number;
 *
 *     1. the first topK stay;
 *     2. of these, weighing w_c = exp((x_c - max x) / temperature), the fewest from the first on that hold topP of their sum;
 *     3. of these, those with w_c >= minP;
 *     4. of these, the first at which the weights so far reach u times their sum, u uniform in (0, 1].
 *
 * All settings are values of a run, so that one program serves any. u is (m + 1) / 2^24 with m the upper 24 bits of
 * `pcg3d(row, stream, seed)[0]`, or of `pcg3d(0, stream, seeds[row])[0]` where each row has a seed of its own, which
 * makes it independent of what is drawn beside it.
 *
 * @param logits (B, C) f32, C up to 2^24
 * @param settings (4) or (B, 4) f32, rows of `categoricalSettings`
 * @param seed u32 scalar or (B); new values each run
 * @param stream 0, 1, ..., one for each operation that draws from the seed
 * @param allowed the grammar: (C) or (B, C) f32, 1 for classes that may come, else 0; all may if left out
 * @param penalty soft constraints, such as on repetition: (C) or (B, C) f32, taken from the scores before anything
 *   else; none if left out
 * @returns `choice` (B) u32, NO_CLASS where none is allowed, an allowed score is NaN or infinity, or its penalty is NaN
 *   or infinite; `logProbability` (B), that of the choice by the softmax of the allowed scores, at temperature 1,
 *   without cuts and penalties; 0 for NO_CLASS
 * @throws KernelError `random-stream` where another operation draws from the stream
 */
export function categorical(
  logits: Tensor,
  settings: Tensor,
  seed: Tensor,
  stream: number,
  allowed?: Tensor,
  penalty?: Tensor,
): { choice: Tensor; logProbability: Tensor } {
  const inputs = [logits, settings, seed, ...[allowed, penalty].filter((tensor) => tensor !== undefined)];
  const attributes = { stream, hasAllowed: allowed !== undefined, hasPenalty: penalty !== undefined };
  const [choice, logProbability] = logits.graph.apply(categoricalOperation, inputs, attributes);
  return { choice, logProbability };
}

/** A row of `categorical`'s settings. */
export function categoricalSettings({
  temperature = 1,
  topK = MOST_CLASSES,
  topP = 1,
  minP = 0,
}: CategoricalSettings): Float32Array<ArrayBuffer> {
  const refuse = (rule: string, value: number) => {
    throw new KernelError('option', `categoricalSettings: ${rule}, got ${value}.`);
  };
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
    refuse('temperature must be 0 or more', temperature);
  if (!(Number.isInteger(topK) && topK >= 1)) refuse('topK must be a whole number from 1 on', topK);
  if (!(topP > 0 && topP <= 1)) refuse('topP must be above 0 and at most 1', topP);
  if (!(minP >= 0 && minP <= 1)) refuse('minP must be from 0 to 1', minP);
  // As an exponent, which the device compares exactly where exp rounds.
  return Float32Array.of(temperature, topK, topP, Math.max(Math.log(minP), LEAST_EXPONENT));
}

/** Classes are counted in f32. */
const MOST_CLASSES = 2 ** 24;

/** exp(-110) is 0 in f32. */
const LEAST_EXPONENT = -110;

/** What a graph applies it to: `stream`, and which of the optional inputs follow the seed. */
export interface CategoricalAttributes {
  readonly stream: number;
  readonly hasAllowed: boolean;
  readonly hasPenalty: boolean;
}

/** The optional inputs by name. */
function optionalInputs(inputs: readonly Tensor[], { hasAllowed, hasPenalty }: CategoricalAttributes) {
  return { allowed: hasAllowed ? inputs[3] : undefined, penalty: hasPenalty ? inputs[hasAllowed ? 4 : 3] : undefined };
}

/**
 * Each cut is a search for the place in the order up to which a measure (classes, then weights) adds up to a goal.
 * Nothing is sorted: scores as u32 keys rise with the score, and the place's key is found two bits a pass, then its
 * class among equal keys, by summing what comes before. A float sum of fixed order rises with each term, so that the
 * search is exact.
 */
export const categoricalOperation: Operation<CategoricalAttributes> = {
  name: 'categorical',
  draws: ({ stream }) => ({ seed: 2, stream }),
  outputs(inputs, attributes) {
    const [logits, settings, seed] = inputs;
    requireType(logits, 'f32', 'categorical', 'logits');
    requireType(settings, 'f32', 'categorical', 'settings');
    requireType(seed, 'u32', 'categorical', 'seed');
    requireShape(logits.shape.length === 2, 'categorical', 'logits must be (B, C)', logits);
    const [rows, classes] = logits.shape;
    requireShape(classes <= MOST_CLASSES, 'categorical', `C must be at most ${MOST_CLASSES}`, logits);
    const isOneOf = (tensor: Tensor, ...shapes: number[][]) => shapes.some((shape) => sameShape(tensor.shape, shape));
    requireShape(isOneOf(settings, [4], [rows, 4]), 'categorical', 'settings must be (4) or (B, 4)', logits, settings);
    requireShape(isOneOf(seed, [], [1], [rows]), 'categorical', 'seed must be a scalar or (B)', logits, seed);
    for (const [name, tensor] of Object.entries(optionalInputs(inputs, attributes))) {
      if (tensor === undefined) continue;
      requireType(tensor, 'f32', 'categorical', name);
      const fits = isOneOf(tensor, [classes], [rows, classes]);
      requireShape(fits, 'categorical', `${name} must be (C) or (B, C)`, logits, tensor);
    }
    return [
      { shape: [rows], dtype: 'u32' },
      { shape: [rows], dtype: 'f32' },
    ];
  },
  kernels(node, { scratch }) {
    const [logits, settings, seed] = node.inputs;
    const { allowed, penalty } = optionalInputs(node.inputs, node.attributes);
    const layout = rowLayout(logits.shape, 1);
    const { rows } = layout;
    const hasSeeds = rows > 1 && seed.shape[0] === rows;
    const element = (tensor: Tensor) => (tensor.shape.length === 2 ? 'start + c' : 'c');
    const penalised =
      penalty === undefined
        ? { start: '', each: '', highest: 'highest' }
        : {
            start: 'var unpenalised_highest_here = lowest;',
            each: `let unpenalised = load_logits(start + c);
    let is_number = is_finite(key_of(unpenalised));
    if (is_allowed && is_number) { unpenalised_highest_here = max(unpenalised_highest_here, unpenalised); }
    let is_sound = is_finite(key_of(load_penalty(${element(penalty)}))) && is_finite(key) == is_number;
    if (is_allowed && !is_sound) { broken_here += 1.0; }`,
            highest: 'row_max(unpenalised_highest_here)',
          };
    const key = hasSeeds
      ? `0u, ${node.attributes.stream}u, load_seed(row)`
      : `row, ${node.attributes.stream}u, load_seed(0)`;
    const kernel = {
      label: 'categorical',
      bindings: [
        read('logits'),
        read('settings'),
        read('seed', 1, 'u32'),
        ...(allowed === undefined ? [] : [read('allowed')]),
        ...(penalty === undefined ? [] : [read('penalty')]),
        readWrite('share'),
        write('choice', 1, 'u32'),
        write('log_probability'),
      ],
      body: `  let place = ${settings.shape.length === 2 ? '4u * row' : '0u'};
  let given = vec4f(load_settings(place), load_settings(place + 1u), load_settings(place + 2u), load_settings(place + 3u));
  let is_greedy = given.x < 1e-30;
  let temperature = select(given.x, 1.0, is_greedy);

  var highest_here = lowest;
  ${penalised.start}
  var broken_here = 0.0;
  for (var c = lane; c < width; c += lanes) {
    let is_allowed = ${allowed === undefined ? 'true' : `load_allowed(${element(allowed)}) != 0.0`};
    let key = key_of(score_of(start, c));
    store_share(start + c, select(0.0, 1.0, is_allowed));
    if (is_allowed && is_finite(key)) { highest_here = max(highest_here, score_of(start, c)); }
    if (is_allowed && !is_finite(key) && key != LEAST) { broken_here += 1.0; }
    ${penalised.each}
  }
  let highest = row_max(highest_here);
  let unpenalised_highest = ${penalised.highest};
  let is_broken = row_sum(broken_here) > 0.0;

  // The whole share needs no cut, and rounding must not make one: twice the sum is never reached.
  let bits = pcg3d(vec3u(${key})).x;
  let top_k = select(max(given.y, 1.0), 1.0, is_greedy);
  let top_p = select(max(given.z, 1e-30), 2.0, given.z >= 1.0);
  let drawn = f32((bits >> 8u) + 1u) / 16777216.0;
  var weight_here = 0.0;
  var last = vec2u(0u);
  for (var cut = 0u; cut < 3u; cut++) {
    last = search(start, vec3f(0.0, top_p, drawn)[cut], vec3f(top_k, 0.0, 0.0)[cut]);
    for (var c = lane; c < width; c += lanes) {
      let score = score_of(start, c);
      let key = key_of(score);
      let exponent = (score - highest) / temperature;
      if (cut == 0u && load_share(start + c) != 0.0) {
        if (is_finite(key_of(load_logits(start + c)))) { weight_here += weight(load_logits(start + c) - unpenalised_highest); }
        store_share(start + c, weight(exponent));
      }
      let is_too_rare = cut == 1u && exponent < given.w;
      if (!is_finite(key) || !is_before(key, c, last) || is_too_rare) { store_share(start + c, 0.0); }
    }
  }
  let weight_of_all = row_sum(weight_here);

  if (lane == 0u) {
    let has_choice = !is_broken && weight_of_all > 0.0;
    let score = load_logits(start + min(last.y, width - 1u));
    store_choice(row, select(${NO_CLASS}u, last.y, has_choice));
    store_log_probability(row, select(0.0, score - unpenalised_highest - log(weight_of_all), has_choice));
  }`,
    };
    const operands = [...node.inputs, scratch(logits.shape), ...node.outputs];
    const dispatch = rowDispatch(layout, kernel, operands);
    const score = scoreCode(penalty && element(penalty));
    const code = `${PCG_WGSL}\n${ORDER}\n${score}\n${searchCode(layout)}\n${dispatch.kernel.code}`;
    return [{ ...dispatch, kernel: { ...dispatch.kernel, code } }];
  },
  backward: onceDifferentiable,
};

/** Infinities and NaN are told by their bits: a compiler may assume that arithmetic has none. */
const ORDER = `// Keys rise with the score; those of 0 and -0 are equal.
const LEAST = 0x007fffffu;
fn key_of(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  let key = select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
  return select(key, 0x80000000u, (bits << 1u) == 0u);
}
fn is_finite(key: u32) -> bool { return key > LEAST && key < ~LEAST; }

// The order: higher keys first, then lower classes. A place is the key and the class of the last one before it ends.
fn is_before(key: u32, c: u32, place: vec2u) -> bool {
  return key > place.x || (key == place.x && c <= place.y);
}

fn weight(exponent: f32) -> f32 { return exp(max(exponent, ${LEAST_EXPONENT}.0)); }`;

/** What the classes are put in order by. Scores that are no numbers stay as they are. */
const scoreCode = (penaltyElement: string | undefined) => `fn score_of(start: u32, c: u32) -> f32 {
  let score = load_logits(start + c);
  ${penaltyElement === undefined ? 'return score;' : `return select(score, score - load_penalty(${penaltyElement}), is_finite(key_of(score)));`}
}`;

/** A lane reads the shares of its own classes only, which no other lane writes. */
const searchCode = ({ columns, lanes }: RowLayout) => {
  const rankPasses = Math.ceil(Math.log2(columns) / 2);
  const types = { from: 'vec4f', to: 'vec4f' };
  return `${lanes === 1 ? 'fn row_sums(v: vec4f) -> vec4f { return v; }' : laneReduction('row_sums', 'v', (a, b) => `${a} + ${b}`, types)}

// The first place at which the shares reach fraction * their sum + offset; the last one of all if they never do.
fn search(start: u32, fraction: f32, offset: f32) -> vec2u {
  const key_passes = 16u;
  const passes = key_passes + ${rankPasses}u;
  const last = ${4 ** rankPasses - 1}u;
  var goal = 0.0;
  var key = 0u;
  var rank = 0u; // last - class: rises along with the order reversed, as the key does.
  for (var pass_number = 0u; pass_number < passes; pass_number++) {
    let by_key = pass_number < key_passes;
    let shift = 2u * (select(passes, key_passes, by_key) - 1u - pass_number);
    let steps = select(rank, key, by_key) + (vec4u(0u, 1u, 2u, 3u) << vec4u(shift));
    var held_here = vec4f(0.0);
    for (var c = lane; c < width; c += lanes) {
      let own = key_of(score_of(start, c));
      let own_rank = select(last - c, 0xffffffffu, own > key);
      let own_share = select(load_share(start + c), 0.0, !by_key && own < key);
      held_here += select(vec4f(0.0), vec4f(own_share), vec4u(select(own_rank, own, by_key)) >= steps);
    }
    // What lies at each step or before it; in the first pass, 0 has all before it.
    let held = row_sums(held_here);
    if (pass_number == 0u) { goal = fraction * held[0] + offset; }
    let digit = select(0u, 1u, held[1] >= goal) + select(0u, 1u, held[2] >= goal) + select(0u, 1u, held[3] >= goal);
    if (by_key) { key = steps[digit]; } else { rank = steps[digit]; }
  }
  return vec2u(key, last - rank);
}`;
};
