import { KernelError } from '../errors.ts';
import type { Debug } from './debug.ts';
import { type AdapterDescription, Device, OPTIONAL_FEATURES } from './device.ts';
import type { PreparationOptions } from './preparation.ts';
import { fastestReading, type MatrixReading, possibleReadings } from './texture-probe.ts';
import { Tuner, type TuningMemory } from './tuner.ts';

/**
 * Names an adapter for people. Browsers and Dawn give an identifier ("nvidia-geforce-rtx-3080", or nothing but vendor
 * and architecture), and Mesa's llvmpipe hides its version in it: "llvmpipe-llvm-15-0-6-256-bits-".
 *
 * @param info of the adapter
 * @param backend by which it was asked for: `default`, `gles`, ...
 */
export function describeAdapter(info: GPUAdapterInfo, backend: string): AdapterDescription {
  const identifier = info.device || [info.vendor, info.architecture].filter(Boolean).join(' ') || info.description;
  const llvmpipe = /^llvmpipe-llvm-(\d+)-(\d+)-(\d+)-(\d+)-bits/.exec(identifier);
  const name = llvmpipe
    ? `llvmpipe (LLVM ${llvmpipe.slice(1, 4).join('.')}, ${llvmpipe[4]} bits)`
    : identifier.replaceAll('-', ' ').trim() || 'unnamed adapter';
  const software = info.isFallbackAdapter || /llvmpipe|swiftshader|basic render|\bwarp\b/i.test(name);
  return { name, driver: info.description, backend, software };
}

export interface OpeningOptions extends PreparationOptions {
  /** Where measured choices are remembered; without it nothing is measured. */
  readonly tuning: TuningMemory | undefined;
  /** Time for measuring, in seconds; see `TunerOptions`. */
  readonly seconds?: number | undefined;
  /** From where kernels read matrices; measured, or buffers where nothing is measured, if left out. */
  readonly matrices?: MatrixReading | undefined;
  readonly debug: Debug;
}

/**
 * A device on an adapter, with the largest buffers that the adapter grants, and those optional features that it has.
 *
 * @param wgslFeatures WGSL's language features, of the GPU object that gave the adapter
 * @throws KernelError `option` if the adapter cannot read matrices as asked
 * @throws the signal's reason once it is aborted
 */
export async function openOn(
  adapter: GPUAdapter,
  wgslFeatures: ReadonlySet<string>,
  description: AdapterDescription,
  { tuning, seconds, matrices, debug, ...preparation }: OpeningOptions,
): Promise<Device> {
  preparation.signal?.throwIfAborted();
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  const { maxComputeInvocationsPerWorkgroup, maxStorageTexturesPerShaderStage, maxTextureDimension2D } = adapter.limits;
  const requiredLimits = {
    maxBufferSize,
    maxStorageBufferBindingSize,
    // Core WebGPU gives 8 anyway, compatibility mode fewer unless asked; the LSTM's backward step takes 7.
    maxStorageBuffersPerShaderStage: Math.min(8, maxStorageBuffersPerShaderStage),
    // Core WebGPU gives 256 anyway, compatibility mode 128 unless asked.
    maxComputeInvocationsPerWorkgroup: Math.min(256, maxComputeInvocationsPerWorkgroup),
    // Core WebGPU gives 4 anyway.
    maxStorageTexturesPerShaderStage: Math.min(4, maxStorageTexturesPerShaderStage),
    maxTextureDimension2D,
  };
  const requiredFeatures = OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature));
  const gpu = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  const device = new Device(gpu, description, tuning === undefined ? undefined : new Tuner(tuning, { seconds }), debug);
  const canReadStorage = wgslFeatures.has('readonly_and_readwrite_storage_textures');
  const possible = possibleReadings(device, canReadStorage);
  device.textures = possible.find(({ reading }) => reading === matrices);
  if (matrices !== undefined && matrices !== 'buffers' && device.textures === undefined) {
    device.destroy();
    throw new KernelError('option', `${description.name} cannot read ${matrices} textures; it can read sampled ones.`);
  }
  if (matrices !== undefined || tuning === undefined) return device;
  try {
    device.textures = await fastestReading(device, tuning, possible, preparation);
    return device;
  } catch (error) {
    device.destroy();
    throw error;
  }
}
