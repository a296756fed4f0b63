import { ApuError } from '../errors.ts';

/** The strings of a GD3 tag in their order in the file. */
const FIELDS = [
  'title',
  'titleOriginal',
  'game',
  'gameOriginal',
  'system',
  'systemOriginal',
  'author',
  'authorOriginal',
  'date',
  'ripper',
  'notes',
] as const;

/** What a VGM file says about itself; `...Original` is the same in the language of its origin. */
export type VgmTags = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

const MAGIC = 0x20336447; // 'Gd3 '
const VERSION = 0x100;
const HEADER_BYTES = 12;

/** The tag as it stands in a VGM file: eleven strings in UTF-16, each ended by a zero. */
export function writeGd3(tags: VgmTags): Uint8Array {
  for (const field of FIELDS) {
    if (tags[field]?.includes('\0')) throw new ApuError(`tag '${field}' contains a zero character, which would end it`);
  }
  const text = FIELDS.map((field) => `${tags[field] ?? ''}\0`).join('');
  const bytes = new Uint8Array(HEADER_BYTES + 2 * text.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, 2 * text.length, true);
  for (let i = 0; i < text.length; i++) view.setUint16(HEADER_BYTES + 2 * i, text.charCodeAt(i), true);
  return bytes;
}

/** Where a tag begins, looked for from its first four bytes on; undefined where there is none. */
export function findGd3(view: DataView): number | undefined {
  for (let at = 0; at + HEADER_BYTES <= view.byteLength; at++) {
    if (isGd3(view, at) && view.getUint32(at + 4, true) === VERSION) return at;
  }
  return undefined;
}

/** Whether a tag begins at byte `offset`. */
export function isGd3(view: DataView, offset: number): boolean {
  return offset + HEADER_BYTES <= view.byteLength && view.getUint32(offset, true) === MAGIC;
}

/**
 * Reads the tag at byte `offset`, of which `isGd3` holds; fields that are empty there are absent.
 *
 * @param limit the byte at which something else begins, or the file ends; a tag that is cut there gives what it has
 * @returns the tag, and what is wrong with it
 */
export function readGd3(view: DataView, offset: number, limit: number): { tags: VgmTags; fault: string | undefined } {
  const start = offset + HEADER_BYTES;
  const strings: string[] = [];
  let text = '';
  let at = start;
  for (; at + 1 < limit && strings.length < FIELDS.length; at += 2) {
    const code = view.getUint16(at, true);
    if (code !== 0) {
      text += String.fromCharCode(code);
      continue;
    }
    strings.push(text);
    text = '';
  }
  const announced = view.getUint32(offset + 8, true);
  const isCut = strings.length < FIELDS.length;
  if (isCut) strings.push(text);
  const tags = Object.fromEntries(FIELDS.map((field, i) => [field, strings[i]]).filter(([, value]) => value));
  if (isCut) return { tags, fault: `the tag at byte ${offset} is cut short: read what is there of it` };
  const isWrong = at - start > announced || start + announced > limit;
  return {
    tags,
    fault: isWrong ? `the tag at byte ${offset} announces ${announced} bytes, but has ${at - start}` : undefined,
  };
}
