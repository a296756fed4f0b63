import { every, read, readMatrix, readWrite, rowVectors, write } from '../../kernels/kernel.ts';
import {
  type AttentionProblem,
  type BlockKernel,
  type BlockTile,
  blockDistances,
  blockKernel,
  blockRows,
  centre,
  distancesIn,
  limitOf,
  loadVector,
  nearestOf,
  positionOf,
  relativeBase,
  vectorBinding,
} from './block.ts';
import { scoreColumns } from './scores.ts';

/** What a product kernel sums up; see `productKernel`. */
export type ProductKind = 'output' | 'dQueries' | 'dKeys' | 'dValues' | 'dRelative';

/**
 * Sums of vectors weighted by a block of scores (weights w, probabilities p, or slopes s), as register tiles of rows x
 * columns of the result; each element is one chain of fma in a fixed order:
 *
 * - output_i = share_i sum_j w_ij v_j
 * - dQueries_i = sum_j s_ij k_j + sum_t s_i(i-t) e_t
 * - dValues_j += sum_i p_ij dO_i, dKeys_j += sum_i s_ij q_i
 * - dRelative_t += sum over batch, heads that share e, and i, of s_i(i-t) q_i
 *
 * The last three add to what earlier blocks left; the first block worked on overwrites. Sums along a distance t read
 * the skewed slopes. What is masked never enters a sum, so that no NaN of a key reaches a query that may not see it.
 */
export function productKernel(problem: AttentionProblem, kind: ProductKind): BlockKernel {
  const { batch, heads, keys, relativeRows, sharedRelative } = problem;
  const { vector, type, width } = rowVectors(problem.depth);
  const grid = {
    output: { layers: batch * heads, rows: () => blockRows(problem), rowsText: `${blockRows(problem)}u` },
    dQueries: { layers: batch * heads, rows: () => blockRows(problem), rowsText: `${blockRows(problem)}u` },
    dKeys: { layers: batch * heads, rows: (seen: number) => seen, rowsText: 'uniforms.keys' },
    dValues: { layers: batch * heads, rows: (seen: number) => seen, rowsText: 'uniforms.keys' },
    // Where a block does not see all keys, distances end with them.
    dRelative: {
      layers: sharedRelative ? 1 : heads,
      rows: (seen: number) => (seen < keys ? Math.min(relativeRows, seen) : relativeRows),
      rowsText: `select(${relativeRows}u, min(${relativeRows}u, uniforms.keys), uniforms.keys < ${keys}u)`,
    },
  }[kind];
  const product = {
    output: sumOverKeys,
    dQueries: sumOverKeys,
    dKeys: sumOverRows,
    dValues: sumOverRows,
    dRelative: sumOverDiagonals,
  }[kind](problem, kind);
  const accumulates = kind !== 'output' && kind !== 'dQueries';
  const bindings = [
    ...product.bindings,
    ...(product.placed && problem.hasPositions ? [read('positions', 1, 'u32')] : []),
    ...(problem.hasLengths ? [read('lengths', 1, 'u32')] : []),
    accumulates ? readWrite('result', vector) : write('result', vector),
  ];
  const make = ({ down, across }: BlockTile): string => {
    const store = (m: number, g: number) => {
      const sum = `c${m}_${g}${kind === 'output' ? ` * share${m}` : ''}`;
      return accumulates
        ? `if (uniforms.first == 1u) { store_result(place, ${sum}); } else { store_result(place, load_result(place) + ${sum}); }`
        : `store_result(place, ${sum});`;
    };
    return `${every(across, (g) => `  let column${g} = min(left + ${g}u, ${width - 1}u);`)}
${every(down, (m) => every(across, (g) => `  var c${m}_${g} = ${type}(0.0);`))}
${product.sum({ down, across })}
${every(
  down,
  (m) => `  if (first + ${m}u < ${product.resultRows}) {
    let line = ${product.line(m)};
${kind === 'output' ? `    let share${m} = load_shares(layer * ${problem.queries}u + uniforms.start + first + ${m}u);` : ''}
${every(
  across,
  (g) => `    if (left + ${g}u < ${width}u) {
      let place = line * ${width}u + column${g};
      ${store(m, g)}
    }`,
)}
  }`,
)}`;
  };
  return blockKernel(problem, kind, bindings, make, { ...grid, columns: width, unit: 4 });
}

