import type { Region } from '../../src/index.ts';

/**
 * The 2A03 in its plainest form, for checking the fast one: every unit is a counter that is moved on every CPU cycle,
 * and nothing is skipped. Written from the hardware's description, sharing no code with the package.
 */

const LENGTHS = '10 254 20 2 40 4 80 6 160 8 60 10 14 12 26 14 12 16 24 18 48 20 96 22 192 24 72 26 16 28 32 30'
  .split(' ')
  .map(Number);
// By position, which counts down: in time, 0 comes first, then 7, 6 and so on.
const DUTIES = ['00000001', '00000011', '00001111', '11111100'];
const NOISE = {
  ntsc: [4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068],
  pal: [4, 8, 14, 30, 60, 88, 118, 148, 188, 236, 354, 472, 708, 944, 1890, 3778],
};
const DMC = {
  ntsc: [428, 380, 340, 320, 286, 254, 226, 214, 190, 160, 142, 128, 106, 84, 72, 54],
  pal: [398, 354, 316, 298, 276, 236, 210, 198, 176, 148, 132, 118, 98, 78, 66, 50],
};
/** Cycles of quarter, half, quarter, first interrupt, and last half of the 5-step sequence. */
const FRAME = { ntsc: [7457, 14913, 22371, 29828, 37281], pal: [8313, 16627, 24939, 33252, 41565] };

const bit = (value: number, index: number) => ((value >> index) & 1) === 1;

class Length {
  count = 0;
  on = false;
  halt = false;
  wantedHalt = false;
  wanted = 0;
  seen = 0;
  load(value: number) {
    if (!this.on) return;
    this.wanted = LENGTHS[value >> 3];
    this.seen = this.count;
  }
  enable(on: boolean) {
    this.on = on;
    if (!on) this.count = this.wanted = 0;
  }
  half() {
    if (!this.halt && this.count > 0) this.count--;
  }
  take() {
    this.halt = this.wantedHalt;
    if (this.wanted > 0 && this.count === this.seen) this.count = this.wanted;
    this.wanted = 0;
  }
}

class Volume {
  control = 0;
  start = false;
  divider = 0;
  decay = 0;
  quarter() {
    const period = this.control & 15;
    if (this.start) [this.start, this.decay, this.divider] = [false, 15, period];
    else if (this.divider === 0) {
      this.divider = period;
      if (this.decay > 0) this.decay--;
      else if (bit(this.control, 5)) this.decay = 15;
    } else this.divider--;
  }
  get value() {
    return bit(this.control, 4) ? this.control & 15 : this.decay;
  }
}

class Square {
  length = new Length();
  volume = new Volume();
  duty = 0;
  period = 0;
  timer = 0;
  position = 0;
  sweep = 0;
  sweepDivider = 0;
  sweepReload = false;
  readonly first: boolean;
  constructor(first: boolean) {
    this.first = first;
  }
  write(register: number, value: number) {
    if (register === 0) {
      this.duty = value >> 6;
      this.volume.control = value;
      this.length.wantedHalt = bit(value, 5);
    } else if (register === 1) {
      this.sweep = value;
      this.sweepReload = true;
    } else if (register === 2) this.period = (this.period & ~0xff) | value;
    else {
      this.period = (this.period & 0xff) | ((value & 7) << 8);
      this.position = 0;
      this.volume.start = true;
      this.length.load(value);
    }
  }
  target() {
    const change = this.period >> (this.sweep & 7);
    if (!bit(this.sweep, 3)) return this.period + change;
    return Math.max(0, this.period - change - (this.first ? 1 : 0));
  }
  muted() {
    return this.period < 8 || this.target() > 0x7ff;
  }
  half() {
    this.length.half();
    if (this.sweepDivider === 0 && bit(this.sweep, 7) && (this.sweep & 7) > 0 && !this.muted())
      this.period = this.target();
    if (this.sweepDivider === 0 || this.sweepReload) {
      this.sweepDivider = (this.sweep >> 4) & 7;
      this.sweepReload = false;
    } else this.sweepDivider--;
  }
  tick(cycle: number) {
    if (cycle % 2 === 1) return;
    if (this.timer === 0) {
      this.timer = this.period;
      this.position = (this.position + 7) % 8;
    } else this.timer--;
  }
  get level() {
    const high = DUTIES[this.duty][this.position] === '1';
    return high && this.length.count > 0 && !this.muted() ? this.volume.value : 0;
  }
}

