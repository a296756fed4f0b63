import { ApuError } from '../errors.ts';
import { isWhole } from '../whole-number.ts';

export interface WavOptions {
  /** Bits a sample: 16 and 24 are integers, 32 is IEEE float. 16 by default. */
  readonly bits?: 16 | 24 | 32;
}

const HEADER_BYTES = 44;
const FORMAT_INTEGER = 1;
const FORMAT_FLOAT = 3;
/** A RIFF file counts its bytes in 32 bits. */
const MAX_DATA_BYTES = 0xffff_ffff - HEADER_BYTES;

/**
 * A mono WAV file. Integer formats take samples in -1..1, scaled by 32,767 or 8,388,607 and rounded.
 *
 * Throws ApuError for a sample that is not a number or, in an integer format, outside -1..1; for a sample rate that is
 * not a whole number of 1..384,000; and for more than 4 GiB of data.
 */
export function writeWav(samples: Float32Array, sampleRate: number, options: WavOptions = {}): Uint8Array {
  const { bits = 16 } = options;
  const bytesPerSample = bits / 8;
  if (bits !== 16 && bits !== 24 && bits !== 32) throw new ApuError(`bits is ${bits}: choose 16, 24 or 32 (float)`);
  if (!isWhole(sampleRate, 1, 384_000)) {
    throw new ApuError(`sampleRate is ${sampleRate}: give a whole number from 1 to 384000`);
  }
  const dataBytes = samples.length * bytesPerSample;
  if (dataBytes > MAX_DATA_BYTES) throw new ApuError(`${dataBytes} bytes of samples do not fit a WAV file of 4 GiB`);

  // Chunks start on even bytes.
  const padding = dataBytes % 2;
  const file = new Uint8Array(HEADER_BYTES + dataBytes + padding);
  const view = new DataView(file.buffer);
  const text = (offset: number, characters: string) => {
    for (let i = 0; i < characters.length; i++) file[offset + i] = characters.charCodeAt(i);
  };
  text(0, 'RIFF');
  view.setUint32(4, file.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, bits === 32 ? FORMAT_FLOAT : FORMAT_INTEGER, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * bytesPerSample, true);
  view.setUint16(32, bytesPerSample, true);
  view.setUint16(34, bits, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);

  const scale = 2 ** (bits - 1) - 1;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i];
    const offset = HEADER_BYTES + i * bytesPerSample;
    if (!Number.isFinite(sample)) throw new ApuError(`sample ${i} is ${sample}: a WAV file holds numbers only`);
    if (bits === 32) {
      view.setFloat32(offset, sample, true);
      continue;
    }
    if (Math.abs(sample) > 1) {
      throw new ApuError(`sample ${i} is ${sample}, outside -1..1: lower the gain, or write 32 bits`);
    }
    const integer = Math.round(sample * scale);
    view.setInt16(offset, integer & 0xffff, true);
    if (bits === 24) view.setInt8(offset + 2, integer >> 16);
  }
  return file;
}
