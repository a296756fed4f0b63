import {
  every,
  linearVariant,
  read,
  readMatrix,
  readWrite,
  rowVectors,
  type Variant,
  wgslFloat,
  write,
  writeMatrix,
} from '../../kernels/kernel.ts';
import {
  type AttentionProblem,
  type BlockKernel,
  type BlockTile,
  blockDistances,
  blockKernel,
  blockRows,
  centre,
  loadVector,
  nameOf,
  nearestOf,
  ONTO,
  positionOf,
  relativeBase,
  UNIFORMS,
  vectorBinding,
} from './block.ts';

/** What stands for minus infinity, which WGSL does not have: below every score, and finite after subtractions. */
const MASKED = wgslFloat(-3e38);
/** Log-sum-exp of a row without any key: makes each of its probabilities exp(-3e38) = 0. */
const EMPTY_ROW = wgslFloat(3e38);

/** What a score kernel leaves in the block of scores; see `scoreKernel`. */
export type ScoreKind = 'scores' | 'probabilities' | 'slopes';

/** At most 1, because WGSL evaluates both sides of select and exp must not overflow; `min` could turn NaN into 0. */
const PROBABILITY = `fn probability(logarithm: f32, allowed: bool) -> f32 {
  return select(0.0, exp(select(logarithm, 0.0, logarithm > 0.0)), allowed);
}`;

/**
 * A block of scores: lines are keys (or distances) of each batch and head, of which vec4s hold neighbouring query rows.
 */
export const scoreColumns = (problem: AttentionProblem): number => blockRows(problem) / 4;

/** Bindings of a kernel that turns one block into another, and the name of the one that it reads. */
function changedBlock(problem: AttentionProblem, from: string, to: string) {
  const columns = scoreColumns(problem);
  return problem.inPlace
    ? { source: to, bindings: [{ ...readWrite(to, 4), columns }] }
    : { source: from, bindings: [readMatrix(from, columns), writeMatrix(to, columns)] };
}

/**
 * One element of a block of scores for each pair of a key j and a query row i, stored (batch heads, keys, rows):
 * queries lie side by side, so that neighbouring threads of the softmax touch neighbouring elements.
 *
 * - scores: q_i (k_j + e_(i-j)) / sqrt(depth), or MASKED where i may not see j
 * - probabilities: exp(score - logSum_i), or 0
 * - slopes: gradient of the unscaled score, p_ij (dO_i v_j - delta_i) / sqrt(depth), from p_ij; 0 where that is 0
 *
 * A thread holds a tile of keys x rows in registers; the embeddings of all its distances are rows + keys - 1 vectors,
 * loaded once a step along the depth. Every element is one chain of fma over rising depth, whatever the tile.
 */
