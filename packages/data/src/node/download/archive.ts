import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../error.ts';
import { sha256OfFile } from '../files/read-file.ts';
import { fileError, isSystemError } from '../files/system-error.ts';
import { type Answer, type ClientOptions, HttpClient, limited, webAddress } from './client.ts';
import { DownloadError } from './error.ts';

/** A file on the web that is known by its checksum. */
export interface Archive {
  /** Its name on disk. */
  readonly name: string;
  /** Where it can be had; the first one that gives the right bytes does. */
  readonly urls: readonly string[];
  /** In lower-case hexadecimal digits. */
  readonly sha256: string;
  /** A server that sends more than this is not believed. */
  readonly mostBytes: number;
}

/**
 * NES-MDB's MIDI files (Donahue, Mao, McAuley 2018): 5,278 songs, 13 MB. Addresses and checksum are those of
 * https://github.com/chrisdonahue/nesmdb: where its README leads now, and where it led to at first.
 */
export const NESMDB: Archive = {
  name: 'nesmdb_midi.tar.gz',
  urls: [
    'https://drive.google.com/uc?export=download&id=1tyDEwe0exW4xU1W7ZzUMWoTv8K43jF_5',
    'http://deepyeti.ucsd.edu/cdonahue/nesmdb/nesmdb_midi.tar.gz',
  ],
  sha256: '37610e2ca5fe70359c85170cf1f4982596783bb304c59d9c439f68c24ff4ee93',
  mostBytes: 64 * 2 ** 20,
};

export interface ArchiveProgress {
  /** Bytes on disk. */
  readonly bytes: number;
  /** Bytes of the whole file, if the server tells. */
  readonly total: number | undefined;
}

export interface ArchiveOptions extends ClientOptions {
  readonly onProgress?: (progress: ArchiveProgress) => void;
}

/**
 * Downloads an archive into a folder. What has come so far stands in `<name>.part`, and a later try, a later call or
 * another address goes on after its last byte; only the whole file with the right checksum gets the name. One that is
 * there already is checked and not asked for again.
 *
 * @returns the path of the file
 * @throws DownloadError if no address gives the right bytes; DataError if the folder cannot be used or holds another
 *   file of that name; the signal's reason if it is aborted
 */
export async function downloadArchive(archive: Archive, folder: string, options: ArchiveOptions = {}): Promise<string> {
  const target = join(folder, archive.name);
  const client = new HttpClient(options);
  try {
    await mkdir(folder, { recursive: true });
    if ((await sizeOf(target)) !== undefined) {
      if ((await sha256OfFile(target)) === archive.sha256) return target;
      throw new DataError(target, 'is there already, with another checksum', 'remove it and run the command again');
    }
    const problems: DownloadError[] = [];
    for (const address of archive.urls) {
      try {
        const url = webAddress(
          address,
          new DataError(address, 'is not an http address', 'give one like https://host/file'),
        );
        await transferWhole(client, url, archive, `${target}.part`, options);
        await rename(`${target}.part`, target);
        return target;
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        problems.push(error);
      }
    }
    throw problems.length === 1 ? problems[0] : noneGives(archive, problems);
  } catch (error) {
    throw isSystemError(error) ? fileError(target, error) : error;
  } finally {
    client.close();
  }
}

function noneGives(archive: Archive, problems: readonly DownloadError[]): DataError {
  const each = problems.map(({ where, problem }) => `${where}: ${problem}`).join(', and ');
  const remedy = 'run the command again later, or download it by hand and name the file';
  return new DataError(archive.name, `no address gives it: ${each}`, remedy);
}

/** @throws DownloadError if the bytes are not got, or are the wrong ones; those are removed */
async function transferWhole(
  client: HttpClient,
  url: URL,
  archive: Archive,
  partial: string,
  options: ArchiveOptions,
): Promise<void> {
  for (;;) {
    const before = (await sizeOf(partial)) ?? 0;
    let most = before;
    let size = before;
    const progress = (bytes: number, total: number | undefined) => {
      size = bytes;
      options.onProgress?.({ bytes, total });
    };
    const gained = () => {
      const more = size > most;
      most = Math.max(most, size);
      return more;
    };
    await client.retry(() => transfer(client, url, archive, partial, progress), gained);
    const checksum = await sha256OfFile(partial);
    if (checksum === archive.sha256) return;
    await rm(partial);
    // What an earlier call left may have been of another file: without it the bytes may be right.
    if (before > 0) continue;
    const problem = `the file's SHA-256 is ${checksum}, not ${archive.sha256}`;
    throw new DownloadError(url, problem, 'try another address; what came was removed');
  }
}

/** One request for what is missing; appends what comes. */
async function transfer(
  client: HttpClient,
  url: URL,
  archive: Archive,
  partial: string,
  progress: (bytes: number, total: number | undefined) => void,
): Promise<void> {
  const have = (await sizeOf(partial)) ?? 0;
  const headers: Record<string, string> = have > 0 ? { Range: `bytes=${have}-` } : {};
  const answer = await client.get(url, { headers, expected: [416] });
  try {
    // Nothing comes after what is there: the checksum tells whether that is the file.
    if (answer.status === 416 && have > 0) return;
    checkKind(answer);
    const start = answer.status === 206 ? startOf(answer) : 0;
    if (start !== 0 && start !== have) {
      await rm(partial, { force: true });
      throw new DownloadError(answer.url, 'sends another part than asked for', 'run the command again', {});
    }
    const length = answer.headers['content-length'];
    const total = length === undefined ? undefined : start + Number(length);
    const file = await open(partial, start === 0 ? 'w' : 'a');
    try {
      let bytes = start;
      for await (const chunk of limited(answer, archive.mostBytes, start)) {
        await file.appendFile(chunk);
        bytes += chunk.length;
        progress(bytes, total);
      }
      await file.sync();
    } catch (error) {
      if (error instanceof DownloadError && error.transient === undefined) await rm(partial);
      throw error;
    } finally {
      await file.close();
    }
  } finally {
    answer.leave();
  }
}

/** Servers that want a login, a click or a payment, or have moved, answer with a page. */
function checkKind({ url, status, headers }: Answer): void {
  if (status === 416) throw new DownloadError(url, 'the server answers with status 416', 'check the address');
  if (/^text\/html/i.test(headers['content-type'] ?? '')) {
    throw new DownloadError(url, 'the server sends a web page instead of the file', 'open the address in a browser');
  }
}

/** First byte of a 206 answer, or undefined if it does not say (RFC 9110, section 14.4). */
function startOf({ headers }: Answer): number | undefined {
  const [, start] = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
