import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { pianoRoll } from '../src/page/piano-roll.ts';
import { note, song } from './page-songs.ts';

const size = { width: 400, height: 100 };

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The boxes around the shapes of one voice, in the order of its notes. */
function boxes(svg: string, voice: VoiceName): Box[] {
  const group = new RegExp(`<g class="${voice}">(.*?)</g>`).exec(svg)?.[1] ?? '';
  return (group.match(/<[^>]+>/g) ?? []).map((shape) => {
    const attribute = (name: string) => Number(new RegExp(` ${name}="([^"]+)"`).exec(shape)?.[1]);
    if (shape.startsWith('<rect')) {
      return { x: attribute('x'), y: attribute('y'), width: attribute('width'), height: attribute('height') };
    }
    const points = [...shape.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
  });
}

/** Where the vertical lines of a class stand. */
function lines(svg: string, className: string): number[] {
  return [...svg.matchAll(new RegExp(`class="${className}" d="M([\\d.]+) `, 'g'))].map(([, x]) => Number(x));
}

const centre = ({ y, height }: Box) => y + height / 2;

describe('pianoRoll', () => {
  it('places notes in time: a second is a quarter of the width of a piece of four', () => {
    const svg = pianoRoll(song({ pulse1: [note(44_100, 66_150, 60), note(66_150, 4 * 44_100, 64)] }), size);
    expect(boxes(svg, 'pulse1')).toMatchObject([
      { x: 100, width: 50 },
      { x: 150, width: 250 },
    ]);
  });

  it('places pitches in even rows, higher notes higher, in all three tonal voices alike', () => {
    const svg = pianoRoll(
      song({
        pulse1: [note(0, 1000, 72), note(1000, 2000, 60)],
        pulse2: [note(0, 1000, 66)],
        triangle: [note(0, 1000, 60)],
      }),
      size,
    );
    const [high, low] = boxes(svg, 'pulse1').map(centre);
    expect(boxes(svg, 'pulse2').map(centre)[0]).toBeCloseTo((high + low) / 2, 1);
    expect(boxes(svg, 'triangle').map(centre)[0]).toBeCloseTo(low, 1);
    expect(high).toBeLessThan(low);
  });

  it('draws loud notes higher than soft ones, and silence not at all', () => {
    const svg = pianoRoll(song({ pulse1: [note(0, 9, 60, 15), note(9, 18, 60, 5), note(18, 27, 60, 0)] }), size);
    const [loud, soft, silent] = boxes(svg, 'pulse1').map(({ height }) => height);
    expect(loud).toBeGreaterThan(soft);
    expect(soft).toBeGreaterThan(0);
    expect(silent).toBe(0);
  });

  it("follows a note's volume with its outline", () => {
    const tick = (4 * 44_100) / size.width;
    const svg = pianoRoll(song({ pulse1: [note(0, 20 * tick, 60, 15, 0), note(100 * tick, 101 * tick, 60)] }), size);
    const [fading, full] = boxes(svg, 'pulse1');
    expect(fading).toMatchObject({ x: 0, width: 20 });
    expect(fading.height).toBeCloseTo(full.height, 1);
    const [, outline] = /<path d="([^"]+)"/.exec(svg.slice(svg.indexOf('pulse1'))) ?? [];
    const middle = centre(full);
    const ends = [...(outline ?? '').matchAll(/(10|20) ([\d.]+)/g)].map(([, x, y]) => [x, Number(y)]);
    expect(ends.filter(([x]) => x === '20').every(([, y]) => Math.abs(Number(y) - middle) < 0.02)).toBe(true);
  });

  it('gives the drums a lane below the notes, brighter ones higher', () => {
    const svg = pianoRoll(song({ triangle: [note(0, 9, 30)], noise: [note(0, 9, 1), note(9, 18, 16)] }), size);
    const [dark, bright] = boxes(svg, 'noise').map(centre);
    expect(bright).toBeLessThan(dark);
    expect(dark).toBeLessThan(size.height);
    expect(bright).toBeGreaterThan(boxes(svg, 'triangle').map(centre)[0]);
  });

  it('draws a line at each bar and each beat', () => {
    const svg = pianoRoll(song({}), size);
    expect(lines(svg, 'bar')).toEqual([0, 200]);
    expect(lines(svg, 'beat')).toEqual([50, 100, 150, 250, 300, 350]);
  });

  it('starts the grid at the upbeat: the first bar line is where the tempo says, with beats before it', () => {
    const tempo = { beatsPerMinute: 60, firstBeat: 66_150, origin: 'given', confidence: 1 } as const;
    const meter = { beats: 3, unit: 4, origin: 'given' } as const;
    const svg = pianoRoll(song({}, { tempo, meter }), size);
    expect(lines(svg, 'bar')).toEqual([150]);
    expect(lines(svg, 'beat')).toEqual([50, 250, 350]);
  });

  it('counts beats in the unit of the meter: six eighths a bar at 120 quarters are 1.5 seconds', () => {
    const svg = pianoRoll(song({}, { meter: { beats: 6, unit: 8, origin: 'given' } }), size);
    expect(lines(svg, 'bar')).toEqual([0, 150, 300]);
  });

  it('draws a piece without notes or length', () => {
    const svg = pianoRoll(song({}, { duration: 0 }), size);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(svg).toContain('aria-label="Piano roll: 0 notes in 0 seconds"');
  });

  it('keeps every note of 100 random songs within the picture', () => {
    const random = generator(1);
    const notes = (lowest: number, highest: number) =>
      Array.from({ length: random(40) }, () => {
        const [start, volume] = [random(170_000), random(16)];
        return note(
          start,
          start + 1 + random(6000),
          lowest + random(highest - lowest + 1),
          volume,
          15 - volume,
          volume,
        );
      });
    for (let round = 0; round < 100; round++) {
      const voices = { pulse1: notes(33, 108), pulse2: notes(33, 108), triangle: notes(21, 108), noise: notes(1, 16) };
      const svg = pianoRoll(song(voices), size);
      for (const voice of VOICE_NAMES) {
        const drawn = boxes(svg, voice);
        expect(drawn).toHaveLength(voices[voice].length);
        for (const { x, y, width, height } of drawn) {
          expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(-0.01);
          expect(x + width).toBeLessThanOrEqual(size.width + 0.01);
          expect(y + height).toBeLessThanOrEqual(size.height + 0.01);
        }
      }
    }
  });
});

/** Random integers below a bound, the same ones for the same seed (the generator of Numerical Recipes). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
