import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { midiLinks } from '../src/node/download/links.ts';
import { parseRobots } from '../src/node/download/robots.ts';

const allows = (text: string, path: string) => parseRobots(text, 'chipsmith').allows(new URL(`http://host${path}`));

describe('parseRobots', () => {
  it.each<[rules: string, path: string, allowed: boolean]>([
    ['', '/a', true],
    ['Disallow: /', '/a', false],
    ['Disallow:', '/a', true],
    ['Disallow: /a', '/abc', false],
    ['Disallow: /a/', '/a', true],
    ['Disallow: /a\nAllow: /a/b', '/a/b/c', true],
    ['Disallow: /a/b\nAllow: /a', '/a/b/c', false],
    ['Disallow: /a\nAllow: /a', '/a', true],
    ['Disallow: *.mid$', '/x/y.mid', false],
    ['Disallow: *.mid$', '/x/y.mid?z', true],
    ['Disallow: /*/b*d', '/a/bcd', false],
    ['Disallow: /*/b*d', '/a/cbd', true],
    ['Disallow: /a*a$', '/a', true],
    ['Disallow: /a?b=1', '/a?b=12', false],
    ['Disallow: /a%7eb', '/a~b', false],
    ['Disallow: /a b', '/a%20b', false],
    ['Disallow: /é', '/%C3%A9', false],
    ['disallow : /a # why', '/a', false],
    ['Sitemap: /s\nDisallow: /a', '/a', false],
  ])('of %j says for %s: %s', (rules, path, allowed) => {
    expect(allows(`User-agent: *\n${rules}`, path)).toBe(allowed);
  });

  it('takes the groups that name the program before those for all, and joins equal ones', () => {
    const text =
      'User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: ChipSmith\nDisallow: /a\n\nUser-agent: chipsmith\nDisallow: /b\nCrawl-delay: 7';
    expect(['/a', '/b', '/c'].map((path) => allows(text, path))).toEqual([false, false, true]);
    expect(parseRobots(text, 'chipsmith').delaySeconds).toBe(7);
    expect(parseRobots(text, 'stranger').delaySeconds).toBe(0);
  });

  it('takes any text', () => {
    // fast-check's own units of Unicode take seconds to set up.
    const unit = fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCharCode(code));
    const anyPath = fc.string({ unit }).map((words) => `/${encodeURIComponent(words)}`);
    fc.assert(
      fc.property(fc.string({ unit }), anyPath, (text, path) => {
        expect(allows(`User-agent: *\nDisallow: ${text}\n${text}`, path)).toBeTypeOf('boolean');
      }),
      { seed: 1 },
    );
  });
});

describe('midiLinks', () => {
  const page = new URL('http://host/a/b.html');
  const linksOf = (html: string) => midiLinks(html, page).map(({ href }) => href);

  it('reads entities, quotes and bases, and takes no other kinds', () => {
    expect(linksOf('<a href="x&amp;y&#46;mid">')).toEqual(['http://host/a/x&y.mid']);
    expect(linksOf('<base href="/c/"><a href=x.mid>')).toEqual(['http://host/c/x.mid']);
    expect(linksOf("<a title='>' href='x.mid'><A\nHREF = \"y.MID\" ><abbr href=z.mid>")).toEqual([
      'http://host/a/y.MID',
    ]);
    expect(
      linksOf('<a href="javascript:x.mid"><a href="file:///x.mid"><a href="http://[x.mid"><a href="x.mid.zip">'),
    ).toEqual([]);
  });

  it('does not take long over a page made to take long', () => {
    const size = 200_000;
    for (const piece of ['<a ', '<!--', '<a href="', '<a href ', "<a x='", '&#x', '<a href=']) {
      expect(linksOf(piece.repeat(size))).toEqual([]);
    }
  });
});
