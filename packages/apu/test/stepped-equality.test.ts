import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Apu, type Region } from '../src/index.ts';
import { SteppedApu } from './reference/stepped-apu.ts';

/** An access `gap` cycles after the one before: a write, or a read of $4015. */
interface Access {
  readonly gap: number;
  readonly register: number;
  readonly value: number;
  readonly read: boolean;
}

const memory = (address: number) => (address * 37 + (address >> 5)) & 0xff;

/** The mixed output after every cycle on which it changed, and what the reads gave. */
function runJumping(accesses: readonly Access[], region: Region) {
  const outputs = new Map<number, number>();
  const apu: Apu = new Apu({ region, readMemory: memory, onStep: (cycle, step) => record(cycle, step) });
  let output = apu.output;
  const record = (cycle: number, step: number) => {
    output += step;
    outputs.set(cycle, output);
  };
  const reads: number[] = [];
  let cycle = 0;
  for (const access of accesses) {
    cycle += access.gap;
    if (access.read) reads.push(apu.read(cycle, 0x4015));
    else apu.write(cycle, access.register, access.value);
  }
  return { outputs, reads, interrupt: apu.interrupt };
}

function runStepping(accesses: readonly Access[], region: Region) {
  const outputs = new Map<number, number>();
  const apu = new SteppedApu(region, memory);
  const reads: number[] = [];
  let output = apu.mixed;
  const record = () => {
    if (apu.mixed === output) return;
    output = apu.mixed;
    outputs.set(apu.cycle, output);
  };
  for (const access of accesses) {
    for (let i = 0; i < access.gap; i++) {
      record();
      apu.tick();
    }
    if (access.read) reads.push(apu.readStatus());
    else apu.write(access.register, access.value);
  }
  record();
  return { outputs, reads, interrupt: apu.sample.interrupt || (apu.frame.interrupt && !apu.frame.inhibit) };
}

/** Drops entries that leave the output where it was, which several changes on one cycle can add up to. */
function changes(outputs: ReadonlyMap<number, number>, start: number): [number, number][] {
  let before = start;
  return [...outputs].filter(([, output]) => {
    const changed = Math.abs(output - before) > 1e-12;
    before = output;
    return changed;
  });
}

function expectEqual(accesses: readonly Access[], region: Region): void {
  const jumping = runJumping(accesses, region);
  const stepping = runStepping(accesses, region);
  expect(jumping.reads).toEqual(stepping.reads);
  expect(jumping.interrupt).toBe(stepping.interrupt);
  const start = new SteppedApu(region, memory).mixed;
  const [ours, theirs] = [changes(jumping.outputs, start), changes(stepping.outputs, start)];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    if (ours[i]?.[0] !== theirs[i]?.[0] || Math.abs(ours[i][1] - theirs[i][1]) > 1e-12) {
      expect.fail(`change ${i} is [cycle, output] = ${ours[i]} by jumping, ${theirs[i]} by stepping`);
    }
  }
}

const gap = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 9000 }) },
);

/** Writes that tend to make sound: channels mostly on, lengths loaded, periods from anywhere. */
const register = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x4000, max: 0x4013 }) },
  { weight: 1, arbitrary: fc.constantFrom(0x4003, 0x4007, 0x400b, 0x400f) },
  { weight: 1, arbitrary: fc.constantFrom(0x4015, 0x4017) },
);
const value = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x00, 0x1f, 0x40, 0x80, 0xc0, 0xff));
const read = fc.integer({ min: 0, max: 15 }).map((one) => one === 0);
const accesses = fc.array(fc.record({ gap, register, value, read }), { minLength: 20, maxLength: 120 });
const opening: Access[] = [
  { gap: 1, register: 0x4015, value: 0x1f, read: false },
  { gap: 3, register: 0x4000, value: 0xbf, read: false },
  { gap: 3, register: 0x4002, value: 0x60, read: false },
  { gap: 3, register: 0x4003, value: 0x08, read: false },
  { gap: 3, register: 0x4008, value: 0x7f, read: false },
  { gap: 3, register: 0x400b, value: 0x09, read: false },
  { gap: 3, register: 0x400c, value: 0x3c, read: false },
  { gap: 3, register: 0x400f, value: 0x08, read: false },
];

it('jumping from event to event gives what stepping every cycle gives, for any accesses', () => {
  fc.assert(
    fc.property(accesses, fc.constantFrom<Region>('ntsc', 'pal'), (list, region) => {
      expectEqual([...opening, ...list, { gap: 2000, register: 0x4015, value: 0, read: true }], region);
    }),
    { numRuns: 150, seed: 20 },
  );
});

it('jumping equals stepping around each step of the frame counter, access by access', () => {
  const close = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 3 }), register, value, read: fc.boolean() }), {
    minLength: 5,
    maxLength: 30,
  });
  const before = fc.constantFrom(7440, 14_895, 22_355, 29_812, 37_262, 8296, 16_610, 24_922, 33_236, 41_548);
  fc.assert(
    fc.property(before, close, fc.constantFrom<Region>('ntsc', 'pal'), fc.boolean(), (wait, list, region, five) => {
      const mode = { gap: 2, register: 0x4017, value: five ? 0x80 : 0, read: false };
      const end = { gap: 16_000, register: 0x4015, value: 0, read: true };
      expectEqual([...opening, mode, { ...end, gap: wait }, ...list, end], region);
    }),
    { numRuns: 150, seed: 21 },
  );
});

it('how often the chip is asked to run makes no difference, to the last bit', () => {
  const run = (list: readonly Access[], stops: boolean) => {
    const steps: [number, number][] = [];
    const apu = new Apu({ readMemory: memory, onStep: (cycle, step) => steps.push([cycle, step]) });
    let cycle = 0;
    for (const { gap: wait, register: to, value: what } of list) {
      if (stops) for (let stop = cycle; stop < cycle + wait; stop += 37) apu.runTo(stop);
      cycle += wait;
      apu.write(cycle, to, what);
    }
    return steps;
  };
  fc.assert(
    fc.property(accesses, (list) => {
      expect(run([...opening, ...list], true)).toEqual(run([...opening, ...list], false));
    }),
    { numRuns: 25, seed: 22 },
  );
});
