import { every, read, readWrite, rowVectors, write } from '../../kernels/kernel.ts';
import type { MatmulTile } from '../matmul/tile.ts';
import {
  type AttentionProblem,
  type BlockKernel,
  blockKernel,
  blockRows,
  centre,
  positionOf,
  relativeBase,
} from './block.ts';

/** What a product kernel sums up; see `productKernel`. */
export type ProductKind = 'output' | 'dQueries' | 'dKeys' | 'dValues' | 'dRelative';

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
  const { vector, type, width } = rowVectors(depth);
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
${every(groups, (g) => `    let b${g} = load_${source}(at + column${g});`)}
${every(
  down,
  (m) => `    let a${m} = ${weight(m)};
${every(groups, (g) => `    c${m}_${g} = fma(${type}(a${m}), b${g}, c${m}_${g});`)}`,
)}`;
    /** The score of row `row` of the block at a distance, 0 where no such key is seen. */
    const atDistance = (group: string, row: string, key: string) =>
      `select(0.0, load_scores((${group} * ${keys}u + u32(clamp(${key}, 0, i32(uniforms.keys) - 1))) * ${rows}u + ${row}), ` +
      `${key} >= 0 && ${key} < i32(uniforms.keys))`;

    /** The score of row `first + m` of the block and key j. */
    const atKey = (m: number) => {
      if (!packed) return `load_scores(block + min(first + ${m}u, ${rows - 1}u))`;
      return down % 4 === 0
        ? `p${m >> 2}.${'xyzw'[m % 4]}`
        : `load_scores((block + first + ${m}u) / 4u)[(first + ${m}u) % 4u]`;
    };
    const overKeys =
      () => `${causal || relative ? `  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + first);` : ''}
  let seen = ${causal ? `u32(clamp(position + ${down}, 0, i32(uniforms.keys)))` : 'uniforms.keys'};
  for (var j = 0u; j < seen; j++) {
    let block = (id.z * ${keys}u + j) * ${rows}u;
${packed && down % 4 === 0 ? every(down / 4, (g) => `    let p${g} = load_scores((block + min(first + ${4 * g}u, ${rows - 4}u)) / 4u);`) : ''}
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
${every(down, (m) => `    let p${m} = load_scores(((id.z * ${keys}u + min(first + ${m}u, uniforms.keys - 1u)) * ${rows}u + r) / 4u);`)}
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
        ? `if (uniforms.first == 1u) { store_result(place, c${m}_${g}); } else { store_result(place, load_result(place) + (c${m}_${g})); }`
        : `store_result(place, c${m}_${g});`
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
