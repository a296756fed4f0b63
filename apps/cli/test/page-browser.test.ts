import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  playScore,
  readVgm,
  renderAudio,
  TICKS_PER_SECOND,
  VOICE_NAMES,
  type VoiceName,
  writeVgm,
  writeWav,
} from '@chipsmith/apu';
import { arrangeMelody, embeddedCorpus } from '@chipsmith/data';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../src/cli.ts';
import { contactSheet } from '../src/page/contact-sheet.ts';
import { scoresOf } from '../src/scores.ts';
import { audioOf } from '../src/track-audio.ts';
import { writeTracks } from '../src/tracks.ts';
import { browser, browserPages } from './support/browser.ts';
import { filesOf, jsonOf, scratchFolder } from './support/cli.ts';

const scratch = scratchFolder();
/** A name that a shell and a URL take for something else. */
const output = join(scratch, "it's #1 & more");
const open = browserPages();
const COUNT = 4;

beforeAll(async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const tracks = embeddedCorpus()
    .slice(0, COUNT)
    .map((melody, index) => ({
      name: `track-0${index + 1}`,
      song: arrangeMelody(melody, { seed: index }),
      events: [1, 2, 3],
      seed: 7,
      scores: { nllPerEvent: [0.5, 0.2, Number.NaN, 0.9][index], ...scoresOf(melody, ['pulse1']) },
    }));
  await writeTracks(tracks, {
    output,
    replace: false,
    title: 'four tracks',
    settings: { model: 'basic-rnn', temperature: 0.9 },
    command: ['generate'],
    options: { run: "my runs/it's", bars: '16', arrange: false, 'primer-pitches': '60,62' },
    further: { continue: { run: "my runs/it's", bars: '16', arrange: false }, vary: { run: "my runs/it's" } },
    sound: { sampleRate: 16_000, filter: 'famicom' },
    midi: 'general-midi',
    signal: new AbortController().signal,
  });
  write.mockRestore();
});

const openSheet = (options = {}) => open(join(output, 'index.html').replace('#', '%23'), options);

/** Makes the page remember the samples that it begins to play. */
async function recordSound(
  page: Page,
): Promise<() => Promise<{ samples: Float32Array; loop: boolean; offset: number }>> {
  await page.evaluate(() => {
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (...args) {
      Object.assign(globalThis, { started: { source: this, offset: args[1] } });
      start.apply(this, args);
    };
  });
  return async () => {
    await page.waitForFunction(() => 'started' in globalThis);
    const { bytes, ...others } = await page.evaluate(async () => {
      const { source, offset } = (globalThis as never as { started: { source: AudioBufferSourceNode; offset: number } })
        .started;
      Reflect.deleteProperty(globalThis, 'started');
      // As text, which is a hundred times as fast as an array of numbers.
      const reader = new FileReader();
      const read = new Promise((resolve) => reader.addEventListener('load', resolve));
      reader.readAsDataURL(new Blob([source.buffer?.getChannelData(0) ?? '']));
      await read;
      return { bytes: String(reader.result).replace(/^.*,/, ''), loop: source.loop, offset };
    });
    return { samples: new Float32Array(new Uint8Array(Buffer.from(bytes, 'base64')).buffer), ...others };
  };
}

const current = (page: Page) => page.locator('article.current').getAttribute('data-name');
const playing = (page: Page) =>
  page.locator('article.playing').evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.name));
const position = (page: Page) =>
  page.locator('article.current .playhead').evaluate((head) => Number.parseFloat((head as HTMLElement).style.left));

/** What the chip plays of a track at the rate of the page's output. */
async function expected(name: string, length: number, silentVoices: readonly VoiceName[], loop = {}) {
  const log = { ...readVgm(await readFile(join(output, `${name}.vgm`))), ...loop };
  for (const sampleRate of [44_100, 48_000]) {
    const options = { sampleRate, filter: 'famicom', silentVoices } as const;
    if (Math.round((log.duration * sampleRate) / log.clock) === length) return audioOf(log, options);
  }
  throw new Error(`${length} samples fit no usual rate`);
}

/** Engines may differ in the last bit of a sine or cosine. */
function expectSameSound(actual: Float32Array, wanted: Float32Array): void {
  expect(actual).toHaveLength(wanted.length);
  expect(greatestDifference(actual, wanted)).toBeLessThan(1e-6);
}

function greatestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let difference = 0;
  for (let index = 0; index < right.length; index++) {
    difference = Math.max(difference, Math.abs(left[index] - right[index]));
  }
  return difference;
}

describe.skipIf(browser === undefined)('a contact sheet in a browser (skipped where there is no Chromium)', () => {
  it('plays what the chip plays, and each mix of its voices', async () => {
    const page = await openSheet();
    const started = await recordSound(page);
    const loop = { loop: 0 };
    // It loops, so that on a slow machine it does not end before all is heard.
    await page.keyboard.press('l');
    await page.keyboard.press('Space');
    const all = await started();
    const { length } = all.samples;
    expectSameSound(all.samples, await expected('track-01', length, [], loop));
    expect(await playing(page)).toEqual(['track-01']);

    await page.keyboard.press('1');
    const muted = await started();
    expectSameSound(muted.samples, await expected('track-01', length, ['pulse1'], loop));
    // It goes on where it was.
    expect(muted.offset).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Solo triangle' }).click();
    const others = VOICE_NAMES.filter((voice) => voice !== 'triangle');
    expectSameSound((await started()).samples, await expected('track-01', length, others, loop));
    expect(await page.locator('body').getAttribute('data-silent')).toBe('pulse1 pulse2 noise');

    await page.keyboard.press('Shift+3');
    await started();
    await page.keyboard.press('1');
    await started();
    await page.keyboard.press('l');
    const once = await started();
    expectSameSound(once.samples, await expected('track-01', length, []));
    expect([all.loop, muted.loop, once.loop]).toEqual([true, true, false]);
  });

  it('starts anew at its end when it loops, and else goes on to the next track', async () => {
    const page = await openSheet();
    await page.keyboard.press('l');
    await page.keyboard.press('Space');
    const stage = page.locator('article.current .stage');
    const nearTheEnd = async () => {
      const { width = 0 } = (await stage.boundingBox()) ?? {};
      await stage.click({ position: { x: width - 8, y: 20 } });
    };
    await nearTheEnd();
    await expect.poll(() => position(page)).toBeLessThan(50);
    expect(await playing(page)).toEqual(['track-01']);
    await page.keyboard.press('l');
    await nearTheEnd();
    await expect.poll(() => playing(page)).toEqual(['track-02']);
    expect(await current(page)).toBe('track-02');
  });

  it.each([
    ['nothing', 'body'],
    ['a button', '#direction'],
    ['a pressed button', '#filter'],
    ['a list', '#sort'],
    ['a link', 'article a'],
    ['the volume', '#volume'],
    ['a summary', 'summary'],
    ['an explained word', 'article dfn'],
  ])('obeys keys when %s has the focus', async (_, selector) => {
    const page = await openSheet();
    const focus = () => page.locator(selector).first().focus();
    const before = await page
      .locator(selector)
      .first()
      .evaluate((element) => element.outerHTML);
    for (const [key, name, isPlaying] of [
      ['Space', 'track-01', true],
      ['j', 'track-02', true],
      ['J', 'track-03', true],
      ['k', 'track-02', true],
      ['Space', 'track-02', false],
    ] as const) {
      if (selector !== 'body') await focus();
      await page.keyboard.press(key);
      expect(await current(page)).toBe(name);
      expect(await playing(page)).toEqual(isPlaying ? [name] : []);
    }
    if (selector !== 'body') await focus();
    await page.keyboard.press('f');
    expect(await page.locator('#kept').textContent()).toBe('1');
    if (selector.startsWith('#')) {
      const after = await page.locator(selector).evaluate((element) => element.outerHTML);
      expect(after.replace('>1<', '>0<')).toBe(before);
    }
  });

  it('skips five seconds with the arrow keys, which a slider and a list keep for themselves', async () => {
    const page = await openSheet();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('article.current .now').textContent()).toBe('0:05');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('article.current .now').textContent()).toBe('0:00');
    await page.locator('#volume').focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('#volume').inputValue()).toBe('99');
    await page.locator('#sort').focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('#sort').inputValue()).toBe('nllPerEvent');
    expect(await current(page)).toBe('track-01');
  });

  it("leaves the browser its shortcuts, and typing that is not the page's", async () => {
    const page = await openSheet();
    for (const key of ['Control+f', 'Meta+j', 'Alt+j', 'Control+Space']) await page.keyboard.press(key);
    await page.evaluate(() => {
      const field = document.createElement('input');
      document.body.prepend(field);
      field.focus();
    });
    await page.keyboard.type('jf k1');
    expect(await page.locator('body > input').inputValue()).toBe('jf k1');
    expect(await current(page)).toBe('track-01');
    expect(await playing(page)).toEqual([]);
    expect(await page.locator('#kept').textContent()).toBe('0');
  });

  it('never plays a hidden track, nor goes to one', async () => {
    const page = await openSheet();
    await page.keyboard.press('j');
    await page.keyboard.press('f');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('f');
    await page.keyboard.press('k');
    await page.keyboard.press('Space');
    expect(await playing(page)).toEqual(['track-03']);
    await page.locator('#filter').click();
    expect(await playing(page)).toEqual([]);
    expect(await current(page)).toBe('track-04');
    const reached = [];
    for (const key of ['k', 'k', 'j', 'j', 'Space']) {
      await page.keyboard.press(key);
      reached.push(await current(page));
    }
    expect(reached).toEqual(['track-02', 'track-02', 'track-04', 'track-04', 'track-04']);
    // Without its star it is hidden while it plays.
    await page.keyboard.press('f');
    expect(await playing(page)).toEqual([]);
    expect(await current(page)).toBe('track-02');
    await page.keyboard.press('f');
    expect(await page.locator('.nothing').isVisible()).toBe(true);
    expect(await page.locator('article.current').count()).toBe(0);
    for (const key of ['Space', 'j', 'k', 'f', 'ArrowRight']) await page.keyboard.press(key);
    expect(await playing(page)).toEqual([]);
    expect(await page.locator('#kept').textContent()).toBe('0');
    await page.locator('#filter').click();
    expect(await current(page)).toBe('track-01');
  });

  it('goes to a track that is clicked, but plays on while a star, a word or a command of another is', async () => {
    const page = await openSheet();
    await page.keyboard.press('Space');
    const other = page.locator('article[data-name=track-02]');
    for (const part of ['.keep', 'dfn', 'summary']) {
      await other.locator(part).first().click();
      expect(await playing(page)).toEqual(['track-01']);
    }
    await other.locator('h2').click();
    expect(await playing(page)).toEqual([]);
    expect(await current(page)).toBe('track-02');
    await other.locator('.play').click();
    expect(await playing(page)).toEqual(['track-02']);
    await other.locator('.play').click();
    expect(await playing(page)).toEqual([]);
  });

  it('sorts by a figure, those without it last, and moves in that order', async () => {
    const page = await openSheet();
    await page.locator('#sort').selectOption('nllPerEvent');
    const order = () =>
      page.locator('article').evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.name?.at(-1)));
    expect((await order()).join('')).toBe('2143');
    await page.locator('#direction').click();
    expect((await order()).join('')).toBe('4123');
    await page.keyboard.press('j');
    expect(await current(page)).toBe('track-02');
  });

  it('packs the kept tracks, with the sound in the format of the others', async () => {
    const page = await openSheet();
    await page.locator('#download').click();
    await expect.poll(() => page.locator('#notice').textContent()).toMatch(/^No tracks kept yet/);
    await page.keyboard.press('f');
    await page.locator('article[data-name=track-03] .keep').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()]);
    await expect.poll(() => page.locator('#notice').textContent()).toBe('Packed 2 tracks into kept.zip.');
    expect(download.suggestedFilename()).toBe('kept.zip');
    const files = unzipSync(await readFile(await download.path()));
    const endings = ['json', 'mid', 'vgm', 'wav'];
    const names = ['track-01', 'track-03'].flatMap((name) => endings.map((ending) => `${name}.${ending}`));
    expect(Object.keys(files).sort()).toEqual(names);
    for (const name of names) {
      if (name.endsWith('.wav')) continue;
      expect(Buffer.from(files[name]).equals(await readFile(join(output, name)))).toBe(true);
    }
    const log = readVgm(files['track-03.vgm']);
    const wav = writeWav(renderAudio(log, { sampleRate: 16_000, filter: 'famicom' }), 16_000);
    expect(files['track-03.wav']).toHaveLength(wav.length);
    const samplesOf = (bytes: Uint8Array) => new Int16Array(bytes.slice(44).buffer);
    expect(greatestDifference(samplesOf(files['track-03.wav']), samplesOf(wav))).toBeLessThanOrEqual(1);
  });

  it('copies a command that keeps the tracks with a star, which it remembers', async () => {
    const page = await openSheet({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('article[data-name=track-04] .keep').click();
    await page.locator('article[data-name=track-02] .keep').click();
    await page.reload();
    expect(await page.locator('#kept').textContent()).toBe('2');
    await page.locator('#copy').click();
    const copied = async () => wordsOf(await page.evaluate(() => navigator.clipboard.readText()));
    const wanted = ['pnpm', 'chipsmith', 'keep', '--from', output, '--output', 'kept', 'track-02', 'track-04'];
    await expect.poll(copied).toEqual(wanted);
    // It does what it says.
    const kept = join(scratch, 'kept');
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const code = await run(wanted.slice(2).map((word) => (word === 'kept' ? kept : word)));
    write.mockRestore();
    expect(code).toBe(0);
    expect(await filesOf(kept)).toHaveLength(9);
  });

  it('offers the commands that make more like a track', async () => {
    const page = await openSheet({ permissions: ['clipboard-read', 'clipboard-write'] });
    const card = page.locator('article[data-name=track-02]');
    await card.locator('summary').click();
    const settings = ['--run', "my runs/it's", '--bars', '16', '--no-arrange'];
    const shown = async (kind: string) => wordsOf((await card.locator(`[data-kind=${kind}] code`).textContent()) ?? '');
    const reseed = ['pnpm', 'chipsmith', 'generate', ...settings, '--primer-pitches', '60,62', '--seed', '8'];
    await expect.poll(() => shown('reseed')).toEqual(reseed);
    await card.locator('[data-kind=continue] button').click();
    const copied = async () => wordsOf(await page.evaluate(() => navigator.clipboard.readText()));
    const primer = ['--seed', '8', '--primer', join(output, 'track-02.mid')];
    await expect.poll(copied).toEqual(['pnpm', 'chipsmith', 'generate', ...settings, ...primer]);
    expect(await shown('continue')).toEqual(await copied());
    const track = join(output, 'track-02.mid');
    expect(await shown('vary')).toEqual(['pnpm', 'chipsmith', 'vary', track, '--run', "my runs/it's", '--seed', '8']);
  });

  it('zooms into the piano rolls, and turns them over as they play', async () => {
    const page = await openSheet();
    const scroll = page.locator('article.current .scroll');
    const widths = () => scroll.evaluate(({ scrollWidth, clientWidth }) => scrollWidth / clientWidth);
    expect(await widths()).toBe(1);
    await page.keyboard.press('+');
    await page.locator('#zoom-in').click();
    expect(await widths()).toBe(4);
    expect(await page.locator('#zoom').textContent()).toBe('4×');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await scroll.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(0);
    for (const _ of [1, 2, 3]) await page.keyboard.press('-');
    expect(await widths()).toBe(1);
  });

  it('explains every figure under the pointer and with the focus', async () => {
    const page = await openSheet();
    const bubble = page.locator('#explanation');
    const words = page.locator('article.current dfn');
    expect(await words.count()).toBeGreaterThan(4);
    expect(await page.locator('article.current dt').count()).toBe(await words.count());
    await words.first().hover();
    expect(await bubble.textContent()).toBe(
      'How unexpected the notes are to the model, in nats per event: lower is safer, higher is bolder.',
    );
    await page.mouse.move(0, 0);
    expect(await bubble.isVisible()).toBe(false);
    await words.last().focus();
    expect(await bubble.textContent()).toMatch(/^Where the dice start/);
    const { x = -1, width = 0 } = (await bubble.boundingBox()) ?? {};
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(1400);
  });

  it.each([
    [1400, 'light'],
    [1400, 'dark'],
    [420, 'light'],
    [420, 'dark'],
  ] as const)('fits a window of %i pixels, %s', async (width, colorScheme) => {
    const page = await openSheet({ viewport: { width, height: 900 }, colorScheme });
    await page.locator('summary').first().click();
    await page.locator('dfn').last().focus();
    await page.keyboard.press('+');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const [red] = await page.evaluate(() => /\d+/.exec(getComputedStyle(document.body).backgroundColor) ?? []);
    expect(Number(red) > 128).toBe(colorScheme === 'light');
  });

  it('begins a long piece with its first seconds, and goes on with the whole as soon as that is there', async () => {
    const [melody] = embeddedCorpus();
    const piece = { ...melody, duration: 60 * TICKS_PER_SECOND };
    const files = { mid: new Uint8Array(), vgm: writeVgm(playScore(piece)), json: new Uint8Array() };
    const sheet = contactSheet([{ name: 'track-01', song: piece, seed: 1, scores: {}, files }], {
      title: 'long',
      settings: {},
    });
    await writeFile(join(scratch, 'long.html'), sheet);
    const page = await open(join(scratch, 'long.html'));
    await page.evaluate(() => {
      const starts: { seconds: number; offset: number }[] = [];
      Object.assign(globalThis, { starts });
      const { start } = AudioBufferSourceNode.prototype;
      AudioBufferSourceNode.prototype.start = function (...args) {
        starts.push({ seconds: this.buffer?.duration ?? 0, offset: args[1] ?? 0 });
        start.apply(this, args);
      };
    });
    await page.keyboard.press('Space');
    const starts = () =>
      page.evaluate(() => (globalThis as never as { starts: { seconds: number; offset: number }[] }).starts);
    await expect.poll(async () => (await starts()).length).toBe(2);
    const [opening, whole] = await starts();
    expect(opening).toEqual({ seconds: 20, offset: 0 });
    expect(whole.seconds).toBeCloseTo(60, 1);
    expect(whole.offset).toBeGreaterThan(0);
  });

  it('says on the card why a track cannot be played', async () => {
    const files = { mid: new Uint8Array(), vgm: Uint8Array.of(1, 2, 3), json: new Uint8Array() };
    const melody = embeddedCorpus()[0];
    const damaged = contactSheet([{ name: 'track-01', song: melody, seed: 1, scores: {}, files }], {
      title: 'one',
      settings: {},
    });
    await writeFile(join(scratch, 'damaged.html'), damaged);
    const page = await open(join(scratch, 'damaged.html'));
    await page.keyboard.press('Space');
    const problem = page.locator('.problem');
    await problem.waitFor();
    expect(await problem.textContent()).toMatch(/^This track cannot be played: .*VGM/);
    expect(await playing(page)).toEqual([]);
  });
});

