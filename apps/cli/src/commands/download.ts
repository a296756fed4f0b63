import { homedir } from 'node:os';
import { join } from 'node:path';
import { downloadArchive, downloadListing, type Listing, NESMDB } from '@chipsmith/data/node';
import { clockTime } from '../clock-time.ts';
import { type Arguments, type Options, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { formatBytes, startProgress } from '../terminal/progress.ts';
import { choice } from '../terminal/values.ts';

const COLLECTIONS = ['nesmdb', 'vgmusic'] as const;

/** The options with which `prepare` fetches its input from the web. */
export const DOWNLOAD_OPTIONS: Options = {
  download: {
    type: 'string',
    valueHint: COLLECTIONS.join('|'),
    description: 'fetch the input first: NES-MDB, or the MIDI files that --page links to; goes on where it stopped',
  },
  page: { type: 'string', valueHint: 'url', description: 'with --download vgmusic: the page that lists the files' },
  mirror: { type: 'string', valueHint: 'url', description: 'with --download nesmdb: another address of the archive' },
  downloads: {
    type: 'string',
    valueHint: 'folder',
    description: 'where downloaded files are kept (default chipsmith/downloads in the cache folder)',
  },
};

/** What was fetched: where it is, and what a listing page did not give. */
export interface Downloaded {
  readonly input: string;
  readonly left: Listing['left'];
}

/**
 * Checks the options, so that nothing is fetched for a command line that is wrong.
 *
 * @returns how to fetch what they ask for, or undefined if nothing
 * @throws UsageError for options that do not go together
 */
export function downloadOf(args: Arguments): ((signal: AbortSignal) => Promise<Downloaded>) | undefined {
  const collection = choice(args, 'download', COLLECTIONS);
  const [page, mirror, downloads] = ['page', 'mirror', 'downloads'].map((name) => text(args, name));
  if (page !== undefined && collection !== 'vgmusic') throw new UsageError('--page goes with --download vgmusic');
  if (mirror !== undefined && collection !== 'nesmdb') throw new UsageError('--mirror goes with --download nesmdb');
  if (collection === undefined) {
    if (downloads !== undefined) throw new UsageError('--downloads goes with --download');
    return undefined;
  }
  const folder = downloads ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chipsmith', 'downloads');
  if (collection === 'nesmdb') return (signal) => downloadNesmdb(mirror, folder, signal);
  if (page === undefined) throw new UsageError('--download vgmusic needs --page: the page that lists the MIDI files');
  return (signal) => downloadPage(page, folder, signal);
}

async function downloadNesmdb(mirror: string | undefined, folder: string, signal: AbortSignal): Promise<Downloaded> {
  const archive = mirror === undefined ? NESMDB : { ...NESMDB, urls: [mirror] };
  const timed = timeLeft();
  const input = await withProgress((show) =>
    downloadArchive(archive, folder, {
      signal,
      onProgress: ({ bytes, total }) => {
        const share = total ? bytes / total : 0;
        show(share, `${formatBytes(bytes)}${timed(bytes, total)}`);
      },
    }),
  );
  return { input, left: [] };
}

async function downloadPage(page: string, folder: string, signal: AbortSignal): Promise<Downloaded> {
  const timed = timeLeft();
  const listing = await withProgress((show) =>
    downloadListing(page, folder, {
      signal,
      onProgress: ({ done, total }) => show(done / total, `${done} of ${total} files${timed(done, total)}`),
    }),
  );
  return { input: listing.folder, left: listing.left };
}

async function withProgress<Result>(
  work: (show: (share: number, detail: string) => void) => Promise<Result>,
): Promise<Result> {
  const progress = startProgress('downloading');
  try {
    return await work((share, detail) => progress.update(share, detail));
  } finally {
    progress.stop();
  }
}

/** ", 1:15 left", from the rate since the first call, as what an earlier command had brought took no time now. */
function timeLeft(): (done: number, total: number | undefined) => string {
  let first: { readonly done: number; readonly time: number } | undefined;
  return (done, total) => {
    const time = performance.now();
    first ??= { done, time };
    if (total === undefined || done <= first.done) return '';
    return `, ${clockTime(((time - first.time) / 1000 / (done - first.done)) * (total - done))} left`;
  };
}
