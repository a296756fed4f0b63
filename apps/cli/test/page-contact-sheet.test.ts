import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { contactSheet, type SheetTrack } from '../src/page/contact-sheet.ts';
import { note, song } from './page-songs.ts';

const track = (name: string, changes: Partial<SheetTrack> = {}): SheetTrack => ({
  name,
  song: song({ pulse1: [note(0, 44_100, 60)] }, { title: name }),
  seed: 7,
  scores: { nllPerEvent: 0.98765, notes: 1 },
  files: { mid: Uint8Array.of(1), vgm: Uint8Array.of(2), json: Uint8Array.of(3) },
  ...changes,
});

const meta = { title: 'twenty tracks', settings: { model: 'basic-rnn', temperature: 1.1 } };

/** The cards of the page, one text each. */
const cards = (page: string) => page.match(/<article[\s\S]*?<\/article>/g) ?? [];

describe('contactSheet', () => {
  it('has a card for each track with picture, player, files, seed and scores', () => {
    const [first, second, ...others] = cards(contactSheet([track('one'), track('two')], meta));
    expect(others).toEqual([]);
    expect(second).toContain('data-name="two"');
    expect(first).toMatch(/<svg class="roll" .*<g class="pulse1"><rect /);
    expect(first).toContain('<audio controls preload="none" src="one.wav">');
    for (const type of ['wav', 'mid', 'vgm', 'json']) expect(first).toContain(`<a href="one.${type}">.${type}</a>`);
    expect(first).toMatch(/<dt><dfn [^>]*>seed<\/dfn><\/dt><dd>7<\/dd>/);
    expect(first).toMatch(/<dt><dfn tabindex="0" title="How unexpected [^"]*">surprise<\/dfn><\/dt><dd>0\.988<\/dd>/);
    expect(first).toContain('data-seconds="4"');
    // Four seconds at 120 are two bars; every fourth has its number.
    expect(first).toContain('<ol class="bars" aria-hidden="true"><li style="left:0.00%">1</li></ol>');
  });

  it('shows what all tracks share once and what is particular to one with it', () => {
    const page = contactSheet([track('one', { settings: { primer: 'c d e' } }), track('two')], meta);
    expect(page.match(/temperature<\/dfn><\/dt><dd>1\.1<\/dd>/g)).toHaveLength(1);
    expect(cards(page).map((card) => /goes on from<\/dfn><\/dt><dd>c d e<\/dd>/.test(card))).toEqual([true, false]);
  });

  it('offers every score of any track for sorting, and shows what is not a number as a dash', () => {
    const page = contactSheet(
      [track('one', { scores: { a: 1 } }), track('two', { scores: { b_c: Number.NaN } })],
      meta,
    );
    expect(page).toContain('<option value="a">a</option><option value="b_c">b c</option>');
    expect(cards(page)[1]).toContain('<dd>–</dd>');
  });

  it("shows where a score lies between the sheet's least and greatest", () => {
    const tracks = [2, 3, 6].map((notes) => track(`n${notes}`, { scores: { notes } }));
    const shares = cards(contactSheet(tracks, meta)).map((card) => /--share:(\d+)%/.exec(card)?.[1]);
    expect(shares).toEqual(['0', '25', '100']);
  });

  it('shows where the training songs lie, and marks what lies outside in more than colour', () => {
    const scores = { notes: 3, leaps: 0.25, repeatedBars: 0 };
    const ranges = { notes: [2, 9], leaps: [0, 0.042], repeatedBars: [0.1, 0.5] } as const;
    const page = contactSheet([track('one', { scores, ranges }), track('two')], meta);
    const [one, two] = cards(page);
    expect(one).toContain('<dd>3 <small>(2 to 9)</small></dd>');
    expect(one).toMatch(/class="outside"><dt><dfn [^>]*>leaps<\/dfn><\/dt><dd>25 % ↑ <small>\(0 to 4\.2 %\)<\/small>/);
    expect(one).toContain('<dd>0 % ↓ <small>(10 to 50 %)</small></dd>');
    expect(two).not.toContain('<small>');
    expect(page).toContain('class="ranges"');
    expect(contactSheet([track('two')], meta)).not.toContain('class="ranges"');
  });

  it('lets no text become markup, attribute or script', () => {
    const evil = `</script><script>alert(1)</script>"' onload='x' <img src=x onerror=alert(1)> &amp; <!-- `;
    const page = contactSheet(
      [
        track(evil, {
          song: song({}, { title: evil }),
          scores: { [evil]: 1 },
          ranges: { [evil]: [0, 1] },
          settings: { [evil]: evil },
        }),
      ],
      { title: evil, settings: { [evil]: evil } },
    );
    // One holds the files, the other runs.
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).not.toMatch(/<img|<!--/);
    // Whatever the texts are, the page has the tags and attributes of a page with harmless ones.
    const skeleton = (html: string) => html.replace(/"[^"]*"/g, '""').match(/<[a-z/][^>]*>/g);
    const tame = contactSheet(
      [track('x', { song: song({}), scores: { y: 1 }, ranges: { y: [0, 1] }, settings: { z: 'z' } })],
      {
        title: 'x',
        settings: { z: 'z' },
      },
    );
    expect(skeleton(page)).toEqual(skeleton(tame));
  });

  it('makes names with special characters into links that lead to their files', () => {
    const [card] = cards(contactSheet([track('a b#1?%"&ü')], meta));
    const href = /<a href="([^"]+)">\.mid/.exec(card ?? '')?.[1] ?? '';
    expect(decodeURIComponent(new URL(href, 'file:///tracks/index.html').pathname)).toBe('/tracks/a b#1?%"&ü.mid');
  });

  it('needs nothing from elsewhere, and its policy allows exactly its own script', () => {
    const page = contactSheet([track('one')], meta);
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(page).not.toMatch(/https?:|url\(|@import|<link|<iframe/);
    const hash = createHash('sha256').update(script).digest('base64');
    expect(page).toContain(`script-src 'sha256-${hash}'`);
    expect(page).toContain(`default-src 'none'`);
    expect(() => new Function(script)).not.toThrow();
  });

  it('carries the small files of every track, which pages from disk may not read', () => {
    const page = contactSheet([track('one'), track('<two>')], meta);
    const archive = /<script type="text\/plain" id="files">([^<]*)</.exec(page)?.[1] ?? '';
    const files = unzipSync(Buffer.from(archive, 'base64'));
    const names = ['<two>', 'one'].flatMap((name) => ['json', 'mid', 'vgm'].map((type) => `${name}.${type}`));
    expect(Object.keys(files).sort()).toEqual(names);
    expect([...files['one.vgm']]).toEqual([2]);
  });

  it('gives the same bytes for the same tracks, and remembers marks apart for other ones', () => {
    const sheetOf = (page: string) => /data-sheet="(\w+)"/.exec(page)?.[1];
    const page = contactSheet([track('one')], meta);
    expect(contactSheet([track('one')], meta)).toBe(page);
    expect(sheetOf(contactSheet([track('one', { seed: 8 })], meta))).not.toBe(sheetOf(page));
  });

  it('is a page even without tracks', () => {
    expect(contactSheet([], meta)).toContain('<output id="kept">0</output> of 0');
  });
});