describe.skipIf(browser === undefined)(
  'the page of a dataset in a browser (skipped where there is no Chromium)',
  () => {
    const page = join(scratch, 'dataset.html');

    beforeAll(async () => {
      const data = join(scratch, 'data');
      await jsonOf(`prepare --corpus --output ${data}`);
      await jsonOf(`inspect ${data} --html ${page}`);
    });

    it('plays its songs, with the keys and the mixer of every page', async () => {
      const opened = await open(page);
      await opened.keyboard.press('Space');
      expect(await playing(opened)).toEqual(['song-1']);
      await opened.keyboard.press('j');
      expect(await playing(opened)).toEqual(['song-2']);
      await expect.poll(() => position(opened)).toBeGreaterThan(0);
      await opened.keyboard.press('2');
      expect(await opened.locator('body').getAttribute('data-silent')).toBe('pulse2');
      await opened.keyboard.press('f');
      expect(await opened.locator('article').count()).toBe(5);
    });

    it.each([
      [1400, 'light'],
      [420, 'dark'],
    ] as const)('fits a window of %i pixels, %s, charts and all', async (width, colorScheme) => {
      const opened = await open(page, { viewport: { width, height: 900 }, colorScheme });
      expect(await opened.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      // The charts have the colours of the page.
      const [bar, voice] = await opened.evaluate(() => {
        const mark = document.querySelector('figure [fill="var(--pulse1)"]') ?? document.body;
        const note = document.querySelector('.roll .pulse1 *') ?? document.body;
        return [getComputedStyle(mark).fill, getComputedStyle(note).fill];
      });
      expect(bar).toBe(voice);
      expect(bar).toBe(colorScheme === 'light' ? 'rgb(214, 66, 43)' : 'rgb(255, 107, 87)');
    });
  },
);

/** The words that a POSIX shell makes of a line. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped));
}
