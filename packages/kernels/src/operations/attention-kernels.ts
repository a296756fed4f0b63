import {
  type Choice,
  type Kernel,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  read,
  readWrite,
  type Variant,
  wgslFloat,
  write,
} from '../kernel.ts';
import { likelyTile } from './matmul.ts';
import { MATMUL_TILES, type MatmulTile } from './matmul-kernel.ts';

/** Sizes and kind of one attention; `keys` >= `queries` where the two have positions in common. */
export interface AttentionProblem {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly depth: number;
  readonly causal: boolean;
  /** Rows of the table of relative positions, 0 without; `sharedRelative` if all heads use the same ones. */
  readonly relativeRows: number;
  readonly sharedRelative: boolean;
  readonly hasLengths: boolean;
  readonly hasPositions: boolean;
}

/**
 * Query rows that are worked on at a time. Scores exist for one block only, so that memory grows with the number of keys and
 * not with its square: at 128 rows and a depth of 64 they take twice as much as the keys. Fewer rows would launch more
 * kernels (at length 1024 there are 8 blocks of 3 launches forward and of 6 to 7 backward).
 */
const BLOCK_ROWS = 128;

/** Rows of scores in a block, a multiple of 4: rows beyond the last query see no key. */
export const blockRows = ({ queries }: AttentionProblem): number => Math.min(BLOCK_ROWS, 4 * Math.ceil(queries / 4));

/** What stands for minus infinity, which WGSL does not have: below every score, and finite after subtractions. */
const MASKED = wgslFloat(-3e38);
/** Log-sum-exp of a row without any key: makes each of its probabilities exp(-3e38) = 0. */
const EMPTY_ROW = wgslFloat(3e38);

/** Uniforms of every kernel here: the block's first query row, the keys it can see, and 1 for the first block worked on. */
const UNIFORMS = ['start', 'keys', 'first'] as const;

/** A kernel with its variants, for all blocks; only the grid differs between them. */
export interface BlockKernel {
  variants(keys: number): { readonly likely: Variant; readonly choice: Omit<Choice, 'uniforms'> };
}

/** What a score kernel leaves in the block of scores; see `scoreKernel`. */
export type ScoreKind = 'scores' | 'probabilities' | 'slopes';

/** What a product kernel sums up; see `productKernel`. */
export type ProductKind = 'output' | 'dQueries' | 'dKeys' | 'dValues' | 'dRelative';

/**
 * One element of a block of scores for each pair of a key j and a query row i, stored (batch heads, keys, rows): queries
 * lie side by side, so that neighbouring threads of the softmax touch neighbouring elements.
 *
 * - scores: q_i (k_j + e_(i-j)) / sqrt(depth), or MASKED where i may not see j
 * - probabilities: exp(score - logSum_i), or 0
 * - slopes: gradient of the unscaled score, p_ij (dO_i v_j - delta_i) / sqrt(depth), in place of p_ij
 *
 * A thread holds a tile of keys x rows in registers; the embeddings of all its distances are rows + keys - 1 vectors, loaded
 * once a step along the depth. Every element is one chain of fma over rising depth, whatever the tile.
 */
