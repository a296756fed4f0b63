import { ApuError } from '../errors.ts';
import type { RegisterLog } from '../register-log.ts';
import { isWhole } from '../whole-number.ts';
import { readGd3, type VgmTags } from './gd3.ts';
import { unpackGzip } from './gzip.ts';
import {
  BLOCK,
  COMMAND,
  HEADER,
  NES_CLOCK_FDS,
  NES_CLOCK_RANGE,
  NES_CLOCK_TWO_CHIPS,
  NTSC_FRAME_SAMPLES,
  PAL_FRAME_SAMPLES,
  VGM_MAGIC,
} from './vgm-format.ts';
import { logFromItems, type TimedItem } from './vgm-time.ts';

/** Bytes of a command with its operands, where it is skipped or of fixed length; 0 where there is no such command. */
function commandLength(command: number): number {
  if (command === COMMAND.wait) return 3;
  if (command >= 0x62 && command <= 0x66) return command === 0x64 || command === 0x65 ? 0 : 1;
  if (command === COMMAND.ramTransfer) return 12;
  if (command >= 0x30 && command <= 0x3f) return 2;
  if (command === 0x4f || command === 0x50) return 2;
  if (command >= 0x40 && command <= 0x5f) return 3;
  if (command >= 0x70 && command <= 0x8f) return 1;
  if (command >= 0x90 && command <= 0x95) return [5, 5, 6, 11, 2, 5][command - 0x90];
  if (command >= 0xa0 && command <= 0xbf) return 3;
  if (command >= 0xc0 && command <= 0xdf) return 4;
  if (command >= 0xe0) return 5;
  return 0;
}

/**
 * Reads the NES part of a VGM file, of gzip (.vgz) or not; its loop, if it has one, is played once. Commands for other chips are skipped.
 *
 * A VGM file gives no finer time than a sample of 40 or 41 CPU cycles: writes within one are spread over it (see
 * `logFromItems`). Samples for the DMC become the log's memory.
 *
 * Throws ApuError, with the byte where reading stopped, for a file that is not VGM, is damaged or cut
 * short, or holds no NES or one with Famicom Disk System sound or a second chip.
 */
export function readVgm(bytes: Uint8Array): RegisterLog {
  const content = unpackGzip(bytes);
  const header = readHeader(content);
  const { items, samples } = new CommandReader(content).read(header.dataStart);
  return logFromItems(items, samples, header.clock);
}

