/**
 * The MIDI files (.mid, .midi) that a page's `<a href>` lead to, in its order and each once.
 *
 * @param page where the page is, for addresses relative to it (or to its `<base href>`)
 */
export function midiLinks(html: string, page: URL): URL[] {
  const text = withoutComments(html);
  const [base = page] = hrefsOf(text, 'base', page);
  const links = new Map<string, URL>();
  for (const url of hrefsOf(text, 'a', base)) {
    if (!/^https?:$/.test(url.protocol) || !/\.midi?$/i.test(url.pathname)) continue;
    url.hash = '';
    if (!links.has(url.href)) links.set(url.href, url);
  }
  return [...links.values()];
}

/** Split rather than matched, so that a page full of comments without an end costs no more than its length. */
function withoutComments(html: string): string {
  return html
    .split('<!--')
    .map((part, index) => {
      const end = part.indexOf('-->');
      return index === 0 ? part : end < 0 ? '' : part.slice(end + 3);
    })
    .join('');
}

function hrefsOf(html: string, tag: 'a' | 'base', base: URL): URL[] {
  const links = new RegExp(`<${tag}\\s(?:[^<>]*?["'\\s])?href\\s*=\\s*("[^"<>]*"|'[^'<>]*'|[^\\s"'<>]+)`, 'gi');
  return [...html.matchAll(links)].flatMap(([, quoted]) => {
    const href = entitiesDecoded(quoted.replace(/^(["'])(.*)\1$/s, '$2')).trim();
    return URL.canParse(href, base.href) ? [new URL(href, base)] : [];
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function entitiesDecoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (entity, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? entity;
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}