export function scoreKernel(problem: AttentionProblem, kind: ScoreKind): BlockKernel {
  const { batch, heads, queries, keys, depth, causal, hasLengths, hasPositions } = problem;
  const rows = blockRows(problem);
  const { vector, type, width } = vectors(depth);
  const relative = kind !== 'slopes' && problem.relativeRows > 0;
  const masks = kind !== 'slopes';
  const placed = relative || (masks && causal);
  const scale = wgslFloat(1 / Math.sqrt(depth));
  const statistic = { scores: undefined, probabilities: 'log_sum', slopes: 'delta' }[kind];
  const bindings = [
    read('row_vectors', vector),
    read('key_vectors', vector),
    ...(relative ? [read('relative', vector)] : []),
    ...(masks && hasLengths ? [read('lengths', 1, 'u32')] : []),
    ...(hasPositions && placed ? [read('positions', 1, 'u32')] : []),
    ...(statistic === undefined ? [] : [read(statistic)]),
    kind === 'slopes' ? readWrite('scores') : write('scores'),
  ];
  const make = (tile: MatmulTile): string => {
    const down = tile.rows;
    const across = Math.min(tile.columns, rows);
    const each = (line: (m: number, n: number) => string) => every(down, (m) => every(across, (n) => line(m, n)));
    const worth = [
      ...(masks && causal ? [`i32(first_key) <= position + ${across - 1}`] : []),
      ...(masks && hasLengths ? ['first_key < lengths[batch]'] : []),
    ];
    const allowed = (m: number, n: number) =>
      [
        `uniforms.start + first_row + ${n}u < ${queries}u`,
        ...(causal ? [`i32(first_key) + ${m} <= position + ${n}`] : []),
        ...(hasLengths ? [`first_key + ${m}u < lengths[batch]`] : []),
      ].join(' && ');
    const value = (m: number, n: number) => {
      const score = `s${m}_${n} * ${scale}`;
      if (kind === 'scores') return `select(${MASKED}, ${score}, ${allowed(m, n)})`;
      const of = (statistic: string) => `${statistic}[id.z * ${queries}u + row${n}]`;
      if (kind === 'slopes') return `scores[place + ${n}u] * (s${m}_${n} - ${of('delta')}) * ${scale}`;
      // The smaller of it and 0, because WGSL evaluates both sides of select and exp must not overflow.
      return `select(0.0, exp(min(${score} - ${of('log_sum')}, 0.0)), ${allowed(m, n)})`;
    };
    return `${ONTO[vector]}
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first_row = id.x * ${across}u;
  let first_key = id.y * ${down}u;
  if (first_row >= ${rows}u || first_key >= uniforms.keys) { return; }
  let batch = id.z / ${heads}u;
  let head = id.z % ${heads}u;
${placed ? `  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + first_row);` : ''}
${every(
  across,
  (n) => `  let row${n} = min(uniforms.start + first_row + ${n}u, ${queries - 1}u);
  let row_at${n} = ((batch * ${queries}u + row${n}) * ${heads}u + head) * ${width}u;`,
)}
${every(down, (m) => `  let key_at${m} = ((batch * ${keys}u + min(first_key + ${m}u, ${keys - 1}u)) * ${heads}u + head) * ${width}u;`)}
${
  relative
    ? every(
        down + across - 1,
        (t) => `  let distance${t} = position - i32(first_key) + ${t - down + 1 + centre(problem)};
  let near${t} = distance${t} >= 0 && distance${t} < ${problem.relativeRows};
  let relative_at${t} = (${relativeBase(problem)} + u32(clamp(distance${t}, 0, ${problem.relativeRows - 1}))) * ${width}u;`,
      )
    : ''
}
${each((m, n) => `  var s${m}_${n} = 0.0;`)}
  ${worth.length > 0 ? `if (${worth.join(' && ')}) ` : ''}{
    for (var d = 0u; d < ${width}u; d++) {
${every(across, (n) => `      let q${n} = row_vectors[row_at${n} + d];`)}
${every(down, (m) => `      let k${m} = key_vectors[key_at${m} + d];`)}
${relative ? every(down + across - 1, (t) => `      let e${t} = select(${type}(0.0), relative[relative_at${t} + d], near${t});`) : ''}
${each((m, n) => `      s${m}_${n} = onto(q${n}, ${relative ? `k${m} + e${n - m + down - 1}` : `k${m}`}, s${m}_${n});`)}
    }
  }
${every(
  down,
  (m) => `  if (first_key + ${m}u < uniforms.keys) {
    let place = (id.z * ${keys}u + first_key + ${m}u) * ${rows}u + first_row;
${every(across, (n) => `    ${n >= rows % across && rows % across > 0 ? `if (first_row + ${n}u < ${rows}u) ` : ''}{ scores[place + ${n}u] = ${value(m, n)}; }`)}
  }`,
)}
}`;
  };
  const grid = { layers: batch * heads, rows: (seen: number) => seen, columns: rows, unit: 1 } as const;
  return blockKernel(problem, kind, bindings, make, grid);
}

/**
 * Softmax of each query row over its keys, one thread a row: scores become probabilities. Also stores the row's
 * log-sum-exp, (batch, heads, queries), from which a backward pass computes the probabilities again.
 */