/** The GD3 tag of a VGM file; {} where it has none. Throws ApuError for a file that is not VGM or is damaged. */
export function readVgmTags(bytes: Uint8Array): VgmTags {
  const content = unpackGzip(bytes);
  readHeader(content);
  const view = viewOf(content);
  const offset = view.getUint32(HEADER.gd3Offset, true);
  return offset === 0 ? {} : readGd3(view, HEADER.gd3Offset + offset);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readHeader(bytes: Uint8Array): { clock: number; dataStart: number } {
  const view = viewOf(bytes);
  const field = (offset: number) => {
    if (offset + 4 > bytes.length) {
      throw new ApuError(`truncated VGM file: its header ends at byte ${bytes.length}`, bytes.length);
    }
    return view.getUint32(offset, true);
  };
  if (bytes.length < 4 || field(HEADER.magic) !== VGM_MAGIC) {
    throw new ApuError("not a VGM file: it does not start with 'Vgm '", 0);
  }
  const dataStart = HEADER.dataOffset + field(HEADER.dataOffset);
  // Before version 1.61 the header ends, or holds something else, where the clock would be.
  const nes = field(HEADER.version) >= 0x161 && dataStart >= HEADER.nesClock + 4 ? field(HEADER.nesClock) : 0;
  if (nes === 0) throw new ApuError('this VGM file is not for an NES: it has no clock for one', HEADER.nesClock);
  if (nes >= NES_CLOCK_FDS) {
    throw new ApuError('this VGM file needs Famicom Disk System sound, which is not supported', HEADER.nesClock);
  }
  if (nes >= NES_CLOCK_TWO_CHIPS) {
    throw new ApuError('this VGM file needs two NES sound chips, which is not supported', HEADER.nesClock);
  }
  if (!isWhole(nes, NES_CLOCK_RANGE.lowest, NES_CLOCK_RANGE.highest)) {
    throw new ApuError(`damaged VGM file: an NES clock of ${nes} Hz is not near 1,789,773`, HEADER.nesClock);
  }
  return { clock: nes, dataStart };
}

/** Walks through the commands once, collecting what concerns the NES. */
class CommandReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly items: TimedItem[] = [];
  private samples = 0;
  private readonly bank = new SampleBank();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  read(start: number): { items: TimedItem[]; samples: number } {
    let at = start;
    for (;;) {
      this.need(at, 1);
      const command = this.bytes[at];
      if (command === COMMAND.end) return { items: this.items, samples: this.samples };
      if (command === COMMAND.dataBlock) {
        at = this.readBlock(at);
        continue;
      }
      const length = commandLength(command);
      if (length === 0) {
        throw new ApuError(`damaged VGM file: byte ${at} is ${hex(command)}, which is no command`, at);
      }
      this.need(at, length);
      this.run(command, at);
      at += length;
    }
  }

  private run(command: number, at: number): void {
    if (command === COMMAND.nesWrite) this.write(this.bytes[at + 1], this.bytes[at + 2]);
    else if (command === COMMAND.wait) this.samples += this.view.getUint16(at + 1, true);
    else if (command === COMMAND.waitNtscFrame) this.samples += NTSC_FRAME_SAMPLES;
    else if (command === COMMAND.waitPalFrame) this.samples += PAL_FRAME_SAMPLES;
    else if (command >= 0x70 && command <= 0x7f) this.samples += (command & 0x0f) + 1;
    // A byte to another chip's converter, and a wait.
    else if (command >= 0x80 && command <= 0x8f) this.samples += command & 0x0f;
    else if (command === COMMAND.ramTransfer) this.transfer(at);
  }

  private write(index: number, value: number): void {
    // Above $4017 lie registers that no NES has without a disk drive.
    if (index > 0x17) return;
    this.items.push({ sample: this.samples, write: { cycle: 0, register: 0x4000 + index, value } });
  }

  /** 67 66 type, 32-bit size, data. */
  private readBlock(at: number): number {
    this.need(at, 7);
    if (this.bytes[at + 1] !== COMMAND.end) {
      throw new ApuError(`damaged VGM file: the data block at byte ${at} is not marked as one`, at);
    }
    const type = this.bytes[at + 2];
    const size = this.view.getUint32(at + 3, true);
    this.need(at, 7 + size);
    const data = this.bytes.subarray(at + 7, at + 7 + size);
    if (type === BLOCK.nesSamples) {
      this.bank.append(data);
    } else if (type === BLOCK.nesMemory) {
      if (size < 2) throw new ApuError(`damaged VGM file: the data block at byte ${at} has no address`, at);
      this.load(data[0] | (data[1] << 8), data.slice(2), at);
    }
    return at + 7 + size;
  }

  /** 68 66 type, then in 24 bits each: place in the bank, address, size. */
  private transfer(at: number): void {
    if (this.bytes[at + 1] !== COMMAND.end) {
      throw new ApuError(`damaged VGM file: the transfer at byte ${at} is not marked as one`, at);
    }
    if (this.bytes[at + 2] !== BLOCK.nesSamples) return;
    const number24 = (offset: number) => this.view.getUint16(offset, true) | (this.bytes[offset + 2] << 16);
    const from = number24(at + 3);
    const size = number24(at + 9);
    if (from + size > this.bank.length) {
      throw new ApuError(
        `damaged VGM file: the transfer at byte ${at} reads past the ${this.bank.length} bytes given`,
        at,
      );
    }
    this.load(number24(at + 6), this.bank.view(from, from + size), at);
  }

  /** Puts `data`, which is kept, at `address`; the DMC reads from $8000 up, so what lies below is left out. */
  private load(address: number, data: Uint8Array, at: number): void {
    if (address + data.length > 0x10000) {
      throw new ApuError(`damaged VGM file: the memory written at byte ${at} runs past address 0xFFFF`, at);
    }
    const start = Math.max(address, 0x8000);
    const bytes = data.subarray(start - address);
    if (bytes.length > 0) this.items.push({ sample: this.samples, block: { cycle: 0, address: start, bytes } });
  }

  private need(at: number, length: number): void {
    if (at + length <= this.bytes.length) return;
    throw new ApuError(`truncated VGM file: it ends at byte ${this.bytes.length}, inside the data`, this.bytes.length);
  }
}

/**
 * All blocks of NES samples so far, end to end: transfers read from them. A file may hold a hundred thousand of either, so
 * the space doubles when it runs out, and what transfers take is not copied: bytes once written stay as they are.
 */
class SampleBank {
  length = 0;
  private bytes = new Uint8Array(0x10000);

  append(data: Uint8Array): void {
    const length = this.length + data.length;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(data, this.length);
    this.length = length;
  }

  view(from: number, to: number): Uint8Array {
    return this.bytes.subarray(from, to);
  }
}

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`;
