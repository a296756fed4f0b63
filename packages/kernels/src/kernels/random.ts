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

/**
 * A number of N(0, 1) from a counter, by Box and Muller (Annals of Mathematical Statistics 29, 1958): 23 bits give the
 * radius, 24 the angle, all exact in 32-bit floats. Its absolute value is at most 5.77.
 */
export function gaussian(index: number, stream: number, seed: number): number {
  const [x, y] = pcg3d(index, stream, seed);
  const radius = Math.sqrt(-2 * Math.log(((x >>> 9) + 0.5) / 2 ** 23));
  return radius * Math.cos(2 * Math.PI * ((y >>> 8) / 2 ** 24 - 0.5));
}

/**
 * The same function in WGSL. A logarithm just below 0 may come out positive, hence the max. WGSL's own cosine may be
 * off by 5e-4 (and is in SwiftShader), so it is computed here: cos(2 pi t) = sin(pi w / 2) with w = 1 - 4 |t|, by the
 * sine's series to w^11, which is good to 6e-8.
 */
export const GAUSSIAN_WGSL = `fn gaussian(key: vec3u) -> f32 {
  let bits = pcg3d(key);
  let radius = sqrt(max(-2.0 * log((f32(bits.x >> 9u) + 0.5) / 8388608.0), 0.0));
  let w = 1.0 - 4.0 * abs(f32(bits.y >> 8u) / 16777216.0 - 0.5);
  let s = w * w;
  var series = 1.6044118e-4 - 3.5988432e-6 * s;
  series = 7.9692626e-2 + s * (-4.6817541e-3 + s * series);
  return radius * w * (1.5707963 + s * (-0.6459641 + s * series));
}`;