export class SteppedApu {
  square = [new Square(true), new Square(false)];
  triangleLength = new Length();
  linear = { count: 0, control: false, reload: 0, flag: false };
  triangle = { period: 0, timer: 0, step: 0 };
  noiseLength = new Length();
  noiseVolume = new Volume();
  noise = { period: 4, timer: 3, register: 1, short: false };
  dmc = { interruptOn: false, loop: false, period: 428, timer: 427, level: 0, start: 0xc000, size: 1 };
  sample = { address: 0xc000, left: 0, buffer: -1, shift: 0, silent: true, bits: 8, interrupt: false };
  frame = { count: 0, five: false, inhibit: false, interrupt: false, acknowledge: 0 };
  pending: { delay: number; five: boolean } | undefined;
  take = false;
  cycle = 0;
  readonly region: Region;
  readonly memory: (address: number) => number;

  constructor(region: Region, memory: (address: number) => number) {
    this.region = region;
    this.memory = memory;
    this.dmc.period = DMC[region][0];
    this.dmc.timer = this.dmc.period - 1;
  }

  get mixed(): number {
    const pulses = this.square[0].level + this.square[1].level;
    const { step } = this.triangle;
    const triangle = step < 16 ? 15 - step : step - 16;
    const noise = this.noise.register % 2 === 0 && this.noiseLength.count > 0 ? this.noiseVolume.value : 0;
    const rest = triangle / 8227 + noise / 12241 + this.dmc.level / 22638;
    return (pulses > 0 ? 95.88 / (8128 / pulses + 100) : 0) + (rest > 0 ? 159.79 / (1 / rest + 100) : 0);
  }

  /** Runs one more cycle. */
  tick(): void {
    this.cycle++;
    for (const square of this.square) square.tick(this.cycle);
    this.tickTriangle();
    this.tickNoise();
    this.tickDmc();
    this.tickFrame();
    if (this.take) {
      for (const length of this.lengths()) length.take();
      this.take = false;
    }
  }

  write(register: number, value: number): void {
    const offset = register & 3;
    if (register < 0x4008) this.square[(register >> 2) & 1].write(offset, value);
    else if (register === 0x4008) {
      this.linear.control = bit(value, 7);
      this.linear.reload = value & 0x7f;
      this.triangleLength.wantedHalt = bit(value, 7);
    } else if (register === 0x400a) this.triangle.period = (this.triangle.period & ~0xff) | value;
    else if (register === 0x400b) {
      this.triangle.period = (this.triangle.period & 0xff) | ((value & 7) << 8);
      this.triangleLength.load(value);
      this.linear.flag = true;
    } else if (register === 0x400c) {
      this.noiseVolume.control = value;
      this.noiseLength.wantedHalt = bit(value, 5);
    } else if (register === 0x400e) {
      this.noise.short = bit(value, 7);
      this.noise.period = NOISE[this.region][value & 15];
    } else if (register === 0x400f) {
      this.noiseLength.load(value);
      this.noiseVolume.start = true;
    } else if (register === 0x4010) {
      this.dmc.interruptOn = bit(value, 7);
      if (!this.dmc.interruptOn) this.sample.interrupt = false;
      this.dmc.loop = bit(value, 6);
      this.dmc.period = DMC[this.region][value & 15];
    } else if (register === 0x4011) this.dmc.level = value & 0x7f;
    else if (register === 0x4012) this.dmc.start = 0xc000 + 64 * value;
    else if (register === 0x4013) this.dmc.size = 16 * value + 1;
    else if (register === 0x4015) this.writeEnables(value);
    else if (register === 0x4017) {
      if (this.pending) this.restartFrame(this.pending.five);
      this.pending = { delay: this.cycle % 2 === 0 ? 4 : 3, five: bit(value, 7) };
      this.frame.inhibit = bit(value, 6);
      if (this.frame.inhibit) this.frame.interrupt = false;
    }
    this.take ||= [0x4000, 0x4003, 0x4004, 0x4007, 0x4008, 0x400b, 0x400c, 0x400f].includes(register);
  }

