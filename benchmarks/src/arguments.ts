import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PEERS, type PeerName } from './peers/names.ts';

export const SUITES = ['kernels', 'data', 'apu'] as const;
export type Suite = (typeof SUITES)[number];

export interface Options {
  readonly suites: readonly Suite[];
  readonly quick: boolean;
  /** Absolute, as all files here. */
  readonly json: string;
  readonly compare: string | undefined;
  readonly markdown: string | undefined;
  readonly html: string | undefined;
  readonly peers: readonly PeerName[];
  readonly adapter: string | undefined;
  /** Only benchmarks whose name contains it, in any case. */
  readonly filter: string | undefined;
}

/** A command that was typed wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_JSON = fileURLToPath(new URL('../results/latest.json', import.meta.url));

export const HELP = `Measures chipsmith's kernels, data preparation and sound chip on this machine.

Usage: pnpm bench [kernels|data|apu|all] [options]

  --quick            fewer and shorter rounds: two minutes
  --filter <text>    only benchmarks whose name contains the text
  --adapter <name>   auto, gles, vulkan, metal, d3d12 or a part of an adapter's name (default: CHIPSMITH_ADAPTER, then auto)
  --json <file>      where the results go (default: benchmarks/results/latest.json)
  --compare <file>   ratios to the results in an older file; changes of more than 10 % are marked
  --markdown <file>  also writes the tables as a page
  --html <file>      also writes one page with charts, which needs no network
  --peers <names>    other libraries to compare with: all, none, or some of
                     ${PEERS.join(', ')}; jax and tfjs mean all of theirs
                     (default: all for "pnpm bench kernels" without --quick, else none)
  --help             this text

Examples:
  pnpm bench --quick
  pnpm bench kernels --filter matmul --json before.json
  pnpm bench kernels --filter matmul --compare before.json
  pnpm bench kernels --peers jax-wasm,tfjs --filter LSTM
  pnpm bench kernels --markdown docs/benchmarks.md --html benchmarks.html
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
  const quick = values.quick === true;
  const suites = chooseSuites(positionals[0] ?? 'all');
  return {
    suites,
    quick,
    json: path(values.json) ?? DEFAULT_JSON,
    compare: path(values.compare),
    markdown: path(values.markdown),
    html: path(values.html),
    peers: choosePeers(values.peers ?? (positionals[0] === 'kernels' && !quick ? 'all' : 'none')),
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

function choosePeers(names: string): readonly PeerName[] {
  if (names === 'none') return [];
  if (names === 'all') return PEERS;
  const list = names.split(',').map((name) => name.trim());
  const meant = (peer: PeerName, name: string) => peer === name || peer.startsWith(`${name}-`);
  const unknown = list.find((name) => !PEERS.some((peer) => meant(peer, name)));
  if (unknown !== undefined) {
    throw new UsageError(`There is no peer "${unknown}": choose all, none, or some of ${PEERS.join(', ')}.`);
  }
  return PEERS.filter((peer) => list.some((name) => meant(peer, name)));
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
    html: text,
    peers: text,
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
