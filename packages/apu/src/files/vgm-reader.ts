import { ApuError } from '../errors.ts';
import type { RegisterLog } from '../register-log.ts';
import { isWhole } from '../whole-number.ts';
import { findGd3, isGd3, readGd3, type VgmTags } from './gd3.ts';
import { unpackGzip } from './gzip.ts';
import { readCommands } from './vgm-commands.ts';
import { HEADER, NES_CLOCK_FDS, NES_CLOCK_RANGE, NES_CLOCK_TWO_CHIPS, VGM_MAGIC } from './vgm-format.ts';
import { logFromItems } from './vgm-time.ts';

/** What a VGM file holds. */
export interface VgmFile {
  readonly log: RegisterLog;
  /** {} where the file has no tag. */
  readonly tags: VgmTags;
  /** A sentence for each thing in the file that was put right or left out. */
  readonly repairs: readonly string[];
}

/**
 * Reads the NES part of a VGM file, of gzip (.vgz) or not, with its loop and its GD3 tag. Commands for other chips are
 * skipped.
 *
 * A VGM file gives no finer time than a sample of 40 or 41 CPU cycles: writes within one are spread over it (see
 * `logFromItems`). Samples for the DMC become the log's memory.
 *
 * A damaged file gives what is sound of it, and a repair for each thing that is not: the music up to where the data are
 * cut or make no sense, a tag that is elsewhere or cut. A loop without a wait, or outside the data, is left out.
 *
 * Throws ApuError, with the byte where reading stopped, for a file that is not VGM, has no NES or one with Famicom Disk
 * System sound or a second chip, or is so damaged that no music is left.
 */
export function readVgmFile(bytes: Uint8Array): VgmFile {
  const { content, repairs } = unpackGzip(bytes);
  try {
    return readUnpacked(content, repairs);
  } catch (error) {
    if (!(error instanceof ApuError) || repairs.length === 0) throw error;
    throw new ApuError(`${error.message} (${repairs.join('; ')})`, error.byteOffset);
  }
}

function readUnpacked(content: Uint8Array, ofPacking: readonly string[]): VgmFile {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const repairs = [...ofPacking];
  const { clock, dataStart } = readHeader(view, repairs);
  const tagStart = findTag(view, repairs);
  const tagIsBehind = tagStart !== undefined && tagStart >= dataStart;
  const loopStart = loopOf(view);
  const dataEnd = tagIsBehind ? tagStart : content.length;
  const { items, samples, repairs: ofData } = readCommands(content, dataStart, dataEnd, loopStart);
  repairs.push(...ofData);

  const loop = items.find((item) => 'isLoop' in item);
  if (loopStart !== undefined && loop === undefined) {
    repairs.push(`ignored the loop: byte ${loopStart}, where it should begin, is not a command of the data`);
  }
  const isEmpty = loop !== undefined && loop.sample >= samples;
  if (isEmpty) repairs.push('ignored the loop, which takes no time');
  const log = logFromItems(isEmpty ? items.filter((item) => item !== loop) : items, samples, clock);
  if (tagStart === undefined) return { log, tags: {}, repairs };
  const { tags, fault } = readGd3(view, tagStart, tagIsBehind ? content.length : dataStart);
  return { log, tags, repairs: fault === undefined ? repairs : [...repairs, fault] };
}

/** The register log of a VGM file: see readVgmFile, which also says what had to be put right. */
export function readVgm(bytes: Uint8Array): RegisterLog {
  return readVgmFile(bytes).log;
}

/** The GD3 tag of a VGM file; {} where it has none. Throws as readVgmFile does. */
export function readVgmTags(bytes: Uint8Array): VgmTags {
  return readVgmFile(bytes).tags;
}

function readHeader(view: DataView, repairs: string[]): { clock: number; dataStart: number } {
  const size = view.byteLength;
  const field = (offset: number) => {
    if (offset + 4 > size) throw new ApuError(`truncated VGM file: its header ends at byte ${size}`, size);
    return view.getUint32(offset, true);
  };
  if (size < 4 || field(HEADER.magic) !== VGM_MAGIC) {
    throw new ApuError("not a VGM file: it does not start with 'Vgm '", 0);
  }
  const dataStart = findData(view, field(HEADER.dataOffset));
  // Before version 1.61 the header ends, or holds something else, where the clock would be.
  const nes = field(HEADER.version) >= 0x161 && dataStart >= HEADER.nesClock + 4 ? field(HEADER.nesClock) : 0;
  if (nes === 0)
    throw new ApuError('unsupported VGM file: it is not for an NES, as it has no clock for one', HEADER.nesClock);
  if (nes >= NES_CLOCK_FDS) {
    throw new ApuError('unsupported VGM file: it needs Famicom Disk System sound', HEADER.nesClock);
  }
  if (nes >= NES_CLOCK_TWO_CHIPS) {
    throw new ApuError('unsupported VGM file: it needs two NES sound chips', HEADER.nesClock);
  }
  if (!isWhole(nes, NES_CLOCK_RANGE.lowest, NES_CLOCK_RANGE.highest)) {
    throw new ApuError(`damaged VGM file: an NES clock of ${nes} Hz is not near 1,789,773`, HEADER.nesClock);
  }
  const announced = HEADER.dataOffset + field(HEADER.dataOffset);
  if (dataStart !== announced) {
    repairs.push(`the data begin at byte ${dataStart}, not at byte ${announced} as the header says`);
  }
  const end = HEADER.endOffset + field(HEADER.endOffset);
  if (end !== size) repairs.push(`the file ends at byte ${size}, not at byte ${end} as the header says`);
  return { clock: nes, dataStart };
}

/**
 * Where the header says that the data begin; if it says nothing that can be, the first byte behind the NES clock that
 * could be a command.
 */
function findData(view: DataView, offset: number): number {
  const announced = HEADER.dataOffset + offset;
  if (offset !== 0 && announced < view.byteLength) return announced;
  let at: number = HEADER.nesClock + 4;
  while (at < view.byteLength && view.getUint8(at) === 0) at++;
  return at;
}

function findTag(view: DataView, repairs: string[]): number | undefined {
  const offset = view.getUint32(HEADER.gd3Offset, true);
  const announced = HEADER.gd3Offset + offset;
  if (offset !== 0 && isGd3(view, announced)) return announced;
  const found = findGd3(view);
  if (found !== undefined) {
    repairs.push(
      `the tag begins at byte ${found}, ${offset === 0 ? 'which the header does not say' : `not at byte ${announced} as the header says`}`,
    );
  } else if (offset !== 0) repairs.push(`there is no tag at byte ${announced}, where the header says it is`);
  return found;
}

/** The byte at which the loop begins; undefined where there is none. */
function loopOf(view: DataView): number | undefined {
  const offset = view.getUint32(HEADER.loopOffset, true);
  return offset === 0 ? undefined : HEADER.loopOffset + offset;
}
