/** 'Vgm ' as a little-endian number. */
export const VGM_MAGIC = 0x206d6756;

/** Where fields of the header lie; offsets in them count from their own place. */
export const HEADER = {
  magic: 0x00,
  endOffset: 0x04,
  version: 0x08,
  gd3Offset: 0x14,
  totalSamples: 0x18,
  loopOffset: 0x1c,
  loopSamples: 0x20,
  rate: 0x24,
  dataOffset: 0x34,
  nesClock: 0x84,
} as const;

/** Bits above the clock in the NES field: Famicom Disk System sound, and a second chip. */
export const NES_CLOCK_FDS = 0x8000_0000;
export const NES_CLOCK_TWO_CHIPS = 0x4000_0000;

/** Commands of the data that mean something to an NES. */
export const COMMAND = {
  /**
   * Not a command: what stands where something was taken out, or behind the last command of a file that was filled up.
   */
  none: 0x00,
  wait: 0x61,
  waitNtscFrame: 0x62,
  waitPalFrame: 0x63,
  end: 0x66,
  dataBlock: 0x67,
  ramTransfer: 0x68,
  /** The first of sixteen that wait 1..16 samples. */
  waitShort: 0x70,
  nesWrite: 0xb4,
} as const;

export const NTSC_FRAME_SAMPLES = 735;
export const PAL_FRAME_SAMPLES = 882;

/** Types of data block: samples for later transfers to NES memory, and a write to NES memory. */
export const BLOCK = { nesSamples: 0x07, nesMemory: 0xc2 } as const;

/** Clocks in Hz that an NES of any region can have, with room to spare; anything else is a damaged file. */
export const NES_CLOCK_RANGE = { lowest: 1_000_000, highest: 4_000_000 } as const;
