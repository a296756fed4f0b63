import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../src/arguments.ts';

const parse = (...argv: string[]) => parseArguments(argv, '/home/ann');

function refusal(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'not refused';
}

describe('parseArguments', () => {
  it('measures everything thoroughly by default, into results/latest.json', () => {
    const options = parse();
    expect(options).toMatchObject({
      suites: ['kernels', 'data', 'apu'],
      quick: false,
      compare: undefined,
      markdown: undefined,
    });
    expect(options?.json).toMatch(/benchmarks\/results\/latest\.json$/);
  });

  it('takes a suite and options in any order', () => {
    expect(parse('--quick', 'apu', '--filter', 'score')).toMatchObject({
      suites: ['apu'],
      quick: true,
      filter: 'score',
    });
    expect(parse('kernels', '--adapter=gles')).toMatchObject({ suites: ['kernels'], adapter: 'gles' });
    expect(parse('all')).toMatchObject({ suites: ['kernels', 'data', 'apu'] });
  });

  it('reads relative paths from where the user stands and leaves absolute ones', () => {
    const options = parse('--json', 'now.json', '--compare', '../old.json', '--markdown', '/tmp/page.md');
    expect(options).toMatchObject({ json: '/home/ann/now.json', compare: '/home/old.json', markdown: '/tmp/page.md' });
    expect(parse('--html', 'page.html')?.html).toBe('/home/ann/page.html');
    expect(parse()?.html).toBeUndefined();
  });

  it('compares with all peers where kernels are asked for by name and time does not matter, else with none', () => {
    expect(parse('kernels')?.peers).toEqual(['jax-webgpu', 'jax-wasm', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu']);
    for (const argv of [[], ['all'], ['apu'], ['kernels', '--quick'], ['kernels', '--peers', 'none']]) {
      expect(parse(...argv)?.peers, argv.join(' ')).toEqual([]);
    }
  });

  it('takes peers by name or by library, in the order of the table', () => {
    expect(parse('--quick', '--peers', 'all')?.peers).toHaveLength(5);
    expect(parse('--peers', 'tfjs-wasm, jax')?.peers).toEqual(['jax-webgpu', 'jax-wasm', 'tfjs-wasm']);
    expect(parse('--peers=tfjs')?.peers).toEqual(['tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu']);
  });

  it('asks for help with --help and -h', () => {
    expect(parse('--help')).toBeUndefined();
    expect(parse('-h')).toBeUndefined();
  });

  it.each([
    [['gpu'], 'There is no suite "gpu": choose kernels, data, apu or all.'],
    [['apu', 'kernels'], 'One suite at a time, got apu and kernels: choose kernels, data, apu or all.'],
    [['--fast'], "Unknown option '--fast'. See pnpm bench --help."],
    [['--json'], "Option '--json <value>' argument missing. See pnpm bench --help."],
    [['--quick=yes'], "Option '--quick' does not take an argument. See pnpm bench --help."],
    [
      ['--peers', 'jax,torch'],
      'There is no peer "torch": choose all, none, or some of jax-webgpu, jax-wasm, tfjs-webgpu, tfjs-wasm, tfjs-cpu.',
    ],
    [['--adapter', 'null'], 'The null adapter computes nothing that could be timed: choose another --adapter.'],
  ])('refuses %j in one line', (argv, message) => {
    expect(refusal(...argv)).toBe(message);
  });
});
