/** Other libraries with gradients, by backend. */
export const PEERS = ['jax-webgpu', 'jax-wasm', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu'] as const;
export type PeerName = (typeof PEERS)[number];

/** For people. */
export const PEER_TITLES: Readonly<Record<PeerName, string>> = {
  'jax-webgpu': 'jax-js WebGPU',
  'jax-wasm': 'jax-js Wasm',
  'tfjs-webgpu': 'tfjs WebGPU',
  'tfjs-wasm': 'tfjs Wasm',
  'tfjs-cpu': 'tfjs CPU',
};
