import { ApuError } from '../errors.ts';
import type { VoiceName } from '../score.ts';
import { isWhole } from '../whole-number.ts';
import { Dmc } from './dmc.ts';
import { FrameCounter, HALF_FRAME, QUARTER_FRAME } from './frame-counter.ts';
import { PULSE_MIX, TRIANGLE_NOISE_DMC_MIX } from './mixer.ts';
import { Noise } from './noise.ts';
import { Pulse } from './pulse.ts';
import type { Region } from './region.ts';
import { Triangle } from './triangle.ts';
import type { VoiceState } from './voice-state.ts';

export interface ApuOptions {
  /** Which tables to use; NTSC by default. */
  readonly region?: Region;
  /** What the DMC reads at $8000..$FFFF; zeros by default. */
  readonly readMemory?: (address: number) => number;
  /** Told of every change of the mixed output, in order of time. */
  readonly onStep?: (cycle: number, difference: number) => void;
  /** Holds the triangle at timer periods 0 and 1 (28 and 56 kHz) instead of running it; off, as on hardware. */
  readonly holdUltrasonicTriangle?: boolean;
  /**
   * Makes no sound: only counters, envelopes and sweeps run, a hundred times as fast. `voices` is as ever; `levels`,
   * `output`, and what DMC samples do, are not. Off by default.
   */
  readonly muted?: boolean;
  /** Voices whose level reaches the mixer as 0, whatever they play: what is heard is the others. None by default. */
  readonly silentVoices?: readonly VoiceName[];
}

/** Lets every bit of a level of 0..15 through to the mixer, or none. */
const HEARD = 15;
const SILENT = 0;

/**
 * The 2A03's sound, exact to the CPU cycle.
 *
 * Nothing is stepped: the chip jumps to the next cycle on which something can change (an edge of an audible channel,
 * the frame counter, a register access) and silent channels find their phase again when they are needed. The result
 * is the same as running every cycle in this order: channel timers, frame counter, a due restart by $4017, length
 * counters' halt and reload, then the CPU's access.
 *
 * Cycles count from 0 at power-up, seven before a CPU's first instruction; even ones are get cycles, odd ones put
 * cycles.
 */
export class Apu {
  private readonly pulse1 = new Pulse('ones-complement');
  private readonly pulse2 = new Pulse('twos-complement');
  private readonly triangle: Triangle;
  private readonly noise: Noise;
  private readonly dmc: Dmc;
  private readonly frameCounter: FrameCounter;
  private readonly pulseMix = PULSE_MIX;
  private readonly triangleNoiseDmcMix = TRIANGLE_NOISE_DMC_MIX;
  private readonly onStep: (cycle: number, difference: number) => void;
  private readonly muted: boolean;
  private readonly masks: Readonly<Record<VoiceName, number>>;
  private now = 0;
  private mixed: number;
  /** Cycle on which length counters take over what was written to them. */
  private commitAt = Number.POSITIVE_INFINITY;

  constructor(options: ApuOptions = {}) {
    const region = options.region ?? 'ntsc';
    this.triangle = new Triangle(options.holdUltrasonicTriangle ?? false);
    this.noise = new Noise(region);
    this.dmc = new Dmc(region, options.readMemory ?? (() => 0));
    this.frameCounter = new FrameCounter(region);
    this.muted = options.muted ?? false;
    const maskOf = (voice: VoiceName) => (options.silentVoices?.includes(voice) ? SILENT : HEARD);
    this.masks = {
      pulse1: maskOf('pulse1'),
      pulse2: maskOf('pulse2'),
      triangle: maskOf('triangle'),
      noise: maskOf('noise'),
    };
    this.onStep = options.onStep ?? (() => undefined);
    this.mixed = this.mix();
  }

  /** The cycle up to which, inclusive, the chip has run. */
  get cycle(): number {
    return this.now;
  }

  /** The mixed output at that cycle, 0..1. */
  get output(): number {
    return this.mixed;
  }

  /** What each channel sends to the mixer: 0..15, the DMC 0..127. */
  get levels(): { pulse1: number; pulse2: number; triangle: number; noise: number; dmc: number } {
    const { pulse1, pulse2, triangle, noise, dmc } = this;
    return {
      pulse1: pulse1.level,
      pulse2: pulse2.level,
      triangle: triangle.level,
      noise: noise.level,
      dmc: dmc.level,
    };
  }

  /** What the four voices play at that cycle. */
  get voices(): Readonly<Record<VoiceName, VoiceState>> {
    const { pulse1, pulse2, triangle, noise } = this;
    return { pulse1: pulse1.state, pulse2: pulse2.state, triangle: triangle.state, noise: noise.state };
  }

  /** Whether the chip pulls the CPU's interrupt line. */
  get interrupt(): boolean {
    return this.dmc.interrupt || (this.frameCounter.interrupt && !this.frameCounter.inhibit);
  }

  /** Runs up to `cycle` inclusive. Throws ApuError if that lies in the past or is not whole. */
  runTo(cycle: number): void {
    if (!isWhole(cycle, this.now, Number.MAX_SAFE_INTEGER)) {
      throw new ApuError(`cycle ${cycle} comes after cycle ${this.now}: cycles must be whole and in order of time`);
    }
    let control = Math.min(this.frameCounter.nextEvent, this.commitAt);
    while (control <= cycle) {
      this.runChannels(control);
      this.runControl(control);
      control = Math.min(this.frameCounter.nextEvent, this.commitAt);
    }
    this.runChannels(cycle);
    this.now = cycle;
  }

