/** Whether a file begins with this text, of one byte a character, at a byte. */
export function hasText(bytes: Uint8Array, text: string, start = 0): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** Whether a file is a zip archive: it begins with an entry, or with the end of an empty archive. */
export function isZip(bytes: Uint8Array): boolean {
  return ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'].some((text) => hasText(bytes, text));
}

const TAR_CHECKSUM = { start: 148, end: 156 } as const;
/** Of which a tar archive consists; its first one tells. */
export const TAR_BLOCK_BYTES = 512;

/**
 * Whether a file is a tar archive: its first block has the sum that it says, its own eight digits counted as spaces
 * (POSIX.1-2017, pax, "ustar interchange format"). So archives older than the mark "ustar" are known too.
 */
export function isTar(bytes: Uint8Array): boolean {
  if (bytes.length < TAR_BLOCK_BYTES) return false;
  const digits = String.fromCharCode(...bytes.subarray(TAR_CHECKSUM.start, TAR_CHECKSUM.end));
  const [, octal] = /^ *([0-7]+)[\0 ]/.exec(digits) ?? [];
  if (octal === undefined) return false;
  let sum = 0;
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) {
    sum += at >= TAR_CHECKSUM.start && at < TAR_CHECKSUM.end ? 0x20 : bytes[at];
  }
  return sum === Number.parseInt(octal, 8);
}

/**
 * Kinds of file that people give and that are not read: what they are called, what to do instead, and how they begin.
 */
const FOREIGN: readonly {
  readonly name: string;
  readonly advice?: string;
  readonly test: (bytes: Uint8Array) => boolean;
}[] = [
  archive('RAR', (bytes) => hasText(bytes, 'Rar!\x1a\x07')),
  archive('7z', (bytes) => hasText(bytes, '7z\xbc\xaf\x27\x1c')),
  archive('LHA (.lzh)', (bytes) => hasText(bytes, '-lh', 2) && hasText(bytes, '-', 6)),
  archive('ARJ', (bytes) => hasText(bytes, '\x60\xea')),
  archive('StuffIt', (bytes) => hasText(bytes, 'SIT!') || hasText(bytes, 'StuffIt')),
  archive('bzip2', (bytes) => hasText(bytes, 'BZh')),
  archive('xz', (bytes) => hasText(bytes, '\xfd7zXZ\0')),
  archive('Zstandard', (bytes) => hasText(bytes, '\x28\xb5\x2f\xfd')),
  archive('compress (.Z)', (bytes) => hasText(bytes, '\x1f\x9d')),
  archive('Microsoft cabinet', (bytes) => hasText(bytes, 'MSCF')),
  archive('ACE', (bytes) => hasText(bytes, '**ACE**', 7)),
  archive('Zoo', (bytes) => hasText(bytes, 'ZOO ')),
  archive('lzip', (bytes) => hasText(bytes, 'LZIP')),
  archive('BinHex', (bytes) => hasText(bytes, '(This file must be converted with BinHex')),
  { name: 'zip archive or document', advice: 'unpack it first', test: isZip },
  { name: 'tar archive', advice: 'unpack it first', test: isTar },
  { name: 'macOS file attributes (AppleDouble)', test: (bytes) => hasText(bytes, '\0\x05\x16\x07') },
  {
    name: 'MusicXML score',
    advice: 'export MIDI',
    test: (bytes) => /<score-(partwise|timewise)/.test(beginningOf(bytes)),
  },
  { name: 'MuseScore file', advice: 'export MIDI', test: (bytes) => beginningOf(bytes).includes('<museScore') },
  { name: 'Guitar Pro file', advice: 'export MIDI', test: (bytes) => hasText(bytes, 'FICHIER GUITAR PRO', 1) },
  { name: 'tracker module', advice: 'export MIDI', test: isTrackerModule },
  { name: 'MIDI file of a game (XMI or MUS)', advice: 'convert it to MIDI', test: isGameMidi },
  { name: 'PDF document', test: (bytes) => hasText(bytes, '%PDF-') },
  {
    name: 'music of another console',
    test: (bytes) =>
      ['SNES-SPC', 'PSID', 'RSID', 'GBS\x01', 'GYMX', 'HESM', 'KSCC'].some((text) => hasText(bytes, text)),
  },
  { name: 'web page', advice: 'download the file itself', test: isWebPage },
  {
    name: 'NSF or cartridge, a program rather than notes',
    advice: 'log it to VGM with a player',
    test: (bytes) => ['NESM\x1a', 'NSFE', 'NES\x1a'].some((text) => hasText(bytes, text)),
  },
  {
    name: 'FamiTracker module',
    advice: 'export MIDI or log it to VGM',
    test: (bytes) => hasText(bytes, 'FamiTracker Module'),
  },
  { name: 'sound recording', test: isRecording },
];

/** What a file is that is not read, with what to do about it; undefined where nothing is known of it. */
export function foreignKind(bytes: Uint8Array): string | undefined {
  const kind = FOREIGN.find(({ test }) => test(bytes));
  return kind && (kind.advice === undefined ? kind.name : `${kind.name}: ${kind.advice}`);
}

function archive(name: string, test: (bytes: Uint8Array) => boolean) {
  return { name: `${name} archive`, advice: 'unpack it and give the folder', test };
}

function isWebPage(bytes: Uint8Array): boolean {
  return /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<(!doctype html|html|head|body)/i.test(beginningOf(bytes));
}

/** Modules of Amiga trackers, and of the programs that came after them. */
function isTrackerModule(bytes: Uint8Array): boolean {
  const isAmiga = ['M.K.', 'M!K!', 'FLT4', '4CHN', '6CHN', '8CHN'].some((text) => hasText(bytes, text, 1080));
  return isAmiga || hasText(bytes, 'Extended Module: ') || hasText(bytes, 'IMPM') || hasText(bytes, 'SCRM', 44);
}

function isGameMidi(bytes: Uint8Array): boolean {
  return (hasText(bytes, 'FORM') && hasText(bytes, 'XDIR', 8)) || hasText(bytes, 'MUS\x1a');
}

/** Of a text, with one character a byte. */
function beginningOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 1024));
}

function isRecording(bytes: Uint8Array): boolean {
  const isWav = hasText(bytes, 'RIFF') && hasText(bytes, 'WAVE', 8);
  const isMp3 = hasText(bytes, 'ID3') || (bytes[0] === 0xff && (bytes[1] & 0xe6) === 0xe2);
  return isWav || isMp3 || hasText(bytes, 'OggS') || hasText(bytes, 'fLaC') || hasText(bytes, 'ftyp', 4);
}