/** How one kind of product sums up. */
interface Product {
  readonly bindings: readonly ReturnType<typeof read>[];
  /** Whether positions are needed, where there are any. */
  readonly placed: boolean;
  /** WGSL that adds to the tile `c0_0`, ... */
  sum(tile: BlockTile): string;
  /** WGSL of the rows of the result in a layer, and of the line of a row of the tile. */
  readonly resultRows: string;
  line(row: number): string;
}

const ofLayer = ({ heads }: AttentionProblem) => `  let batch = layer / ${heads}u;
  let head = layer % ${heads}u;`;

/** Output and dQueries: a tile of query rows walks along the lines of the block, keys or distances. */
function sumOverKeys(problem: AttentionProblem, kind: ProductKind): Product {
  const { type } = rowVectors(problem.depth);
  const { heads, queries, keys, causal, relativeRows, hasLengths, hasPositions } = problem;
  const relative = kind === 'dQueries' && relativeRows > 0;
  const scores = kind === 'output' ? 'weights' : 'slopes';
  const columns = scoreColumns(problem);
  const placed = causal || relative;
  return {
    bindings: [
      readMatrix(scores, columns),
      vectorBinding('vectors', problem),
      ...(relative ? [readMatrix('skewed', columns), vectorBinding('relative', problem)] : []),
      ...(kind === 'output' ? [read('shares')] : []),
    ],
    placed,
    resultRows: `${queries}u - uniforms.start`,
    line: (m) => `(batch * ${queries}u + uniforms.start + first + ${m}u) * ${heads}u + head`,
    sum: ({ down, across }) => {
      /** Steps along lines of the block: four rows of the tile are a vec4. */
      const steps = (
        count: number,
        block: string,
        line: string,
        vectors: string,
        vectorLine: (s: number) => string,
      ) => {
        const groups = Math.ceil(down / 4);
        return {
          loads: every(count, (s) =>
            every(
              groups,
              (g) => `    let w${s}_${g} = load_${block}(${line} + ${s}u, min(first / 4u + ${g}u, ${columns - 1}u));`,
            ),
          ),
          weight: (m: number, s: number) => `w${s}_${m >> 2}.${'xyzw'[m % 4]}`,
          vector: (s: number, g: number) => loadVector(vectors, problem, vectorLine(s), `column${g}`),
          count,
          tile: { down, across },
        };
      };
      const overKeys = (count: number) =>
        steps(count, scores, `layer * ${keys}u + u32(at)`, 'vectors', (s) => {
          return `(batch * ${keys}u + u32(at) + ${s}u) * ${heads}u + head`;
        });
      const overDistances = (count: number) =>
        steps(count, 'skewed', `layer * ${blockDistances(problem)}u + u32(at - nearest)`, 'relative', (s) => {
          return `${relativeBase(problem)} + u32(at) + ${s}u`;
        });
      const distances = () => `  let nearest = ${nearestOf(problem)};
  let zero = position + ${centre(problem)};
${walk({
  begin: 'max(nearest, zero + 1 - limit)',
  allFrom: causal && !hasLengths && !hasPositions ? undefined : `zero + ${down} - limit`,
  allTo: `min(${relativeRows}, zero + 1)`,
  end: `min(min(${relativeRows}, zero + ${down}), nearest + ${distancesIn(problem)})`,
  hasRest: true,
  four: terms(overDistances(4), type, false),
  one: terms(overDistances(1), type, true),
})}`;
      return `${ofLayer(problem)}
  let limit = ${limitOf(problem, 'batch')};
${placed ? `  let position = ${positionOf(problem, 'batch')} + i32(uniforms.start + first);` : ''}
${walk({
  begin: '0',
  allTo: causal ? 'min(limit, position + 1)' : 'limit',
  end: causal ? `min(limit, position + ${down})` : 'limit',
  hasRest: causal || hasLengths || keys % 4 > 0,
  four: terms(overKeys(4), type, false),
  one: terms(overKeys(1), type, true),
})}
${relative ? distances() : ''}`;
    },
  };
}

