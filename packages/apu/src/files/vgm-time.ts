import type { MemoryBlock, RegisterLog, RegisterWrite } from '../register-log.ts';

/** VGM times are counted in samples at this rate, whatever a player renders at. */
export const VGM_SAMPLE_RATE = 44_100;

/** Cycles between writes of one sample where there is room for as many: what a CPU needs to store a byte. */
const CYCLES_PER_WRITE = 4;

/** Anything of a log that happens at a VGM sample. */
export type TimedItem =
  | { readonly sample: number; readonly write: RegisterWrite }
  | { readonly sample: number; readonly block: MemoryBlock }
  | { readonly sample: number; readonly isLoop: true };

/** The first whole CPU cycle of a VGM sample. */
const firstCycle = (sample: number, clock: number) => Math.ceil((sample * clock) / VGM_SAMPLE_RATE);

/**
 * Writes, memory blocks and the loop point in the order in which they happen, with the VGM sample that each falls on.
 */
export function itemsOf(log: RegisterLog): TimedItem[] {
  const sampleOf = (cycle: number) => Math.floor((cycle * VGM_SAMPLE_RATE) / log.clock);
  const { writes, memory = [], loop } = log;
  const timed: { readonly cycle: number; readonly item: TimedItem }[] = [];
  // Where cycles are equal the loop point comes first, then memory: sorting keeps the order of equals.
  if (loop !== undefined) timed.push({ cycle: loop, item: { sample: sampleOf(loop), isLoop: true } });
  for (const block of memory) timed.push({ cycle: block.cycle, item: { sample: sampleOf(block.cycle), block } });
  for (const write of writes) timed.push({ cycle: write.cycle, item: { sample: sampleOf(write.cycle), write } });
  return timed.sort((a, b) => a.cycle - b.cycle).map(({ item }) => item);
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
  let loop: number | undefined;
  const spread = (part: readonly TimedItem[], first: number, room: number) => {
    for (const [place, item] of part.entries()) {
      const cycle = first + Math.min(CYCLES_PER_WRITE * place, Math.floor((place * room) / part.length));
      if ('write' in item) writes.push({ ...item.write, cycle });
      else if ('block' in item) memory.push({ ...item.block, cycle });
    }
  };
  for (let start = 0; start < items.length; ) {
    const { sample } = items[start];
    let end = start;
    while (end < items.length && items[end].sample === sample) end++;
    const group = items.slice(start, end);
    const first = firstCycle(sample, clock);
    const room = firstCycle(sample + 1, clock) - first;
    const before = group.findIndex((item) => 'isLoop' in item);
    if (before < 0) spread(group, first, room);
    else {
      // The loop point takes no room, but what comes before it must end before its cycle.
      const after = group.slice(before + 1);
      const even = Math.floor((before * room) / (before + after.length || 1));
      const split = before === 0 ? 0 : Math.max(1, Math.min(CYCLES_PER_WRITE * before, even, room - 1));
      spread(group.slice(0, before), first, split);
      loop = first + split;
      spread(after, loop, room - split);
    }
    start = end;
  }
  const duration = firstCycle(coveringSamples(samples, items), clock);
  return {
    ...{ clock, writes, duration },
    ...(memory.length > 0 ? { memory } : {}),
    ...(loop === undefined ? {} : { loop }),
  };
}

/**
 * The log as it comes back from a VGM file: `readVgm(writeVgm(log))` without the file. Times move by less than a
 * sample of 1/44,100 s. Quantising a quantised log changes nothing.
 */
export function quantiseToVgm(log: RegisterLog): RegisterLog {
  const items = itemsOf(log);
  return logFromItems(items, samplesOf(log, items), log.clock);
}
