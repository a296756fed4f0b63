import type { VoiceName } from '../score.ts';
import type { VoiceEvent } from './voice-timeline.ts';

/** Writes one register now; the player gives the time. */
export type Write = (register: number, value: number) => void;

/** Plays events on the registers of its channel; it knows what it wrote and leaves out what would change nothing. */
export interface Voice {
  /** Brings the channel into the state that playing starts from: enabled and silent. */
  readonly start: (write: Write) => void;
  readonly play: (event: VoiceEvent, write: Write) => void;
}

/** Bits of $4000, $4004 and $400C: the length counter halted, the volume constant. */
const HELD = 0x30;
/** Entry 1 of the length table; which one does not matter, as the counters are halted. */
const LENGTH = 1 << 3;
/** Sweep off, but negating: a period above $3FF would otherwise be muted for where it could slide to. */
const SWEEP_OFF = 0x08;
const LINEAR_ON = 0xff;
const LINEAR_OFF = 0x80;
/** Five steps, no interrupt; the write itself clocks all units. */
const FRAME_COUNTER_CLOCK = 0xc0;

/** Frequency of a MIDI note number in Hz, with A4 = 440 Hz. */
const frequencyOf = (pitch: number) => 440 * 2 ** ((pitch - 69) / 12);

/** A writer that skips registers which already hold the value. */
function remembering(): (write: Write, register: number, value: number) => void {
  const held = new Map<number, number>();
  return (write, register, value) => {
    if (held.get(register) === value) return;
    held.set(register, value);
    write(register, value);
  };
}

/**
 * A pulse: $4003 is written only when the high bits of the period change, because it restarts the waveform, which
 * clicks; or, wanted as an attack, when a note repeats the one before it.
 */
function pulse(base: number, clock: number): Voice {
  const set = remembering();
  let duty = 0;
  return {
    start: (write) => {
      set(write, base, HELD);
      set(write, base + 1, SWEEP_OFF);
      set(write, base + 2, 0);
      set(write, base + 3, LENGTH);
    },
    play: ({ sound, repeated }, write) => {
      if (sound !== undefined) {
        const period = Math.round(clock / (16 * frequencyOf(sound.pitch))) - 1;
        set(write, base + 2, period & 0xff);
        const high = LENGTH | (period >> 8);
        if (repeated) write(base + 3, high);
        else set(write, base + 3, high);
        duty = sound.duty;
      }
      set(write, base, (duty << 6) | HELD | (sound?.volume ?? 0));
    },
  };
}

/**
 * The triangle: the linear counter is its gate. With the control bit set every quarter frame reloads it, with 127 to
 * sound and 0 to stop; a write to $4017 makes that quarter frame happen now instead of up to 4 ms later.
 */
function triangle(clock: number): Voice {
  const set = remembering();
  let gate = LINEAR_OFF;
  return {
    start: (write) => {
      set(write, 0x4008, LINEAR_OFF);
      set(write, 0x400a, 0);
      set(write, 0x400b, LENGTH);
      write(0x4017, FRAME_COUNTER_CLOCK);
    },
    play: ({ sound }, write) => {
      if (sound !== undefined) {
        const period = Math.round(clock / (32 * frequencyOf(sound.pitch))) - 1;
        set(write, 0x400a, period & 0xff);
        set(write, 0x400b, LENGTH | (period >> 8));
      }
      const nextGate = sound === undefined ? LINEAR_OFF : LINEAR_ON;
      if (nextGate === gate) return;
      gate = nextGate;
      write(0x4008, gate);
      write(0x4017, FRAME_COUNTER_CLOCK);
    },
  };
}

function noise(): Voice {
  const set = remembering();
  return {
    start: (write) => {
      set(write, 0x400c, HELD);
      set(write, 0x400e, 0);
      set(write, 0x400f, LENGTH);
    },
    play: ({ sound, repeated }, write) => {
      if (sound !== undefined) set(write, 0x400e, (sound.duty << 7) | (16 - sound.pitch));
      // Silent, with the counter halted and the volume constant: it shows whoever reads the log that a note begins.
      if (repeated) write(0x400f, LENGTH);
      set(write, 0x400c, HELD | (sound?.volume ?? 0));
    },
  };
}

/** The four voices of a chip whose CPU runs at `clock` Hz. */
export function makeVoices(clock: number): Readonly<Record<VoiceName, Voice>> {
  return { pulse1: pulse(0x4000, clock), pulse2: pulse(0x4004, clock), triangle: triangle(clock), noise: noise() };
}
