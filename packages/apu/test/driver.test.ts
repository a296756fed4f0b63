import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Apu,
  ApuError,
  CYCLES_PER_FRAME,
  type Note,
  playScore,
  type RegisterLog,
  renderAudio,
  type VoiceName,
} from '../src/index.ts';
import { note, score } from './support/scores.ts';
import { peakFrequency } from './support/spectrum.ts';

const FRAME = (44_100 * 29_780.5) / 1_789_773;
const ticks = (frames: number) => Math.round(frames * FRAME);
const writesTo = (log: RegisterLog, register: number) => log.writes.filter((write) => write.register === register);
const frameOf = (cycle: number) => Math.floor((cycle + 1) / CYCLES_PER_FRAME.ntsc);
const framesOf = (log: RegisterLog, register: number) => writesTo(log, register).map(({ cycle }) => frameOf(cycle));

describe('pitch', () => {
  const heard = (voice: VoiceName, pitch: number, expected: number) => {
    const log = playScore(score({ [voice]: [note(0, 44_100, pitch, 15, voice === 'triangle' ? 0 : 2)] }, 44_100));
    const samples = renderAudio(log).slice(4000, 4000 + 32_768);
    return peakFrequency(samples, 48_000, expected * 0.8, expected * 1.2);
  };
  const nearestPeriod = (frequency: number, divisor: number) => {
    const clock = 1_789_773;
    return clock / (divisor * Math.round(clock / (divisor * frequency)));
  };

  it.each([33, 45, 57, 69, 81, 93, 108])('pulses play MIDI note %i as near as the period register allows', (pitch) => {
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    const expected = nearestPeriod(frequency, 16);
    for (const voice of ['pulse1', 'pulse2'] as const) {
      expect(Math.abs(heard(voice, pitch, frequency) / expected - 1)).toBeLessThan(1e-4);
    }
  });

  it.each([33, 45, 60, 69, 81, 93, 108])('the triangle plays MIDI note %i as near as the register allows', (pitch) => {
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    expect(Math.abs(heard('triangle', pitch, frequency) / nearestPeriod(frequency, 32) - 1)).toBeLessThan(1e-4);
  });

  it('noise plays period index 16 - pitch, in the mode of its duty', () => {
    for (let pitch = 1; pitch <= 16; pitch++) {
      for (const duty of [0, 1]) {
        const log = playScore(score({ noise: [note(0, 4410, pitch, 15, duty)] }, 4410));
        expect(writesTo(log, 0x400e).at(-1)?.value ?? 0).toBe((duty << 7) | (16 - pitch));
      }
    }
  });

  it('plays the same pitches on a PAL console', () => {
    const log = playScore(score({ pulse1: [note(0, 44_100, 69, 15, 2)] }, 44_100), { region: 'pal' });
    const heardPitch = peakFrequency(renderAudio(log).slice(4000, 4000 + 32_768), 48_000, 400, 480);
    expect(heardPitch).toBeCloseTo(1_662_607 / (16 * Math.round(1_662_607 / (16 * 440))), 1);
  });
});