export function softmaxKernel(problem: AttentionProblem): Kernel {
  const { batch, heads, queries, keys } = problem;
  const rows = blockRows(problem);
  return {
    label: `attention softmax ${nameOf(problem)}`,
    bindings: [readWrite('scores'), write('log_sum')],
    uniforms: UNIFORMS,
    workgroupSize: [LINEAR_WORKGROUP, 1, 1],
    code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${batch * heads * rows}u) { return; }
  let group = index / ${rows}u;
  let row = index % ${rows}u;
  let begin = group * ${keys * rows}u + row;
  let end = begin + uniforms.keys * ${rows}u;
  var highest = ${MASKED};
  for (var at = begin; at < end; at += ${rows}u) { highest = max(highest, scores[at]); }
  let empty = highest <= ${MASKED};
  var total = 0.0;
  for (var at = begin; at < end; at += ${rows}u) {
    let score = scores[at];
    let weight = select(exp(score - highest), 0.0, score <= ${MASKED});
    scores[at] = weight;
    total += weight;
  }
  let share = select(1.0 / total, 0.0, empty);
  for (var at = begin; at < end; at += ${rows}u) { scores[at] *= share; }
  if (uniforms.start + row < ${queries}u) {
    log_sum[group * ${queries}u + uniforms.start + row] = select(highest + log(total), ${EMPTY_ROW}, empty);
  }
}`,
  };
}

/** delta_i = dO_i o_i, (batch, heads, queries): what the softmax's gradient subtracts from every key of a row. */
export function deltaKernel({ batch, heads, queries, depth }: AttentionProblem): Kernel {
  const { vector, width } = vectors(depth);
  return {
    label: 'attention delta',
    bindings: [read('output', vector), read('d_output', vector), write('delta')],
    uniforms: [],
    workgroupSize: [LINEAR_WORKGROUP, 1, 1],
    code: `${ONTO[vector]}
fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${batch * heads * queries}u) { return; }
  let row = index % ${queries}u;
  let head = index / ${queries}u % ${heads}u;
  let batch = index / ${queries * heads}u;
  let begin = ((batch * ${queries}u + row) * ${heads}u + head) * ${width}u;
  var total = 0.0;
  for (var d = 0u; d < ${width}u; d++) { total = onto(output[begin + d], d_output[begin + d], total); }
  delta[index] = total;
}`,
  };
}

/**
 * Sums of vectors weighted by a block of scores (probabilities p, or slopes s), as register tiles of rows x columns of
 * the result; each element is one chain of fma in a fixed order:
 *
 * - output_i = sum_j p_ij v_j
 * - dQueries_i = sum_j s_ij k_j + sum_t s_i(i-t) e_t
 * - dValues_j += sum_i p_ij dO_i, dKeys_j += sum_i s_ij q_i
 * - dRelative_t += sum over batch, heads that share e, and i, of s_i(i-t) q_i
 *
 * The last three add to what earlier blocks left; the first block worked on overwrites.
 */
export function productKernel(problem: AttentionProblem, kind: ProductKind): BlockKernel {
  const { batch, heads, queries, keys, depth, causal, relativeRows, sharedRelative, hasPositions } = problem;
  const rows = blockRows(problem);
  const { vector, type, width } = vectors(depth);
  const ofQueries = kind === 'output' || kind === 'dQueries';
  const relative = kind === 'dRelative' || (kind === 'dQueries' && relativeRows > 0);
  const accumulates = !ofQueries;
  // Scores along a diagonal are read one by one, all others as vec4s of neighbouring rows.
  const packed = !relative;
  const usesPositions = hasPositions && (relative || causal);
  const bindings = [
    read('scores', packed ? 4 : 1),
    read('vectors', vector),
    ...(kind === 'dQueries' && relative ? [read('relative', vector)] : []),
    ...(usesPositions ? [read('positions', 1, 'u32')] : []),
    accumulates ? readWrite('result', vector) : write('result', vector),
  ];
  const resultRows = ofQueries ? `${rows}u` : kind === 'dRelative' ? `${relativeRows}u` : 'uniforms.keys';

  const make = (tile: MatmulTile): string => {
    const down = tile.rows;
    const groups = Math.min(tile.columns / 4, width);
    /** One term of every sum: weights a0.. of the rows times the vector at `at`. */
    const term = (source: string, at: string, weight: (m: number) => string) => `    let at = ${at};
