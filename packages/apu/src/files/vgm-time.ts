import type { MemoryBlock, RegisterLog, RegisterWrite } from '../register-log.ts';

/** VGM times are counted in samples at this rate, whatever a player renders at. */
export const VGM_SAMPLE_RATE = 44_100;

/** Cycles between writes of one sample where there is room for as many: what a CPU needs to store a byte. */
const CYCLES_PER_WRITE = 4;

/** Anything of a log that happens at a VGM sample. */
export type TimedItem =
  | { readonly sample: number; readonly write: RegisterWrite }
  | { readonly sample: number; readonly block: MemoryBlock };

/** The first whole CPU cycle of a VGM sample. */
const firstCycle = (sample: number, clock: number) => Math.ceil((sample * clock) / VGM_SAMPLE_RATE);

/** Writes and memory blocks in the order in which they happen, with the VGM sample that each falls on. */
export function itemsOf(log: RegisterLog): TimedItem[] {
  const sampleOf = (cycle: number) => Math.floor((cycle * VGM_SAMPLE_RATE) / log.clock);
  const items: TimedItem[] = [];
  const { memory = [] } = log;
  let nextBlock = 0;
  for (const write of log.writes) {
    for (; nextBlock < memory.length && memory[nextBlock].cycle <= write.cycle; nextBlock++) {
      items.push({ sample: sampleOf(memory[nextBlock].cycle), block: memory[nextBlock] });
    }
    items.push({ sample: sampleOf(write.cycle), write });
  }
  for (const block of memory.slice(nextBlock)) items.push({ sample: sampleOf(block.cycle), block });
  return items;
}

/** Length of a log in VGM samples: long enough for the sample of the last item to be played. */
export function samplesOf(log: RegisterLog, items: readonly TimedItem[]): number {
  return coveringSamples(Math.round((log.duration * VGM_SAMPLE_RATE) / log.clock), items);
}

function coveringSamples(samples: number, items: readonly TimedItem[]): number {
  return items.length === 0 ? samples : Math.max(samples, items[items.length - 1].sample + 1);
}

/**
 * A log from items that carry no time but their sample, 40 or 41 CPU cycles long. Those of one sample are spread over
 * it from its start, four cycles apart or, where there are more, evenly: no CPU could store them all at once, and some
 * pairs ($4017 = $C0, then $40) only work one after the other.
 */
export function logFromItems(items: readonly TimedItem[], samples: number, clock: number): RegisterLog {
  const writes: RegisterWrite[] = [];
  const memory: MemoryBlock[] = [];
  for (let start = 0; start < items.length; ) {
    const { sample } = items[start];
    let end = start;
    while (end < items.length && items[end].sample === sample) end++;
    const first = firstCycle(sample, clock);
    const room = firstCycle(sample + 1, clock) - first;
    for (let i = start; i < end; i++) {
      const item = items[i];
      const place = i - start;
      const cycle = first + Math.min(CYCLES_PER_WRITE * place, Math.floor((place * room) / (end - start)));
      if ('write' in item) writes.push({ ...item.write, cycle });
      else memory.push({ ...item.block, cycle });
    }
    start = end;
  }
  const duration = firstCycle(coveringSamples(samples, items), clock);
  return memory.length > 0 ? { clock, writes, duration, memory } : { clock, writes, duration };
}

/**
 * The log as it comes back from a VGM file: `readVgm(writeVgm(log))` without the file. Times move by less than a
 * sample of 1/44,100 s. Quantising a quantised log changes nothing.
 */
export function quantiseToVgm(log: RegisterLog): RegisterLog {
  const items = itemsOf(log);
  return logFromItems(items, samplesOf(log, items), log.clock);
}
