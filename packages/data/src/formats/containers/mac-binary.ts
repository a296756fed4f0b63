import type { Wrapper } from './wrapper.ts';

const HEADER_BYTES = 128;
const MAX_NAME_BYTES = 63;
/** What either fork may have, by the standard. */
const MAX_FORK_BYTES = 0x7f_ffff;
/** Where in the header numbers stand: the length of the name and the name, of the data fork and of a second header. */
const OFFSETS = { nameLength: 1, name: 2, zeros: [0, 74, 82], dataLength: 83, secondHeader: 120 } as const;

/**
 * Files of old Macintosh computers sent elsewhere (MacBinary I to III): a header of 128 bytes with the name, then the
 * content, the "data fork", then what only a Macintosh needs. Known by the bytes that must be zero and a name that can
 * be one (MacBinary II standard, 1987, section "Determining if a file is a MacBinary").
 */
export const macBinary: Wrapper = {
  recognises(bytes) {
    if (bytes.length <= HEADER_BYTES || OFFSETS.zeros.some((offset) => bytes[offset] !== 0)) return false;
    const nameLength = bytes[OFFSETS.nameLength];
    const name = bytes.subarray(OFFSETS.name, OFFSETS.name + nameLength);
    const isName = nameLength >= 1 && nameLength <= MAX_NAME_BYTES && name.every((byte) => byte >= 0x20);
    const length = dataLength(bytes);
    return isName && length >= 1 && length <= MAX_FORK_BYTES;
  },
  open(bytes) {
    const view = viewOf(bytes);
    const secondHeader = view.getUint16(OFFSETS.secondHeader);
    const start = HEADER_BYTES + Math.ceil(secondHeader / HEADER_BYTES) * HEADER_BYTES;
    const length = dataLength(bytes);
    const content = bytes.subarray(start, start + length);
    if (content.length === 0) return { problem: 'the MacBinary file is cut short', byte: bytes.length };
    const nameLength = bytes[OFFSETS.nameLength];
    const name = String.fromCharCode(...bytes.subarray(OFFSETS.name, OFFSETS.name + nameLength));
    const cut = `the MacBinary file announces ${length} bytes of content: took the ${content.length} that are there`;
    return { content, name, repairs: content.length < length ? [cut] : [] };
  },
};

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const dataLength = (bytes: Uint8Array) => viewOf(bytes).getUint32(OFFSETS.dataLength);
