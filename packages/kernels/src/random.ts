/**
 * Counter-based random numbers: a hash of three words instead of a state, so that the same (index, stream, seed) gives
 * the same number on the host, in any thread of a kernel, and again in the backward pass.
 *
 * pcg3d, Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020.
 */
export function pcg3d(a: number, b: number, c: number): [number, number, number] {
  let x = (Math.imul(a, 1664525) + 1013904223) >>> 0;
  let y = (Math.imul(b, 1664525) + 1013904223) >>> 0;
  let z = (Math.imul(c, 1664525) + 1013904223) >>> 0;
  x = (x + Math.imul(y, z)) >>> 0;
  y = (y + Math.imul(z, x)) >>> 0;
  z = (z + Math.imul(x, y)) >>> 0;
  x = (x ^ (x >>> 16)) >>> 0;
  y = (y ^ (y >>> 16)) >>> 0;
  z = (z ^ (z >>> 16)) >>> 0;
  x = (x + Math.imul(y, z)) >>> 0;
  y = (y + Math.imul(z, x)) >>> 0;
  z = (z + Math.imul(x, y)) >>> 0;
  return [x, y, z];
}

/** The same function in WGSL. */
export const PCG_WGSL = `fn pcg3d(key: vec3u) -> vec3u {
  var v = key * 1664525u + 1013904223u;
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  return v;
}`;

/** A number in [0, 1) from a counter. */
export function uniform(index: number, stream: number, seed: number): number {
  return pcg3d(index, stream, seed)[0] / 2 ** 32;
}

/** `count` numbers, uniform in [-limit, limit] (the upper end by rounding to 32 bits). */
export function uniformArray(count: number, limit: number, stream: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, index) => (2 * uniform(index, stream, seed) - 1) * limit);
}
