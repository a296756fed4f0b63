import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LIMITS } from '../../dataset/limits.ts';
import { DataError } from '../../error.ts';
import { fileError, isSystemError } from '../files/system-error.ts';
import { type Answer, type ClientOptions, HttpClient, LONGEST_WAIT_SECONDS, USER_AGENT, webAddress } from './client.ts';
import { DownloadError } from './error.ts';
import { midiLinks } from './links.ts';
import { NO_ROBOTS, parseRobots, type Robots } from './robots.ts';

/** VGMusic's page of the NES has about 2 MB. */
const PAGE_BYTES = 16 * 2 ** 20;
/** More need not be read (RFC 9309, section 2.5). */
const ROBOTS_BYTES = 500 * 2 ** 10;
/** Files in a row that fail for reasons that may pass, after which the server is left alone. */
const MAX_FAILURES_IN_A_ROW = 3;

export interface ListingProgress {
  /** Files that were there, came or were left out. */
  readonly done: number;
  readonly total: number;
}

export interface ListingOptions extends ClientOptions {
  /** Least time between two requests, ms. Default 1000; a longer Crawl-delay in robots.txt goes before it. */
  readonly delayMs?: number | undefined;
  /** A larger file is left out. Default: what prepareDataset takes, 4 MiB. */
  readonly mostBytes?: number | undefined;
  readonly onProgress?: (progress: ListingProgress) => void;
}

export interface Listing {
  /** The folder with this page's files. */
  readonly folder: string;
  /** Files that came now, and those that an earlier call had brought. */
  readonly downloaded: number;
  readonly present: number;
  /** Files that the page links to and that are not there, and why. */
  readonly left: readonly { readonly url: string; readonly reason: string }[];
}

/**
 * Downloads the MIDI files that a page links to (VGMusic and similar) into a folder named after the page: one at a
 * time, with a pause between requests, nothing that robots.txt forbids, nothing from other sites, nothing twice. Files
 * appear under their name when they are whole. A later call asks only for those that are missing.
 *
 * @param page address of the page
 * @param folder where the page's folder is made
 * @throws DownloadError if the page cannot be had, robots.txt forbids it, it links to no usable file, or the server
 *   fails or asks to stop; DataError if the folder cannot be used; the signal's reason if it is aborted. What had come
 *   stays.
 */
export async function downloadListing(page: string, folder: string, options: ListingOptions = {}): Promise<Listing> {
  const { delayMs = 1000 } = options;
  const address = webAddress(
    page,
    new DataError(page, 'is not an http address', 'give one like https://host/page.html'),
  );
  address.hash = '';
  const client = new HttpClient({ ...options, delayMs });
  try {
    const robots = await robotsOf(client, address);
    if (robots.delaySeconds > LONGEST_WAIT_SECONDS) {
      const problem = `the site's robots.txt asks to wait ${robots.delaySeconds} s before each request`;
      throw new DownloadError(address, problem, 'download the files by hand');
    }
    client.slowDown(robots.delaySeconds * 1000);
    const admit = (url: URL) => checkAdmitted(url, address, robots);
    admit(address);
    const { answer, bytes } = await client.read(address, PAGE_BYTES, { admit });
    const links = midiLinks(textOf(answer, bytes), answer.url);
    if (links.length === 0) throw new DownloadError(address, 'links to no MIDI files', 'give the page that lists them');
    const pageFolder = join(folder, safeName(address.host + address.pathname + address.search));
    const listing = await downloadAll(client, links, { page: answer.url, folder: pageFolder, admit }, options);
    if (listing.left.length === links.length) {
      const [{ url, reason }] = listing.left;
      const problem = `none of the ${links.length} MIDI files it links to could be fetched (${url}: ${reason})`;
      throw new DownloadError(address, problem, 'try another page');
    }
    return listing;
  } catch (error) {
    throw isSystemError(error) ? fileError(error.path ?? folder, error) : error;
  } finally {
    client.close();
  }
}

/**
 * Of a longer file as much counts as RFC 9309 has a reader take (section 2.5), up to the last whole line.
 *
 * @throws DownloadError if the server fails: then it must be taken to forbid everything (section 2.3.1.4)
 */
async function robotsOf(client: HttpClient, page: URL): Promise<Robots> {
  const none = [400, 401, 403, 404, 405, 410, 451];
  const url = new URL('/robots.txt', page);
  const { answer, bytes, isWhole } = await client.readBeginning(url, ROBOTS_BYTES, { expected: none });
  if (none.includes(answer.status)) return NO_ROBOTS;
  const text = bytes.toString('utf8');
  return parseRobots(isWhole ? text : text.slice(0, text.search(/[^\r\n]*$/)), USER_AGENT);
}