/** Steps along query rows, four or one, by lines of the block for the rows of a tile: a vec4 of each is four steps. */
function alongRows(
  problem: AttentionProblem,
  tile: BlockTile,
  block: string,
  count: 1 | 4,
  line: (m: number) => string,
  isThere?: (m: number) => string,
): Steps {
  const { heads, queries } = problem;
  const load = (m: number) => `load_${block}(${line(m)}, u32(at) / 4u)${count === 1 ? '[u32(at) % 4u]' : ''}`;
  return {
    loads: every(tile.down, (m) => {
      return `    let w${m} = ${isThere === undefined ? load(m) : `select(0.0, ${load(m)}, ${isThere(m)})`};`;
    }),
    weight: (m, s) => (count === 1 ? `w${m}` : `w${m}.${'xyzw'[s]}`),
    vector: (s, g) => {
      const line = `(batch * ${queries}u + uniforms.start + u32(at) + ${s}u) * ${heads}u + head`;
      return loadVector('vectors', problem, line, `column${g}`);
    },
    count,
    tile,
  };
}

/** dKeys and dValues: a tile of keys walks along the query rows. */
function sumOverRows(problem: AttentionProblem, kind: ProductKind): Product {
  const { type } = rowVectors(problem.depth);
  const { heads, queries, keys, causal, hasLengths } = problem;
  const scores = kind === 'dValues' ? 'probabilities' : 'slopes';
  return {
    bindings: [readMatrix(scores, scoreColumns(problem)), vectorBinding('vectors', problem)],
    placed: causal,
    resultRows: 'uniforms.keys',
    line: (m) => `(batch * ${keys}u + first + ${m}u) * ${heads}u + head`,
    sum: (tile) => {
      const line = (m: number) => `layer * ${keys}u + min(first + ${m}u, uniforms.keys - 1u)`;
      const steps = (count: 1 | 4) => alongRows(problem, tile, scores, count, line);
      const last = tile.down - 1;
      return `${ofLayer(problem)}
  let block_rows = i32(min(${blockRows(problem)}u, ${queries}u - uniforms.start));
${causal ? `  let before = i32(first) - ${positionOf(problem, 'batch')} - i32(uniforms.start);` : ''}
${hasLengths ? `  let limit = ${limitOf(problem, 'batch')};\n  let counts = i32(first) + ${last} < limit;` : ''}
${walk({
  begin: causal ? 'max(0, before)' : '0',
  allFrom: hasLengths
    ? `select(block_rows, ${causal ? `before + ${last}` : '0'}, counts)`
    : causal
      ? `before + ${last}`
      : undefined,
  allTo: 'block_rows',
  end: hasLengths ? 'select(0, block_rows, i32(first) < limit)' : 'block_rows',
  hasRest: hasLengths || queries % 4 > 0,
  four: terms(steps(4), type, false),
  one: terms(steps(1), type, true),
})}`;
    },
  };
}