  /**
   * Runs up to `cycle`, then writes `value` (0..255) to `register` ($4000..$4017). $4009, $400D, $4014 and $4016 are
   * not the sound chip's and do nothing. Throws ApuError for a register, a value or a cycle out of range.
   */
  write(cycle: number, register: number, value: number): void {
    if (!isWhole(register, 0x4000, 0x4017)) {
      throw new ApuError(`register ${register} at cycle ${cycle} is not one of the sound chip's, $4000 to $4017`);
    }
    if (!isWhole(value, 0, 0xff)) {
      throw new ApuError(`value ${value} at cycle ${cycle} is not a byte, 0 to 255`);
    }
    this.runTo(cycle);
    this.advanceChannels(cycle);
    if (register < 0x4014) this.writeChannel(register, value);
    else if (register === 0x4015) this.writeEnables(value);
    else if (register === 0x4017) this.clock(this.frameCounter.write(cycle, value));
    // Only the first and the last register of a channel touch its length counter.
    if (register < 0x4010 && (register % 4 === 0 || register % 4 === 3)) this.commitAt = cycle + 1;
    this.updateChannels(cycle);
  }

  /**
   * Runs up to `cycle`, then reads `register`. Only $4015 can be read: interrupt flags and which channels play. Bits
   * without a source come from `openBus`, the last value on the CPU's data bus.
   */
  read(cycle: number, register: number, openBus = 0): number {
    this.runTo(cycle);
    if (register !== 0x4015) return openBus;
    const status =
      (this.dmc.interrupt ? 0x80 : 0) |
      (this.frameCounter.interrupt ? 0x40 : 0) |
      (openBus & 0x20) |
      (this.dmc.bytesRemaining > 0 ? 0x10 : 0) |
      (this.noise.length.count > 0 ? 8 : 0) |
      (this.triangle.length.count > 0 ? 4 : 0) |
      (this.pulse2.length.count > 0 ? 2 : 0) |
      (this.pulse1.length.count > 0 ? 1 : 0);
    this.frameCounter.acknowledge(cycle);
    return status;
  }

  private writeChannel(register: number, value: number): void {
    const channels = [this.pulse1, this.pulse2, this.triangle, this.noise, this.dmc];
    channels[(register - 0x4000) >> 2].write(register & 3, value);
  }

  private writeEnables(value: number): void {
    this.pulse1.length.setEnabled((value & 1) !== 0);
    this.pulse2.length.setEnabled((value & 2) !== 0);
    this.triangle.length.setEnabled((value & 4) !== 0);
    this.noise.length.setEnabled((value & 8) !== 0);
    this.dmc.setEnabled((value & 16) !== 0);
  }

  private runControl(cycle: number): void {
    this.advanceChannels(cycle);
    if (this.frameCounter.nextEvent === cycle) this.clock(this.frameCounter.runEvent(cycle));
    if (this.commitAt === cycle) {
      this.commitAt = Number.POSITIVE_INFINITY;
      this.pulse1.length.commit();
      this.pulse2.length.commit();
      this.triangle.length.commit();
      this.noise.length.commit();
    }
    this.updateChannels(cycle);
  }

  private clock(clocks: number): void {
    if ((clocks & QUARTER_FRAME) !== 0) {
      this.pulse1.clockQuarterFrame();
      this.pulse2.clockQuarterFrame();
      this.triangle.clockQuarterFrame();
      this.noise.clockQuarterFrame();
    }
    if ((clocks & HALF_FRAME) !== 0) {
      this.pulse1.clockHalfFrame();
      this.pulse2.clockHalfFrame();
      this.triangle.clockHalfFrame();
      this.noise.clockHalfFrame();
    }
  }

  private advanceChannels(cycle: number): void {
    this.pulse1.advance(cycle);
    this.pulse2.advance(cycle);
    this.triangle.advance(cycle);
    this.noise.advance(cycle);
    this.dmc.advance(cycle);
  }

  private updateChannels(cycle: number): void {
    this.pulse1.update();
    this.pulse2.update();
    this.triangle.update();
    this.noise.update();
    this.dmc.update();
    this.emit(cycle);
  }

  /** The hot loop: from edge to edge of the audible channels, up to `limit` inclusive. */
  private runChannels(limit: number): void {
    if (this.muted) return;
    const { pulse1, pulse2, triangle, noise, dmc } = this;
    for (;;) {
      const cycle = Math.min(pulse1.nextEvent, pulse2.nextEvent, triangle.nextEvent, dmc.nextEvent);
      // Noise has by far the most edges, up to 224,000 a second: those between two of the others are run here.
      const noiseLimit = Math.min(cycle, limit);
      while (noise.nextEvent <= noiseLimit) {
        const noiseCycle = noise.nextEvent;
        noise.runEvent();
        this.emit(noiseCycle);
      }
      if (cycle > limit) return;
      if (pulse1.nextEvent === cycle) pulse1.runEvent();
      if (pulse2.nextEvent === cycle) pulse2.runEvent();
      if (triangle.nextEvent === cycle) triangle.runEvent();
      if (dmc.nextEvent === cycle) dmc.runEvent();
      this.emit(cycle);
    }
  }

  private mix(): number {
    const { masks } = this;
    const pulses = (this.pulse1.level & masks.pulse1) + (this.pulse2.level & masks.pulse2);
    const triangle = this.triangle.level & masks.triangle;
    const noise = this.noise.level & masks.noise;
    return this.pulseMix[pulses] + this.triangleNoiseDmcMix[(triangle << 11) | (noise << 7) | this.dmc.level];
  }

  private emit(cycle: number): void {
    const mixed = this.mix();
    if (mixed === this.mixed) return;
    this.onStep(cycle, mixed - this.mixed);
    this.mixed = mixed;
  }
}