/** A page's text by the charset that the server or the page names: old pages are seldom UTF-8. */
function textOf({ headers }: Answer, page: Buffer): string {
  const named = /charset\s*=\s*["']?([\w-]+)/i;
  const [, charset = 'utf-8'] =
    named.exec(headers['content-type'] ?? '') ?? named.exec(page.toString('latin1', 0, 1024)) ?? [];
  try {
    return new TextDecoder(charset).decode(page);
  } catch {
    return page.toString('utf8'); // No charset has that name.
  }
}

/**
 * Redirects may not lead around robots.txt, or to a site whose robots.txt was not read; from http to https is the same
 * site.
 */
function checkAdmitted(url: URL, page: URL, robots: Robots): void {
  if (url.hostname !== page.hostname) throw new DownloadError(url, 'is on another site', 'give a page of that site');
  if (!robots.allows(url)) throw new DownloadError(url, "the site's robots.txt forbids it", 'ask the site');
}

interface Place {
  readonly page: URL;
  readonly folder: string;
  /** Throws a DownloadError for an address that must not be asked for. */
  readonly admit: (url: URL) => void;
}

async function downloadAll(
  client: HttpClient,
  links: readonly URL[],
  { page, folder, admit }: Place,
  { mostBytes = LIMITS.fileBytes, onProgress, signal }: ListingOptions,
): Promise<Listing> {
  const left: { url: string; reason: string }[] = [];
  const names = new Names();
  let downloaded = 0;
  let present = 0;
  let failures = 0;
  for (const [index, url] of links.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ done: index, total: links.length });
    const path = pathOf(url, page);
    const target = join(folder, path);
    try {
      admit(url);
      if (!names.take(path)) throw new DownloadError(url, 'another link has its name', 'download it by hand');
      if (await stat(target).catch(() => undefined)) {
        present++;
        continue;
      }
      const { bytes } = await client.read(url, mostBytes, { admit });
      checkMidi(url, bytes);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(`${target}.part`, bytes);
      await rename(`${target}.part`, target);
      downloaded++;
      failures = 0;
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      if (error.transient !== undefined) failures++;
      if (failures === MAX_FAILURES_IN_A_ROW || error.transient?.waitSeconds !== undefined) throw error;
      left.push({ url: url.href, reason: error.problem });
    }
  }
  onProgress?.({ done: links.length, total: links.length });
  return { folder, downloaded, present, left };
}

/** The names of files, and of the folders that they are in. Some disks do not tell capitals from small letters. */
class Names {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  /** Whether the name was free for a file. */
  take(path: string): boolean {
    const file = path.toLowerCase();
    const parts = file.split('/');
    const folders = parts.slice(1).map((_, depth) => parts.slice(0, depth + 1).join('/'));
    if (this.#files.has(file) || this.#folders.has(file) || folders.some((folder) => this.#files.has(folder)))
      return false;
    this.#files.add(file);
    for (const folder of folders) this.#folders.add(folder);
    return true;
  }
}

/**
 * Sites answer with pages of their own where a file is missing, and a server that lies about the length cuts a file
 * short: either would stay on disk and count as present. What else is wrong with a file is for its reader to say.
 */
function checkMidi(url: URL, bytes: Buffer): void {
  const refuse = (problem: string) => new DownloadError(url, problem, 'check the address');
  if (bytes.length < 14 || bytes.toString('latin1', 0, 4) !== 'MThd') throw refuse('is not a MIDI file');
  const announced = bytes.readUInt16BE(10);
  let end = 0;
  for (let tracks = -1; tracks < announced && end < bytes.length; ) {
    if (end + 8 <= bytes.length && /MThd|MTrk/.test(bytes.toString('latin1', end, end + 4))) tracks++;
    end += 8 + (end + 8 <= bytes.length ? bytes.readUInt32BE(end + 4) : 0);
  }
  if (end > bytes.length) throw refuse(`is cut short after ${bytes.length} bytes`);
}

/**
 * Where the file stands below the page's folder: relative to the page where it lies below it, else by its whole path.
 */
function pathOf(url: URL, page: URL): string {
  const above = page.pathname.replace(/[^/]*$/, '');
  const path = url.pathname.startsWith(above) ? url.pathname.slice(above.length) : url.pathname;
  return path
    .split('/')
    .filter((part) => part !== '')
    .map(safeName)
    .join('/');
}

/** Systems take names of 255 bytes, and `.part` comes behind. */
const LONGEST_NAME = 200;

/** A file name that every system takes and that leads nowhere else; long ones keep their end, which tells the kind. */
function safeName(encoded: string): string {
  let name = encoded;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    // Not every % in an address is an escape: then it stands for itself.
  }
  const plain = lastBytes(name.replace(/[\p{Cc}<>:"/\\|?*]+/gu, '-'), LONGEST_NAME)
    .replace(/^[. ]+|[. -]+$/g, '')
    .padStart(1, '-');
  // Windows keeps these for devices, whatever their ending.
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain) ? `-${plain}` : plain;
}

function lastBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  let start = Math.max(0, bytes.length - most);
  // Not within a character.
  while ((bytes[start] & 0xc0) === 0x80) start++;
  return bytes.toString('utf8', start);
}