export function scoreKernel(problem: AttentionProblem, kind: ScoreKind): BlockKernel {
  const { batch, heads, queries, keys, depth, causal, relativeRows, hasLengths, hasPositions } = problem;
  const rows = blockRows(problem);
  const { vector, type, width } = rowVectors(depth);
  const relative = kind !== 'slopes' && relativeRows > 0;
  const placed = relative || causal;
  const scale = wgslFloat(1 / Math.sqrt(depth));
  const statistic = { scores: undefined, probabilities: 'log_sum', slopes: 'delta' }[kind];
  const changed = changedBlock(problem, 'probabilities', 'slopes');
  // Where every key that a query may see is in the table, embeddings beyond it only meet what is masked.
  const reaches = causal && !hasPositions && relativeRows >= keys;
  const bindings = [
    vectorBinding('row_vectors', problem),
    vectorBinding('key_vectors', problem),
    ...(relative ? [vectorBinding('relative', problem)] : []),
    ...(hasLengths ? [read('lengths', 1, 'u32')] : []),
    ...(hasPositions && placed ? [read('positions', 1, 'u32')] : []),
    ...(statistic === undefined ? [] : [read(statistic)]),
    ...(kind === 'slopes' ? changed.bindings : [writeMatrix(kind, scoreColumns(problem))]),
  ];
  const make = ({ down, across }: BlockTile): string => {
    const each = (line: (m: number, n: number) => string) => every(down, (m) => every(across, (n) => line(m, n)));
    const worth = [
      ...(causal ? [`i32(first) <= position + ${across - 1}`] : []),
      ...(hasLengths ? ['first < load_lengths(batch)'] : []),
    ];
    const allowed = (m: number, n: number) =>
      [
        `uniforms.start + left + ${n}u < ${queries}u`,
        ...(causal ? [`i32(first) + ${m} <= position + ${n}`] : []),
        ...(hasLengths ? [`first + ${m}u < load_lengths(batch)`] : []),
      ].join(' && ');
    const value = (m: number, n: number) => {
      const score = `s${m}_${n} * ${scale}`;
      if (kind === 'scores') return `select(${MASKED}, ${score}, ${allowed(m, n)})`;
      if (kind === 'slopes') return `(s${m}_${n} - statistic${n}) * ${scale}`;
      return `probability(${score} - statistic${n}, ${allowed(m, n)})`;
    };
    const stored = (m: number, g: number) => {
      const values = `vec4f(${[0, 1, 2, 3].map((n) => value(m, 4 * g + n)).join(', ')})`;
      if (kind !== 'slopes') return `      store_${kind}(place, left / 4u + ${g}u, ${values});`;
      return `      let p${g} = load_${changed.source}(place, left / 4u + ${g}u);
      store_slopes(place, left / 4u + ${g}u, select(p${g} * ${values}, vec4f(0.0), p${g} == vec4f(0.0)));`;
    };
    return `  let batch = layer / ${heads}u;
  let head = layer % ${heads}u;
${placed ? `  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + left);` : ''}
${every(
  across,
  (n) => `  let row${n} = min(uniforms.start + left + ${n}u, ${queries - 1}u);
  let row_line${n} = (batch * ${queries}u + row${n}) * ${heads}u + head;`,
)}
${every(down, (m) => `  let key_line${m} = (batch * ${keys}u + min(first + ${m}u, ${keys - 1}u)) * ${heads}u + head;`)}
${
  relative
    ? every(
        down + across - 1,
        (t) => `  let distance${t} = position - i32(first) + ${t - down + 1 + centre(problem)};
  let near${t} = distance${t} >= 0 && distance${t} < ${relativeRows};
  let relative_line${t} = ${relativeBase(problem)} + u32(clamp(distance${t}, 0, ${relativeRows - 1}));`,
      )
    : ''
}
${each((m, n) => `  var s${m}_${n} = 0.0;`)}
  ${worth.length > 0 ? `if (${worth.join(' && ')}) ` : ''}{
    var d = 0u;
    // The condition comes last: llvmpipe runs the rest of a body for nothing once all threads have left it.
    loop {
${every(across, (n) => `    let q${n} = ${loadVector('row_vectors', problem, `row_line${n}`, 'd')};`)}
${every(down, (m) => `    let k${m} = ${loadVector('key_vectors', problem, `key_line${m}`, 'd')};`)}
${
  relative
    ? every(down + across - 1, (t) => {
        const embedding = loadVector('relative', problem, `relative_line${t}`, 'd');
        return `    let e${t} = ${reaches ? embedding : `select(${type}(0.0), ${embedding}, near${t})`};`;
      })
    : ''
}
${each((m, n) => `    s${m}_${n} = onto(q${n}, ${relative ? `k${m} + e${n - m + down - 1}` : `k${m}`}, s${m}_${n});`)}
      continuing { d++; break if d >= ${width}u; }
    }
  }
${statistic === undefined ? '' : every(across, (n) => `  let statistic${n} = load_${statistic}(layer * ${queries}u + row${n});`)}
${every(
  down,
  (m) => `  if (first + ${m}u < uniforms.keys) {
    let place = layer * ${keys}u + first + ${m}u;
${every(
  across / 4,
  (g) => `    ${4 * g >= rows % across && rows % across > 0 ? `if (left + ${4 * g}u < ${rows}u) ` : ''}{
${stored(m, g)}
    }`,
)}
  }`,
)}`;
  };
  const grid = {
    layers: batch * heads,
    rows: (seen: number) => seen,
    rowsText: 'uniforms.keys',
    columns: rows,
    unit: 1,
  } as const;
  return blockKernel(problem, kind, bindings, make, grid, `${ONTO[vector]}\n${PROBABILITY}`);
}