${every(groups, (g) => `    let b${g} = ${source}[at + column${g}];`)}
${every(
  down,
  (m) => `    let a${m} = ${weight(m)};
${every(groups, (g) => `    c${m}_${g} = fma(${type}(a${m}), b${g}, c${m}_${g});`)}`,
)}`;
    /** The score of row `row` of the block at a distance, 0 where no such key is seen. */
    const atDistance = (group: string, row: string, key: string) =>
      `select(0.0, scores[(${group} * ${keys}u + u32(clamp(${key}, 0, i32(uniforms.keys) - 1))) * ${rows}u + ${row}], ` +
      `${key} >= 0 && ${key} < i32(uniforms.keys))`;

    /** The score of row `first + m` of the block and key j. */
    const atKey = (m: number) => {
      if (!packed) return `scores[block + min(first + ${m}u, ${rows - 1}u)]`;
      return down % 4 === 0
        ? `p${m >> 2}.${'xyzw'[m % 4]}`
        : `scores[(block + first + ${m}u) / 4u][(first + ${m}u) % 4u]`;
    };
    const overKeys =
      () => `${causal || relative ? `  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + first);` : ''}
  let seen = ${causal ? `u32(clamp(position + ${down}, 0, i32(uniforms.keys)))` : 'uniforms.keys'};
  for (var j = 0u; j < seen; j++) {
    let block = (id.z * ${keys}u + j) * ${rows}u;
${packed && down % 4 === 0 ? every(down / 4, (g) => `    let p${g} = scores[(block + min(first + ${4 * g}u, ${rows - 4}u)) / 4u];`) : ''}
${term('vectors', `((batch * ${keys}u + j) * ${heads}u + head) * ${width}u`, atKey)}
  }`;
    const overDistances = () => `  let nearest = max(0, position + ${centre(problem) + 1} - i32(uniforms.keys));
  let farthest = min(${relativeRows}, position + ${down + centre(problem)});
  for (var t = nearest; t < farthest; t++) {
    let key = position + ${centre(problem)} - t;
${term('relative', `(${relativeBase(problem)} + u32(t)) * ${width}u`, (m) =>
  atDistance('id.z', `min(first + ${m}u, ${rows - 1}u)`, `(key + ${m})`),
)}
  }`;
    // Four rows a turn; those beyond the last query weigh nothing.
    const overRows = () => `  let begin = ${
      causal ? `u32(max(0, i32(first) - ${positionOf(problem, 'batch')} - i32(uniforms.start))) / 4u * 4u` : '0u'
    };
  for (var r = begin; r < block_rows; r += 4u) {
${every(down, (m) => `    let p${m} = scores[((id.z * ${keys}u + min(first + ${m}u, uniforms.keys - 1u)) * ${rows}u + r) / 4u];`)}
${every(
  4,
  (step) => `    {
${term(
  'vectors',
  `((batch * ${queries}u + min(uniforms.start + r + ${step}u, ${queries - 1}u)) * ${heads}u + head) * ${width}u`,
  (m) => `p${m}.${'xyzw'[step]}`,
)}
    }`,
)}
  }`;
    const overAllRows =
      () => `  for (var group = ${sharedRelative ? '0u' : 'id.z'}; group < ${batch * heads}u; group += ${sharedRelative ? 1 : heads}u) {
    let batch = group / ${heads}u;
    let head = group % ${heads}u;
    let offset = ${positionOf(problem, 'batch')} + i32(uniforms.start) - i32(first) + ${centre(problem)};
    for (var r = max(0, -offset); r < i32(block_rows); r++) {
    let key = offset + r;
${term('vectors', `((batch * ${queries}u + uniforms.start + u32(r)) * ${heads}u + head) * ${width}u`, (m) =>
  atDistance('group', 'u32(r)', `(key - ${m})`),
)}
    }
  }`;
    const place = (m: number) =>
      ({
        output: `(batch * ${queries}u + uniforms.start + first + ${m}u) * ${heads}u + head`,
        dQueries: `(batch * ${queries}u + uniforms.start + first + ${m}u) * ${heads}u + head`,
        dKeys: `(batch * ${keys}u + first + ${m}u) * ${heads}u + head`,
        dValues: `(batch * ${keys}u + first + ${m}u) * ${heads}u + head`,
        dRelative: `id.z * ${relativeRows}u + first + ${m}u`,
      })[kind];
    const inside = (m: number, g: number) =>
      [
        `first + ${m}u < ${resultRows}`,
        ...(ofQueries ? [`uniforms.start + first + ${m}u < ${queries}u`] : []),
        `id.x * ${groups}u + ${g}u < ${width}u`,
      ].join(' && ');
    const sums = ofQueries
      ? `${overKeys()}\n${relative ? overDistances() : ''}`
      : kind === 'dRelative'
        ? overAllRows()
        : overRows();
    return `fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.y * ${down}u;
  if (first >= ${resultRows} || id.x * ${groups}u >= ${width}u) { return; }