describe('time', () => {
  it('starts and ends notes on the nearest video frame, on every voice', () => {
    for (const voice of ['pulse1', 'pulse2', 'triangle', 'noise'] as const) {
      const pitch = voice === 'noise' ? 12 : 60;
      const log = playScore(
        score({ [voice]: [note(ticks(5), ticks(9), pitch), note(ticks(12), ticks(13), pitch)] }, ticks(20)),
      );
      const register = { pulse1: 0x4000, pulse2: 0x4004, triangle: 0x4008, noise: 0x400c }[voice];
      expect(framesOf(log, register)).toEqual([0, 5, 9, 12, 13]);
    }
  });

  it.each(['pulse1', 'pulse2', 'triangle', 'noise'] as const)('%s sounds in the frames of its note only', (voice) => {
    const log = playScore(score({ [voice]: [note(ticks(3), ticks(6), voice === 'noise' ? 12 : 60)] }, ticks(10)));
    const frames = new Set<number>();
    // A frame's first writes, within its first 24 cycles, are what starts and ends the sound.
    const onStep = (cycle: number) => cycle % CYCLES_PER_FRAME.ntsc > 24 && frames.add(frameOf(cycle));
    const apu = new Apu({ onStep });
    for (const { cycle, register, value } of log.writes) apu.write(cycle, register, value);
    apu.runTo(log.duration);
    expect([...frames]).toEqual([3, 4, 5]);
  });

  it('follows volume and duty frame by frame', () => {
    const start = ticks(2);
    const shaped: Note = {
      start,
      end: ticks(8),
      pitch: 60,
      volume: [15, 11, 7, 3].map((value, i) => ({ time: ticks(2 + i), value })),
      duty: [
        { time: start, value: 0 },
        { time: ticks(4), value: 2 },
      ],
    };
    const log = playScore(score({ pulse2: [shaped] }, ticks(10)));
    expect(writesTo(log, 0x4004).map(({ cycle, value }) => [frameOf(cycle), value])).toEqual([
      [0, 0x30],
      [2, 0x3f],
      [3, 0x3b],
      [4, 0xb7],
      [5, 0xb3],
      [8, 0xb0],
    ]);
  });

  it('keeps its writes in rising cycles, at least 12 apart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 60 }), (gaps) => {
        let time = 0;
        const notes = gaps.map((gap, i) => {
          const start = time;
          time += gap;
          return note(start, time, 40 + ((i * 7) % 60), i % 16, 0);
        });
        const triangle = notes.map((one) => note(one.start, one.end, one.pitch));
        const log = playScore(score({ pulse1: notes, pulse2: notes, triangle }, time));
        log.writes.slice(1).forEach(({ cycle }, i) => {
          expect(cycle - log.writes[i].cycle).toBeGreaterThanOrEqual(12);
        });
        expect(log.duration).toBeGreaterThanOrEqual(log.writes[log.writes.length - 1].cycle);
      }),
      { numRuns: 50, seed: 40 },
    );
  });
});

describe('attacks', () => {
  const highWrites = (notes: readonly Note[], end: number) =>
    framesOf(playScore(score({ pulse1: notes }, end)), 0x4003).slice(1);

  it('leaves $4003 alone while the high bits of the period stay', () => {
    // Periods 253, 225 and 201 have the same high bits; 427 has others.
    const melody = [69, 71, 73, 60].map((pitch, i) => note(ticks(10 * i), ticks(10 * i + 10), pitch));
    expect(highWrites(melody, ticks(40))).toEqual([30]);
  });

  it('does not touch $4003 for a note after a rest: its volume is the attack', () => {
    expect(highWrites([note(ticks(0), ticks(5), 81), note(ticks(8), ticks(12), 81)], ticks(20))).toEqual([]);
  });

  it('sets a repeated note off by a frame of silence and a restart of the waveform', () => {
    const log = playScore(
      score({ pulse1: [note(0, ticks(10), 69, 12, 2), note(ticks(10), ticks(20), 69, 12, 2)] }, ticks(20)),
    );
    const volumes = writesTo(log, 0x4000).map(({ cycle, value }) => [frameOf(cycle), value & 15]);
    expect(volumes).toEqual([
      [0, 0],
      [0, 12],
      [9, 0],
      [10, 12],
      [20, 0],
    ]);
    expect(framesOf(log, 0x4003)).toEqual([0, 10]);
  });

  it('needs no gap where the repeated note is louder than the one before it ended', () => {
    const decaying: Note = {
      ...note(0, ticks(10), 69),
      volume: [15, 10, 5].map((value, i) => ({ time: ticks(3 * i), value })),
    };
    const log = playScore(score({ pulse1: [decaying, note(ticks(10), ticks(20), 69)] }, ticks(20)));
    expect(writesTo(log, 0x4000).map(({ value }) => value & 15)).toEqual([0, 15, 10, 5, 15, 0]);
    expect(framesOf(log, 0x4003)).toEqual([0, 10]);
  });

  it('sets repeated triangle and noise notes off by a frame of silence', () => {
    const pair = (pitch: number) => [note(0, ticks(10), pitch), note(ticks(10), ticks(20), pitch)];
    const log = playScore(score({ triangle: pair(45), noise: pair(8) }, ticks(20)));
    expect(framesOf(log, 0x4008)).toEqual([0, 0, 9, 10, 20]);
    expect(framesOf(log, 0x400c)).toEqual([0, 0, 9, 10, 20]);
  });

  it('can be heard: the level drops between repeated notes and nowhere else', () => {
    const log = playScore(
      score({ pulse1: [note(0, ticks(10), 69, 12, 2), note(ticks(10), ticks(20), 69, 12, 2)] }, ticks(20)),
    );
    const samples = renderAudio(log);
    const frameSamples = (48_000 * 29_780.5) / 1_789_773;
    const loudness = Array.from({ length: 18 }, (_, i) => {
      const frame = samples.slice(Math.round((i + 1.1) * frameSamples), Math.round((i + 1.9) * frameSamples));
      return Math.sqrt(frame.reduce((sum, sample) => sum + sample * sample, 0) / frame.length);
    });
    const quiet = loudness.flatMap((level, i) => (level < 0.5 * loudness[2] ? [i + 1] : []));
    expect(quiet).toEqual([9]);
  });
});

