/** Terms of a block. A plain chain of n additions of like numbers is off by up to n / 2 units in the last place. */
const BLOCK = 32;

/** WGSL of a loop in which sums grow. */
export interface SummingLoop {
  /** Of the sums, `f32` or `vec4f`. */
  readonly type: string;
  readonly names: readonly string[];
  /** WGSL of how many rounds there are, u32. */
  readonly count: string;
  /** What `count` is at most: few rounds need no blocks. */
  readonly most: number;
  /** WGSL of the round of number `n`, which adds to each sum under its name with the suffix. */
  readonly round: (suffix: string) => string;
}

/**
 * WGSL that declares sums and adds them up over a loop, in blocks where it is long: rounding errors then grow with the
 * root of the count rather than with the count.
 */
export function blockedSums({ type, names, count, most, round }: SummingLoop): string {
  const declare = (suffix: string) => names.map((name) => `var ${name}${suffix} = ${type}(0.0);`).join(' ');
  if (most <= 2 * BLOCK) {
    return `  ${declare('')}
  for (var n = 0u; n < ${count}; n++) {
    ${round('')}
  }`;
  }
  return `  ${declare('')}
  for (var block = 0u; block < ${count}; block += ${BLOCK}u) {
    ${declare('_of_block')}
    for (var n = block; n < min(block + ${BLOCK}u, ${count}); n++) {
      ${round('_of_block')}
    }
    ${names.map((name) => `${name} += ${name}_of_block;`).join(' ')}
  }`;
}
