// Asks one backend of the webgpu package for an adapter and a device and prints what it found as one line of JSON. A
// process of its own, because a missing or broken driver can crash it. Usage: node probe-adapter.mjs default|opengles
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { root } from './processes.mjs';

const kernels = createRequire(`${root}/packages/kernels/package.json`);
const { create } = await import(pathToFileURL(kernels.resolve('webgpu')).href);
const openGLES = process.argv[2] === 'opengles';
// Kept on the global object: a collected instance crashes the devices it made.
const gpu = create(openGLES ? ['backend=opengles'] : []);
Object.assign(globalThis, { gpu });
const adapter = await gpu.requestAdapter(openGLES ? { featureLevel: 'compatibility' } : {});
const device = await adapter?.requestDevice();
const name = adapter?.info.device || adapter?.info.description || adapter?.info.vendor || 'unnamed adapter';
console.log(JSON.stringify({ adapter: device ? name : null }));