${kind === 'dRelative' ? '' : `  let batch = id.z / ${heads}u;\n  let head = id.z % ${heads}u;`}
${accumulates ? `  let block_rows = min(${rows}u, ${queries}u - uniforms.start);` : ''}
${every(groups, (g) => `  let column${g} = min(id.x * ${groups}u + ${g}u, ${width - 1}u);`)}
${every(down, (m) => every(groups, (g) => `  var c${m}_${g} = ${type}(0.0);`))}
${sums}
${every(down, (m) =>
  every(
    groups,
    (g) => `  if (${inside(m, g)}) {
    let place = (${place(m)}) * ${width}u + column${g};
    ${
      accumulates
        ? `if (uniforms.first == 1u) { result[place] = c${m}_${g}; } else { result[place] += c${m}_${g}; }`
        : `result[place] = c${m}_${g};`
    }
  }`,
  ),
)}
}`;
  };
  const grid = {
    layers: kind !== 'dRelative' ? batch * heads : sharedRelative ? 1 : heads,
    rows: (seen: number) => (ofQueries ? rows : kind === 'dRelative' ? relativeRows : seen),
    columns: width,
    unit: 4,
  } as const;
  return blockKernel(problem, kind, bindings, make, grid);
}

/** What the threads of a kernel cover together. */
interface BlockGrid {
  readonly layers: number;
  /** Given the number of keys that the block can see. */
  rows(keys: number): number;
  readonly columns: number;
  /** A thread has this part of its tile's columns: product kernels count groups of up to 4. */
  readonly unit: 1 | 4;
}

function blockKernel(
  problem: AttentionProblem,
  kind: ScoreKind | ProductKind,
  bindings: Kernel['bindings'],
  make: (tile: MatmulTile) => string,
  { layers, rows, columns, unit }: BlockGrid,
): BlockKernel {
  const { batch, heads, queries, keys, depth, causal } = problem;
  const name = `attention ${kind} ${nameOf(problem)}`;
  // 16x16 tiles need more registers than GPUs have, beside what the kernels load.
  const tiles = MATMUL_TILES.slice(1);
  const place = Math.max(0, tiles.indexOf(likelyTile({ M: rows(keys), N: columns * unit, batch: layers })));
  const first = Math.max(0, place - 1);
  const kernels = tiles.slice(first, place + 3).map((tile): [MatmulTile, Kernel] => [
    tile,
    {
      label: `${name} tile ${tile.rows}x${tile.columns}`,
      bindings,
      uniforms: UNIFORMS,
      workgroupSize: [tile.threads[0], tile.threads[1], 1],
      code: make(tile),
    },
  ]);
  const work = (2 * batch * heads * queries * keys * depth) / (causal ? 2 : 1);
  return {
    variants(seen) {
      const variants = kernels.map(([tile, kernel]): Variant => {
        const across = Math.min(tile.columns / unit, columns) * tile.threads[0];
        const down = tile.rows * tile.threads[1];
        return { kernel, workgroups: [Math.ceil(columns / across), Math.ceil(rows(seen) / down), layers] };
      });
      return { likely: variants[place - first], choice: { problem: name, work, variants } };
    },
  };
}

function nameOf(problem: AttentionProblem): string {
  const { batch, heads, queries, keys, depth, causal, relativeRows, sharedRelative } = problem;
  const flags = [
    causal && 'causal',
    relativeRows > 0 && `relative ${relativeRows}${sharedRelative ? ' shared' : ''}`,
    problem.hasLengths && 'lengths',
    problem.hasPositions && 'positions',
  ].filter((flag) => flag !== false);
  return [`${batch}x${heads}x${queries}x${keys}x${depth}`, ...flags].join(' ');
}

/** WGSL (i32) of the position of query 0 among the keys. */
function positionOf({ queries, keys, hasPositions }: AttentionProblem, batch: string): string {
  return hasPositions ? `i32(positions[${batch}])` : `${keys - queries}`;
}

/** The row of distance 0: the first one of a causal table, the middle one of one for both directions. */
function centre({ causal, relativeRows }: AttentionProblem): number {
  return causal ? 0 : (relativeRows - 1) / 2;
}

/** WGSL of the first row of this head's relative positions; `head` must be known. */
function relativeBase({ sharedRelative, relativeRows }: AttentionProblem): string {
  return sharedRelative ? '0u' : `head * ${relativeRows}u`;
}

function vectors(depth: number): { vector: 1 | 4; type: 'f32' | 'vec4f'; width: number } {
  return depth % 4 === 0 ? { vector: 4, type: 'vec4f', width: depth / 4 } : { vector: 1, type: 'f32', width: depth };
}

/** total + a b as a chain of fma: what `dot` rounds how is up to the driver. */
const ONTO = {
  1: 'fn onto(a: f32, b: f32, total: f32) -> f32 { return fma(a, b, total); }',
  4: `fn onto(a: vec4f, b: vec4f, total: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, total))));
}`,
} as const;

/** Unrolls a line of WGSL. */
function every(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}
