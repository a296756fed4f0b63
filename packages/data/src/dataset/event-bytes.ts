/** Whether this machine keeps numbers as the files do, as nearly all do. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Events from 16-bit little-endian numbers.
 *
 * @param bytes an even number of them, which are copied
 */
export function eventsOfBytes(bytes: Uint8Array): Uint16Array {
  const copy = new Uint8Array(bytes);
  return new Uint16Array((IS_LITTLE_ENDIAN ? copy : swapped(copy)).buffer);
}

/** Events as 16-bit little-endian numbers, on most machines a view of them. */
export function bytesOfEvents({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  return IS_LITTLE_ENDIAN ? view : swapped(view);
}

/** A copy in which the bytes of each pair have changed places. */
function swapped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes, (_, at) => bytes[at ^ 1]);
}
