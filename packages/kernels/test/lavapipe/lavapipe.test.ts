import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { lavapipeEnvironment } from './mesa.ts';

/** Nothing compiled yet, 16 threads take a minute or two on two cores, 4 and 8 some 10 s (ms). */
const TIME = 240_000;

const isAsked = process.env.CHIPSMITH_LAVAPIPE === 'on';

describe.skipIf(!isAsked || lavapipeEnvironment(128) === undefined)(
  'Vulkan on lavapipe (skipped unless by `pnpm test:lavapipe`, once `pnpm lavapipe` has fetched Mesa 25)',
  () => {
    it.each([
      [4, 128],
      [8, 256],
      [16, 512],
    ])(
      'gives values and gradients, and the same bits with subgroups of %i threads',
      async (subgroupSize, bits) => {
        const script = fileURLToPath(new URL('run.ts', import.meta.url));
        const { stdout } = await promisify(execFile)(
          process.execPath,
          ['--conditions=@chipsmith/source', '--import', 'tsx', script],
          { env: lavapipeEnvironment(bits), timeout: TIME },
        );
        const result = JSON.parse(stdout);
        expect(result).toMatchObject({ adapter: expect.stringContaining('llvmpipe'), subgroupSize });
        expect([...result.core.failures, ...result.half, ...result.matmuls.failures]).toEqual([]);
        expect(result.core.verified).toBe(8);
        expect(result.matmuls.compared).toBeGreaterThan(0);
      },
      TIME + 10_000,
    );
  },
);
