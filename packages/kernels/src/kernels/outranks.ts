/**
 * WGSL of `outranks(value, highest)`: whether a value takes the place of the highest so far. NaN ranks above all
 * numbers, as in numpy and PyTorch, so that a maximum does not hide it, and the first of several stays. NaN is found by
 * its bits (IEEE 754), because WGSL lets compilers assume that floats are not NaN.
 */
export function outranks(type: 'f32' | 'vec4f' = 'f32'): string {
  const [truth, bits] = type === 'f32' ? ['bool', 'u32'] : ['vec4<bool>', 'vec4u'];
  return `fn is_nan(x: ${type}) -> ${truth} {
  return (bitcast<${bits}>(x) & ${bits}(0x7fffffffu)) > ${bits}(0x7f800000u);
}
fn outranks(value: ${type}, highest: ${type}) -> ${truth} {
  return (value > highest) | (is_nan(value) & !is_nan(highest));
}`;
}
