import robotsParser from 'robots-parser';

/** What a site's robots.txt asks of a program. */
export interface Robots {
  /** Seconds that it asks to wait between requests (Crawl-delay, which no standard names but many files hold). */
  readonly delaySeconds: number;
  allows(url: URL): boolean;
}

/** Of a site without robots.txt. */
export const NO_ROBOTS: Robots = { delaySeconds: 0, allows: () => true };

/** The library's types are those of an ES module, but it is CommonJS: Node gives the function itself. */
const parse = robotsParser as unknown as typeof robotsParser.default;

/** Rules know paths only; http and https are the same site. */
const SITE = 'http://site';

/**
 * Reads robots.txt as RFC 9309 says: of the groups for this program, or else those for `*`, the longest matching path
 * decides, and allow wins a tie. Lines it does not know are skipped, as it demands.
 *
 * @param agent the program's name
 */
export function parseRobots(text: string, agent: string): Robots {
  const robots = parse(SITE, withPlainLetters(text));
  return {
    delaySeconds: Math.max(0, robots.getCrawlDelay(agent) || 0),
    allows: ({ pathname, search }) => robots.isAllowed(SITE + withPlainLetters(pathname + search), agent) !== false,
  };
}

/**
 * Letters and digits that are written as escapes stand for themselves (RFC 9309, section 2.2.2), which the library
 * leaves out.
 */
function withPlainLetters(text: string): string {
  return text.replace(/%[2-7][\da-f]/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code;
  });
}
