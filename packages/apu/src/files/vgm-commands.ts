import { ApuError } from '../errors.ts';
import { BLOCK, COMMAND, NTSC_FRAME_SAMPLES, PAL_FRAME_SAMPLES } from './vgm-format.ts';
import type { TimedItem } from './vgm-time.ts';

/** What the commands of a VGM file say to the NES. */
export interface VgmData {
  readonly items: TimedItem[];
  /** Length in VGM samples: all waits. */
  readonly samples: number;
  readonly repairs: readonly string[];
}

/**
 * Walks through the commands of a VGM file once, collecting what concerns the NES. Where they make no sense or the data
 * are cut, reading stops; DMC samples that make no sense are left out. Either is reported.
 *
 * @param start the byte of the first command
 * @param end the byte behind the last, at which something else begins or the file ends
 * @param loopStart the byte of the command that playing goes on with after the end, if there is one; the loop point
 *   stands among the items if a command is really there
 * @throws ApuError, with the byte, if nothing that can be heard comes before the first fault
 */
export function readCommands(bytes: Uint8Array, start: number, end: number, loopStart: number | undefined): VgmData {
  return new CommandReader(bytes.subarray(0, end), loopStart).read(start);
}

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

/** Walks through the commands once, collecting what concerns the NES. */
class CommandReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly items: TimedItem[] = [];
  private samples = 0;
  private readonly bank = new SampleBank();
  private readonly loopStart: number | undefined;
  /** With how often each occurs: a damaged file may need one of them a hundred thousand times. */
  private readonly repairs = new Map<string, number>();

  constructor(bytes: Uint8Array, loopStart: number | undefined) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.loopStart = loopStart;
  }

  read(start: number): VgmData {
    try {
      this.readAll(start);
    } catch (error) {
      const hasMusic = this.samples > 0 && this.items.some((item) => 'write' in item);
      if (!(error instanceof ApuError) || !hasMusic) throw error;
      this.tell(`${error.message}: the music up to there was kept`);
    }
    const repairs = [...this.repairs].map(([sentence, count]) =>
      count === 1 ? sentence : `${sentence} (${count} times)`,
    );
    return { items: this.items, samples: this.samples, repairs };
  }

  private readAll(start: number): void {
    for (let at = start; ; ) {
      if (at === this.loopStart) this.items.push({ sample: this.samples, isLoop: true });
      if (at === this.bytes.length) throw new ApuError(`damaged VGM file: it has no end command before byte ${at}`, at);
      this.need(at, 1);
      const command = this.bytes[at];
      if (command === COMMAND.end) return;
      if (command === COMMAND.dataBlock) at = this.readBlock(at);
      else if (command === COMMAND.none) {
        this.tell('left out a byte 0x00 among the commands');
        at++;
      } else {
        const length = commandLength(command);
        if (length === 0) {
          throw new ApuError(`damaged VGM file: byte ${at} is ${hex(command)}, which is not a command`, at);
        }
        this.need(at, length);
        this.run(command, at);
        at += length;
      }
    }
  }

  private tell(repair: string): void {
    this.repairs.set(repair, (this.repairs.get(repair) ?? 0) + 1);
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
    if (type === BLOCK.nesSamples) this.bank.append(data);
    else if (type === BLOCK.nesMemory) {
      if (size < 2) this.tell('left out a block of DMC samples without an address');
      else this.load(data[0] | (data[1] << 8), data.slice(2));
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
    if (from + size > this.bank.length) this.tell('left out a transfer of more DMC samples than are given');
    else this.load(number24(at + 6), this.bank.view(from, from + size));
  }

  /** Puts `data`, which is kept, at `address`; the DMC reads from $8000 up, so what lies below is left out. */
  private load(address: number, data: Uint8Array): void {
    if (address + data.length > 0x10000) {
      this.tell('left out DMC samples that run past address 0xFFFF');
      return;
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
 * All blocks of NES samples so far, end to end: transfers read from them. A file may hold a hundred thousand of either,
 * so the space doubles when it runs out, and what transfers take is not copied: bytes once written stay as they are.
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
