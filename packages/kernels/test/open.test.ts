import { afterEach, describe, expect, it, vi } from 'vitest';
import { create } from 'webgpu';
import { openDevice as openInBrowser } from '../src/browser.ts';
import { describeAdapter } from '../src/device/adapter.ts';
import { openDevice } from '../src/node.ts';

const info = (fields: Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>>) =>
  ({
    vendor: '',
    architecture: '',
    device: '',
    description: '',
    isFallbackAdapter: false,
    ...fields,
  }) as GPUAdapterInfo;

describe('describeAdapter', () => {
  it('reads what llvmpipe, Vulkan and browsers say', () => {
    const llvmpipe = { device: 'llvmpipe-llvm-15-0-6-256-bits-', description: 'OpenGL ES 3.2 Mesa 22.3.6' };
    expect(describeAdapter(info(llvmpipe), 'gles')).toEqual({
      name: 'llvmpipe (LLVM 15.0.6, 256 bits)',
      driver: 'OpenGL ES 3.2 Mesa 22.3.6',
      backend: 'gles',
      software: true,
    });
    const geforce = describeAdapter(info({ vendor: 'nvidia', device: 'nvidia-geforce-rtx-3080' }), 'default');
    expect(geforce).toMatchObject({ name: 'nvidia geforce rtx 3080', software: false });
    expect(describeAdapter(info({ vendor: 'intel', architecture: 'xe' }), 'default').name).toBe('intel xe');
    expect(describeAdapter(info({}), 'default').name).toBe('unnamed adapter');
  });
});

describe('openDevice in Node', () => {
  it('names the adapter and the backend that was used', async () => {
    const device = await openDevice({ adapter: 'null' });
    expect(device.adapter).toMatchObject({ name: 'null backend', backend: 'null', software: false });
    expect(device.tuner).toBeUndefined();
    device.destroy();
  });

  it('finds an adapter by part of its name', async () => {
    const gles = await openDevice({ adapter: 'gles', tune: false });
    const byName = await openDevice({ adapter: gles.adapter.name.slice(0, 6), tune: false });
    expect(byName.adapter.name).toBe(gles.adapter.name);
    await Promise.all([gles.check(), byName.check()]);
    gles.destroy();
    byName.destroy();
  });

  it('lists the adapters there are when the name fits none', async () => {
    const gles = await openDevice({ adapter: 'gles', tune: false });
    const refusal = openDevice({ adapter: 'voodoo2' });
    await expect(refusal).rejects.toMatchObject({ code: 'no-adapter' });
    await expect(refusal).rejects.toThrow(/^No WebGPU adapter is called "voodoo2": there is .*; name part of one.*\.$/);
    await expect(refusal).rejects.toThrow(gles.adapter.name);
    await gles.check();
    gles.destroy();
  });

  it('says what to install when a backend has no adapter', async () => {
    const absent = process.platform === 'darwin' ? 'd3d12' : 'metal';
    const refusal = openDevice({ adapter: absent });
    await expect(refusal).rejects.toMatchObject({ code: 'no-adapter' });
    await expect(refusal).rejects.toThrow(
      `No WebGPU adapter for "${absent}": install a Vulkan driver for your GPU, or without one: apt-get install libegl-dev libgles2 libgl1-mesa-dri`,
    );
  });
});

describe('openDevice in a browser', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('says so where there is no WebGPU', async () => {
    vi.stubGlobal('navigator', {});
    await expect(openInBrowser()).rejects.toThrow(/^No WebGPU here: /);
  });

  it('says so where there is no adapter', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    await expect(openInBrowser()).rejects.toMatchObject({ code: 'no-adapter' });
  });

  it('takes a compatibility adapter where there is no core one', async () => {
    const gpu = create(['backend=null']);
    const requestAdapter = async (options: GPURequestAdapterOptions) =>
      options.featureLevel === 'compatibility' ? gpu.requestAdapter() : null;
    vi.stubGlobal('navigator', { gpu: { requestAdapter } });
    const device = await openInBrowser();
    expect(device.adapter.backend).toBe('compatibility');
    expect(device.tuner).toBeDefined();
    device.destroy();
    // The binding must outlive its devices.
    expect(gpu).toBeDefined();
  });
});