/** dRelative: a tile of distances walks along the query rows of all sequences and heads that share them. */
function sumOverDiagonals(problem: AttentionProblem): Product {
  const { type } = rowVectors(problem.depth);
  const { batch, heads, queries, causal, relativeRows, sharedRelative, hasLengths, hasPositions } = problem;
  const distances = blockDistances(problem);
  const reaches = causal && !hasLengths && !hasPositions;
  return {
    bindings: [readMatrix('skewed', scoreColumns(problem)), vectorBinding('vectors', problem)],
    placed: true,
    resultRows: `${relativeRows}u`,
    line: (m) => `layer * ${relativeRows}u + first + ${m}u`,
    sum: (tile) => {
      const last = tile.down - 1;
      const line = (m: number) => `group * ${distances}u + u32(clamp(nearer + ${m}, 0, ${distances - 1}))`;
      const isThere = (m: number) => `nearer + ${m} >= 0 && nearer + ${m} < ${distancesIn(problem)}`;
      return `  for (var group = ${sharedRelative ? '0u' : 'layer'}; group < ${batch * heads}u; group += ${sharedRelative ? 1 : heads}u) {
  let batch = group / ${heads}u;
  let head = group % ${heads}u;
  let block_rows = i32(min(${blockRows(problem)}u, ${queries}u - uniforms.start));
  let before = i32(first) - ${positionOf(problem, 'batch')} - i32(uniforms.start) - ${centre(problem)};
  let nearer = i32(first) - ${nearestOf(problem)};
  let limit = ${limitOf(problem, 'batch')};
${walk({
  begin: 'max(0, before)',
  allFrom: `before + ${last}`,
  allTo: reaches ? 'block_rows' : 'min(block_rows, before + limit)',
  end: reaches ? 'block_rows' : `min(block_rows, before + ${last} + limit)`,
  hasRest: !reaches || queries % 4 > 0,
  four: terms(alongRows(problem, tile, 'skewed', 4, line), type, false),
  one: terms(alongRows(problem, tile, 'skewed', 1, line, isThere), type, true),
})}
  }`;
    },
  };
}

/** Some steps along a sum: how their weights are loaded and named, and their vectors. */
interface Steps {
  readonly loads: string;
  weight(row: number, step: number): string;
  vector(step: number, group: number): string;
  readonly count: number;
  readonly tile: BlockTile;
}

/** WGSL of some steps of every sum. @param masked leaves out what weighs nothing: fma(0, NaN, c) would be NaN */
function terms({ loads, weight, vector, count, tile: { down, across } }: Steps, type: string, masked: boolean): string {
  const term = (m: number, s: number, g: number) => {
    const sum = `fma(${type}(${weight(m, s)}), b${s}_${g}, c${m}_${g})`;
    return `    c${m}_${g} = ${masked ? `select(c${m}_${g}, ${sum}, ${weight(m, s)} != 0.0)` : sum};`;
  };
  return `${loads}
${every(count, (s) => every(across, (g) => `    let b${s}_${g} = ${vector(s, g)};`))}
${every(down, (m) => every(across, (g) => every(count, (s) => term(m, s, g))))}`;
}

/** A walk along a sum, in WGSL of i32. */
interface Walk {
  readonly begin: string;
  readonly end: string;
  /** From here on until there no row of the tile has anything masked; the begin if left out. */
  readonly allFrom?: string | undefined;
  readonly allTo: string;
  /** Whether steps may be left after that. */
  readonly hasRest: boolean;
  /** Four steps of which nothing is masked, from a multiple of four on. */
  readonly four: string;
  /** One step. */
  readonly one: string;
}

function walk({ begin, end, allFrom, allTo, hasRest, four, one }: Walk): string {
  const single = (to: string) => `  for (; at < ${to}; at++) {
${one}
  }`;
  // The condition of the long loop comes last: llvmpipe runs the rest of a body for nothing once all threads have left
  // it.
  return `  {
  var at = ${begin};
  let end = ${end};
  let all_to = ${allTo};
${allFrom === undefined ? '' : `  let all_from = min(end, (${allFrom} + 3) / 4 * 4);\n${single('all_from')}`}
  if (at + 3 < all_to) {
    loop {
${four}
      continuing { at += 4; break if at + 3 >= all_to; }
    }
  }
${hasRest ? single('end') : ''}
  }`;
}