  readStatus(): number {
    const flags = this.lengths().map((length) => length.count > 0);
    flags.push(this.sample.left > 0, false, this.frame.interrupt, this.sample.interrupt);
    this.frame.acknowledge = this.cycle % 2 === 0 ? 2 : 1;
    return flags.reduce((sum, flag, index) => sum + (flag ? 1 << index : 0), 0);
  }

  private lengths(): Length[] {
    return [this.square[0].length, this.square[1].length, this.triangleLength, this.noiseLength];
  }

  private writeEnables(value: number): void {
    this.lengths().forEach((length, index) => {
      length.enable(bit(value, index));
    });
    this.sample.interrupt = false;
    if (!bit(value, 4)) this.sample.left = 0;
    else if (this.sample.left === 0) {
      this.sample.address = this.dmc.start;
      this.sample.left = this.dmc.size;
    }
    this.fetch();
  }

  private tickTriangle(): void {
    if (this.triangle.timer-- > 0) return;
    this.triangle.timer = this.triangle.period;
    if (this.triangleLength.count > 0 && this.linear.count > 0) this.triangle.step = (this.triangle.step + 1) % 32;
  }

  private tickNoise(): void {
    if (this.noise.timer-- > 0) return;
    this.noise.timer = this.noise.period - 1;
    const { register, short } = this.noise;
    const feedback = bit(register, 0) !== bit(register, short ? 6 : 1);
    this.noise.register = (register >> 1) + (feedback ? 1 << 14 : 0);
  }

  private tickDmc(): void {
    if (this.dmc.timer-- > 0) return;
    this.dmc.timer = this.dmc.period - 1;
    const { sample, dmc } = this;
    if (!sample.silent) {
      const next = dmc.level + (bit(sample.shift, 0) ? 2 : -2);
      if (next >= 0 && next <= 127) dmc.level = next;
      sample.shift >>= 1;
    }
    sample.bits--;
    if (sample.bits > 0) return;
    sample.bits = 8;
    sample.silent = sample.buffer < 0;
    if (sample.silent) return;
    sample.shift = sample.buffer;
    sample.buffer = -1;
    this.fetch();
  }

  private fetch(): void {
    const { sample, dmc } = this;
    if (sample.buffer >= 0 || sample.left === 0) return;
    sample.buffer = this.memory(sample.address);
    sample.address = sample.address === 0xffff ? 0x8000 : sample.address + 1;
    sample.left--;
    if (sample.left > 0) return;
    if (dmc.loop) {
      sample.address = dmc.start;
      sample.left = dmc.size;
    } else if (dmc.interruptOn) sample.interrupt = true;
  }

  private tickFrame(): void {
    const { frame } = this;
    if (frame.acknowledge > 0 && --frame.acknowledge === 0) frame.interrupt = false;
    frame.count++;
    const [quarter, half, third, interrupt, last] = FRAME[this.region];
    const end = frame.five ? last : interrupt + 1;
    if ([quarter, half, third, end].includes(frame.count)) this.quarter();
    if ([half, end].includes(frame.count)) this.half();
    if (!frame.five) {
      if (frame.count === interrupt || frame.count === interrupt + 1) frame.interrupt = true;
      if (frame.count === interrupt + 2) frame.interrupt = !frame.inhibit;
    }
    if (frame.count === end + 1) frame.count = 0;
    if (this.pending && --this.pending.delay === 0) this.restartFrame(this.pending.five);
  }

  private restartFrame(five: boolean): void {
    this.pending = undefined;
    this.frame.five = five;
    this.frame.count = 0;
    if (!five) return;
    this.quarter();
    this.half();
  }

  private quarter(): void {
    for (const { volume } of this.square) volume.quarter();
    this.noiseVolume.quarter();
    if (this.linear.flag) this.linear.count = this.linear.reload;
    else if (this.linear.count > 0) this.linear.count--;
    if (!this.linear.control) this.linear.flag = false;
  }

  private half(): void {
    for (const square of this.square) square.half();
    this.triangleLength.half();
    this.noiseLength.half();
  }
}
