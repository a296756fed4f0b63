import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const SUITES = ['kernels', 'apu'] as const;
export type Suite = (typeof SUITES)[number];

export interface Options {
  readonly suites: readonly Suite[];
  readonly quick: boolean;
  /** Absolute, as all files here. */
  readonly json: string;
  readonly compare: string | undefined;
  readonly markdown: string | undefined;
  readonly adapter: string | undefined;
  /** Only benchmarks whose name contains it, in any case. */
  readonly filter: string | undefined;
}

/** A command that was typed wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_JSON = fileURLToPath(new URL('../results/latest.json', import.meta.url));

export const HELP = `Measures chipsmith's kernels and sound chip on this machine.

Usage: pnpm bench [kernels|apu|all] [options]

  --quick            fewer and shorter rounds: under a minute
  --filter <text>    only benchmarks whose name contains the text
  --adapter <name>   auto, gles, vulkan, metal, d3d12 or a part of an adapter's name (default: CHIPSMITH_ADAPTER, then auto)
  --json <file>      where the results go (default: benchmarks/results/latest.json)
  --compare <file>   ratios to the results in an older file; changes of more than 10 % are marked
  --markdown <file>  also writes the tables as a page
  --help             this text

Examples:
  pnpm bench --quick
  pnpm bench kernels --filter matmul --json before.json
  pnpm bench kernels --filter matmul --compare before.json
  pnpm bench --markdown docs/benchmarks.md
`;

/**
 * Reads the command line.
 *
 * @param base folder that relative paths start from: where the user stands
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[], base: string): Options | undefined {
  const { values, positionals } = parse(argv);
  if (values.help === true) return undefined;
  if (positionals.length > 1) {
    throw new UsageError(`One suite at a time, got ${positionals.join(' and ')}: choose ${SUITES.join(', ')} or all.`);
  }
  if (values.adapter === 'null') {
    throw new UsageError('The null adapter computes nothing that could be timed: choose another --adapter.');
  }
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(base, file));
  return {
    suites: chooseSuites(positionals[0] ?? 'all'),
    quick: values.quick === true,
    json: path(values.json) ?? DEFAULT_JSON,
    compare: path(values.compare),
    markdown: path(values.markdown),
    adapter: values.adapter,
    filter: values.filter,
  };
}

function chooseSuites(name: string): readonly Suite[] {
  if (name === 'all') return SUITES;
  const suite = SUITES.find((known) => known === name);
  if (suite === undefined) throw new UsageError(`There is no suite "${name}": choose ${SUITES.join(', ')} or all.`);
  return [suite];
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    quick: flag,
    filter: text,
    adapter: text,
    json: text,
    compare: text,
    markdown: text,
    help: { ...flag, short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    // Node's message goes on with advice on positional arguments after its first sentence.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split(/[.\n]/, 1);
    throw new UsageError(`${reason}. See pnpm bench --help.`, { cause });
  }
}

/** Where the user stands: pnpm and npm change into the package's folder and leave it in INIT_CWD. */
export function userFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
