import {
  every,
  linearVariant,
  read,
  readWrite,
  rowVectors,
  type Variant,
  wgslFloat,
  write,
} from '../../kernels/kernel.ts';
import type { MatmulTile } from '../matmul/tile.ts';
import {
  type AttentionProblem,
  type BlockKernel,
  blockKernel,
  blockRows,
  centre,
  nameOf,
  ONTO,
  positionOf,
  relativeBase,
  UNIFORMS,
} from './block.ts';

/** What stands for minus infinity, which WGSL does not have: below every score, and finite after subtractions. */
const MASKED = wgslFloat(-3e38);
/** Log-sum-exp of a row without any key: makes each of its probabilities exp(-3e38) = 0. */
const EMPTY_ROW = wgslFloat(3e38);

/** What a score kernel leaves in the block of scores; see `scoreKernel`. */
export type ScoreKind = 'scores' | 'probabilities' | 'slopes';

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
  const { vector, type, width } = rowVectors(depth);
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
    kind === 'slopes' ? readWrite('scores', 4) : write('scores', 4),
  ];
  const make = (tile: MatmulTile): string => {
    const down = tile.rows;
    const across = Math.min(tile.columns, rows);
    const each = (line: (m: number, n: number) => string) => every(down, (m) => every(across, (n) => line(m, n)));
    const worth = [
      ...(masks && causal ? [`i32(first_key) <= position + ${across - 1}`] : []),
      ...(masks && hasLengths ? ['first_key < load_lengths(batch)'] : []),
    ];
    const allowed = (m: number, n: number) =>
      [
        `uniforms.start + first_row + ${n}u < ${queries}u`,
        ...(causal ? [`i32(first_key) + ${m} <= position + ${n}`] : []),
        ...(hasLengths ? [`first_key + ${m}u < load_lengths(batch)`] : []),
      ].join(' && ');
    const value = (m: number, n: number) => {
      const score = `s${m}_${n} * ${scale}`;
      if (kind === 'scores') return `select(${MASKED}, ${score}, ${allowed(m, n)})`;
      if (kind === 'slopes') return `(s${m}_${n} - statistic${n}) * ${scale}`;
      // The smaller of it and 0, because WGSL evaluates both sides of select and exp must not overflow.
      return `select(0.0, exp(min(${score} - statistic${n}, 0.0)), ${allowed(m, n)})`;
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
${every(across, (n) => `      let q${n} = load_row_vectors(row_at${n} + d);`)}
${every(down, (m) => `      let k${m} = load_key_vectors(key_at${m} + d);`)}
${relative ? every(down + across - 1, (t) => `      let e${t} = select(${type}(0.0), load_relative(relative_at${t} + d), near${t});`) : ''}
${each((m, n) => `      s${m}_${n} = onto(q${n}, ${relative ? `k${m} + e${n - m + down - 1}` : `k${m}`}, s${m}_${n});`)}
    }
  }
${statistic === undefined ? '' : every(across, (n) => `  let statistic${n} = load_${statistic}(id.z * ${queries}u + row${n});`)}
${every(
  down,
  (m) => `  if (first_key + ${m}u < uniforms.keys) {
    let place = ((id.z * ${keys}u + first_key + ${m}u) * ${rows}u + first_row) / 4u;
${every(
  across / 4,
  (g) => `    ${4 * g >= rows % across && rows % across > 0 ? `if (first_row + ${4 * g}u < ${rows}u) ` : ''}{
      store_scores(place + ${g}u, ${kind === 'slopes' ? `load_scores(place + ${g}u) * ` : ''}vec4f(${[0, 1, 2, 3].map((n) => value(m, 4 * g + n)).join(', ')}));
    }`,
)}
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
export function softmaxKernel(problem: AttentionProblem): Variant {
  const { batch, heads, queries, keys } = problem;
  const rows = blockRows(problem);
  return linearVariant({
    label: `attention softmax ${nameOf(problem)}`,
    bindings: [readWrite('scores'), write('log_sum')],
    uniforms: UNIFORMS,
    threads: batch * heads * rows,
    body: `  let group = index / ${rows}u;
  let row = index % ${rows}u;
  let begin = group * ${keys * rows}u + row;
  let end = begin + uniforms.keys * ${rows}u;
  var highest = ${MASKED};
  for (var at = begin; at < end; at += ${rows}u) { highest = max(highest, load_scores(at)); }
  let empty = highest <= ${MASKED};
  var total = 0.0;
  for (var at = begin; at < end; at += ${rows}u) {
    let score = load_scores(at);
    let weight = select(exp(score - highest), 0.0, score <= ${MASKED});
    store_scores(at, weight);
    total += weight;
  }
  let share = select(1.0 / total, 0.0, empty);
  for (var at = begin; at < end; at += ${rows}u) { store_scores(at, load_scores(at) * (share)); }
  if (uniforms.start + row < ${queries}u) {
    store_log_sum(group * ${queries}u + uniforms.start + row, select(highest + log(total), ${EMPTY_ROW}, empty));
  }`,
  });
}

/** delta_i = dO_i o_i, (batch, heads, queries): what the softmax's gradient subtracts from every key of a row. */
export function deltaKernel({ batch, heads, queries, depth }: AttentionProblem): Variant {
  const { vector, width } = rowVectors(depth);
  return linearVariant({
    label: 'attention delta',
    bindings: [read('output', vector), read('d_output', vector), write('delta')],
    threads: batch * heads * queries,
    functions: ONTO[vector],
    body: `  let row = index % ${queries}u;
  let head = index / ${queries}u % ${heads}u;
  let batch = index / ${queries * heads}u;
  let begin = ((batch * ${queries}u + row) * ${heads}u + head) * ${width}u;
  var total = 0.0;
  for (var d = 0u; d < ${width}u; d++) { total = onto(load_output(begin + d), load_d_output(begin + d), total); }
  store_delta(index, total);`,
  });
}
