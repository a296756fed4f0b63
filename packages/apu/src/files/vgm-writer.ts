import { regionOfClock } from '../chip/region.ts';
import { ApuError } from '../errors.ts';
import { checkRegisterLog, type RegisterLog } from '../register-log.ts';
import { isWhole } from '../whole-number.ts';
import { type VgmTags, writeGd3 } from './gd3.ts';
import {
  BLOCK,
  COMMAND,
  HEADER,
  NES_CLOCK_RANGE,
  NTSC_FRAME_SAMPLES,
  PAL_FRAME_SAMPLES,
  VGM_MAGIC,
} from './vgm-format.ts';
import { itemsOf, samplesOf } from './vgm-time.ts';

/** 1.61, the first version that knows the NES; older readers of NES files take no other. */
const VERSION = 0x161;
const HEADER_BYTES = 0xc0;

/**
 * A VGM 1.61 file of the log and its loop, with a GD3 tag, playable by any VGM player. The system in the tag is
 * 'Nintendo Entertainment System' unless given. Times are rounded down to samples of 1/44,100 s. The same log and tags
 * give the same bytes.
 *
 * Throws ApuError for a malformed log, a clock that is not an NES's, a tag with a zero character in it, or a piece
 * longer than 27 hours.
 */
export function writeVgm(log: RegisterLog, tags: VgmTags = {}): Uint8Array {
  checkRegisterLog(log);
  if (!isWhole(log.clock, NES_CLOCK_RANGE.lowest, NES_CLOCK_RANGE.highest)) {
    throw new ApuError(`a clock of ${log.clock} Hz is not an NES's: VGM players expect one near 1,789,773`);
  }
  const items = itemsOf(log);
  const totalSamples = samplesOf(log, items);
  if (totalSamples > 0xffff_ffff) {
    throw new ApuError(`a piece of ${totalSamples} samples is too long for a VGM file, which counts them in 32 bits`);
  }

  const data: number[] = [];
  let sample = 0;
  let loop: { readonly at: number; readonly sample: number } | undefined;
  for (const item of items) {
    pushWait(data, item.sample - sample);
    sample = item.sample;
    if ('write' in item) data.push(COMMAND.nesWrite, item.write.register & 0x1f, item.write.value);
    else if ('block' in item) pushMemory(data, item.block.address, item.block.bytes);
    else loop = { at: data.length, sample };
  }
  pushWait(data, totalSamples - sample);
  data.push(COMMAND.end);

  const gd3 = writeGd3({ system: 'Nintendo Entertainment System', ...tags });
  const file = new Uint8Array(HEADER_BYTES + data.length + gd3.length);
  file.set(data, HEADER_BYTES);
  file.set(gd3, HEADER_BYTES + data.length);

  const view = new DataView(file.buffer);
  const put = (offset: number, value: number) => view.setUint32(offset, value, true);
  put(HEADER.magic, VGM_MAGIC);
  put(HEADER.endOffset, file.length - HEADER.endOffset);
  put(HEADER.version, VERSION);
  put(HEADER.gd3Offset, HEADER_BYTES + data.length - HEADER.gd3Offset);
  put(HEADER.totalSamples, totalSamples);
  if (loop) {
    put(HEADER.loopOffset, HEADER_BYTES + loop.at - HEADER.loopOffset);
    put(HEADER.loopSamples, totalSamples - loop.sample);
  }
  put(HEADER.rate, regionOfClock(log.clock) === 'pal' ? 50 : 60);
  put(HEADER.dataOffset, HEADER_BYTES - HEADER.dataOffset);
  put(HEADER.nesClock, log.clock);
  return file;
}

function pushWait(data: number[], samples: number): void {
  let left = samples;
  while (left > 0) {
    const part = Math.min(left, 0xffff);
    if (part === NTSC_FRAME_SAMPLES) data.push(COMMAND.waitNtscFrame);
    else if (part === PAL_FRAME_SAMPLES) data.push(COMMAND.waitPalFrame);
    else if (part <= 16) data.push(COMMAND.waitShort + part - 1);
    else data.push(COMMAND.wait, part & 0xff, part >> 8);
    left -= part;
  }
}

function pushMemory(data: number[], address: number, bytes: Uint8Array): void {
  const size = bytes.length + 2;
  data.push(COMMAND.dataBlock, COMMAND.end, BLOCK.nesMemory);
  data.push(size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff, 0);
  data.push(address & 0xff, address >> 8);
  for (const byte of bytes) data.push(byte);
}