describe('the opening', () => {
  it('enables the voices, keeps the sweeps from muting low notes, and is silent', () => {
    const log = playScore(score({}, 44_100));
    expect(log.writes[0]).toEqual({ cycle: 0, register: 0x4015, value: 0x0f });
    expect([writesTo(log, 0x4001), writesTo(log, 0x4005)].flat().map(({ value }) => value)).toEqual([8, 8]);
    expect(writesTo(log, 0x4017)[0].value & 0xc0).toBe(0xc0);
    expect(renderAudio(log).every((sample) => sample === 0)).toBe(true);
  });
});

describe('a score that cannot be played is refused with its place', () => {
  const at = (changes: Partial<Note>): Note => ({ ...note(100, 2000, 60), ...changes });
  const cases: [string, VoiceName, Note[], RegExp][] = [
    ['pulse too low', 'pulse1', [note(0, 10, 32)], /pulse1 note 0 \(tick 0\): pitch 32 is outside 33\.\.108/],
    ['pulse too high', 'pulse2', [note(0, 10, 109)], /pulse2 note 0 \(tick 0\): pitch 109/],
    ['triangle too low', 'triangle', [note(0, 10, 20)], /outside 21\.\.108/],
    ['noise', 'noise', [note(0, 10, 17)], /outside 1\.\.16/],
    ['fraction', 'pulse1', [note(0, 10, 60.5)], /pitch 60.5/],
    ['fractional start', 'pulse1', [note(0.5, 10, 60)], /tick 0\.5\): it starts on no whole tick/],
    ['fractional end', 'pulse1', [note(0, 10.5, 60)], /ends at 10\.5, which is not a whole tick/],
    ['NaN', 'pulse1', [note(0, 10, Number.NaN)], /pitch NaN/],
    [
      'overlap',
      'pulse1',
      [note(0, 100, 60), note(99, 200, 60)],
      /pulse1 note 1 \(tick 99\): it starts before the note ahead of it ends, at 100/,
    ],
    ['empty note', 'pulse1', [note(5, 5, 60)], /ends at 5, not after its start/],
    ['past the end', 'pulse1', [note(0, 50_000, 60)], /ends at 50000, after the score's end, 44100/],
    ['volume', 'pulse1', [note(0, 10, 60, 16)], /volume 16 is outside 0\.\.15/],
    ['triangle volume', 'triangle', [note(0, 10, 60, 7)], /no volume register/],
    ['duty', 'noise', [note(0, 10, 6, 15, 2)], /duty 2 is outside 0\.\.1/],
    [
      'late first change',
      'pulse1',
      [at({ volume: [{ time: 101, value: 1 }] })],
      /volume has no value at the note's start/,
    ],
    ['no duty', 'pulse1', [at({ duty: [] })], /duty has no value/],
    [
      'change order',
      'pulse1',
      [at({ volume: [100, 300, 300].map((time) => ({ time, value: 1 })) })],
      /at 300: times must rise/,
    ],
    [
      'change after the end',
      'pulse1',
      [at({ volume: [100, 2000].map((time) => ({ time, value: 1 })) })],
      /before the note's end/,
    ],
  ];
  it.each(cases)('%s', (_name, voice, notes, message) => {
    const play = () => playScore(score({ [voice]: notes }, 44_100));
    expect(play).toThrow(ApuError);
    expect(play).toThrow(message);
  });
});
