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

/** Reads the tag at byte `offset` of a VGM file; fields that are empty there are absent. */
export function readGd3(view: DataView, offset: number): VgmTags {
  if (offset + HEADER_BYTES > view.byteLength) {
    throw new ApuError(`truncated VGM file: its GD3 tag should start at byte ${offset}`, offset);
  }
  if (view.getUint32(offset, true) !== MAGIC) {
    throw new ApuError(`damaged VGM file: no 'Gd3 ' at byte ${offset}, where its header says the tag is`, offset);
  }
  const start = offset + HEADER_BYTES;
  const end = start + view.getUint32(offset + 8, true);
  if (end > view.byteLength) {
    throw new ApuError(`truncated VGM file: its GD3 tag ends at byte ${end} of ${view.byteLength}`, view.byteLength);
  }
  const strings: string[] = [];
  let text = '';
  for (let at = start; at + 1 < end && strings.length < FIELDS.length; at += 2) {
    const code = view.getUint16(at, true);
    if (code !== 0) {
      text += String.fromCharCode(code);
      continue;
    }
    strings.push(text);
    text = '';
  }
  return Object.fromEntries(FIELDS.map((field, i) => [field, strings[i]]).filter(([, value]) => value));
}