/**
 * Softmax of each query row over its keys, one thread for four rows: scores become weights exp(score - highest), which
 * `shares`, 1 over their sum, turns into probabilities. Also stores the row's log-sum-exp, from which a backward pass
 * computes the probabilities again. Both are (batch, heads, queries).
 */
export function softmaxKernel(problem: AttentionProblem): Variant {
  const { batch, heads, queries, keys } = problem;
  const columns = scoreColumns(problem);
  const { source, bindings } = changedBlock(problem, 'scores', 'weights');
  return linearVariant({
    label: `attention softmax ${nameOf(problem)}`,
    bindings: [...bindings, write('shares'), write('log_sum')],
    uniforms: UNIFORMS,
    threads: batch * heads * columns,
    body: `  let layer = index / ${columns}u;
  let column = index % ${columns}u;
  let begin = layer * ${keys}u;
  let end = begin + uniforms.keys;
  var highest = vec4f(${MASKED});
  for (var line = begin; line < end; line++) { highest = max(highest, load_${source}(line, column)); }
  var total = vec4f(0.0);
  for (var line = begin; line < end; line++) {
    let score = load_${source}(line, column);
    let weight = select(exp(score - highest), vec4f(0.0), score <= vec4f(${MASKED}));
    store_weights(line, column, weight);
    total += weight;
  }
  let empty = highest <= vec4f(${MASKED});
  let share = select(1.0 / total, vec4f(0.0), empty);
  let log_sum = select(highest + log(total), vec4f(${EMPTY_ROW}), empty);
  for (var n = 0u; n < 4u; n++) {
    let row = uniforms.start + 4u * column + n;
    if (row < ${queries}u) {
      store_shares(layer * ${queries}u + row, share[n]);
      store_log_sum(layer * ${queries}u + row, log_sum[n]);
    }
  }`,
  });
}

/**
 * The slopes once more, with a line for each distance instead of each key: skewed_ti = slope_i(i-t), zero where there
 * is no such key. Line 0 of a layer is the block's smallest distance, `nearestOf`.
 *
 * @returns the kernel for blocks that see so many keys
 */
export function skewKernel(problem: AttentionProblem, seen: number): Variant {
  const { batch, heads, keys, hasPositions } = problem;
  const columns = scoreColumns(problem);
  const distances = blockDistances(problem);
  const fewer = blockDistances(problem, seen);
  const groups = Math.ceil(fewer / 4);
  /** Of four rows side by side, which four lines need seven keys of. */
  const keyOf = (n: number) => `let key${n} = key + ${n - 3};
  let slopes${n} = select(vec4f(0.0), load_slopes(layer * ${keys}u + u32(clamp(key${n}, 0, i32(uniforms.keys) - 1)), column), key${n} >= 0 && key${n} < i32(uniforms.keys));`;
  const storeLine = (n: number) => {
    const skewed = `vec4f(${[0, 1, 2, 3].map((row) => `slopes${row - n + 3}.${'xyzw'[row]}`).join(', ')})`;
    return `  if (line + ${n}u < ${fewer}u) { store_skewed(layer * ${distances}u + line + ${n}u, column, ${skewed}); }`;
  };
  return linearVariant({
    label: `attention skew ${nameOf(problem)}`,
    bindings: [
      readMatrix('slopes', columns),
      ...(hasPositions ? [read('positions', 1, 'u32')] : []),
      writeMatrix('skewed', columns),
    ],
    uniforms: UNIFORMS,
    threads: batch * heads * groups * columns,
    body: `  let column = index % ${columns}u;
  let line = index / ${columns}u % ${groups}u * 4u;
  let layer = index / ${columns * groups}u;
  let batch = layer / ${heads}u;
  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + 4u * column);
  let key = position + ${centre(problem)} - ${nearestOf(problem)} - i32(line);
  ${every(7, keyOf)}
${every(4, storeLine)}`,
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
