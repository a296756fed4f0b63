/** What a site's robots.txt asks of a program. */
export interface Robots {
  /** Seconds that it asks to wait between requests (Crawl-delay, which no standard names but many files hold). */
  readonly delaySeconds: number;
  allows(url: URL): boolean;
}

/** Of a site without robots.txt. */
export const NO_ROBOTS: Robots = { delaySeconds: 0, allows: () => true };

interface Rule {
  readonly allow: boolean;
  /** How much of the rule's path counts against other rules. */
  readonly length: number;
  readonly pieces: readonly string[];
  /** `$` at the end: the path must end there. */
  readonly whole: boolean;
}

interface Group {
  readonly agents: string[];
  readonly rules: Rule[];
  delaySeconds: number;
}

/**
 * Reads robots.txt as RFC 9309 says: of the groups for this program, or else those for `*`, the longest matching path decides, and
 * allow wins a tie. Lines it does not know are skipped, as it demands.
 *
 * @param agent the program's name, in lower case
 */
export function parseRobots(text: string, agent: string): Robots {
  const groups: Group[] = [];
  let group: Group | undefined;
  let named = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, field, value] = /^\s*([a-z-]+)\s*:\s*([^#]*)/i.exec(line) ?? [];
    const key = field?.toLowerCase();
    const word = value?.trim() ?? '';
    if (key === 'user-agent') {
      if (!named || group === undefined) {
        group = { agents: [], rules: [], delaySeconds: 0 };
        groups.push(group);
      }
      group.agents.push(word.toLowerCase().replace(/\/.*/, ''));
      named = true;
    } else if (key === 'allow' || key === 'disallow') {
      named = false;
      if (word !== '') group?.rules.push(ruleOf(word, key === 'allow'));
    } else if (key === 'crawl-delay') {
      named = false;
      if (group && Number(word) > 0) group.delaySeconds = Number(word);
    }
  }
  const own = groups.filter(({ agents }) => agents.includes(agent));
  const mine = own.length > 0 ? own : groups.filter(({ agents }) => agents.includes('*'));
  const rules = mine.flatMap((one) => one.rules);
  return {
    delaySeconds: Math.max(0, ...mine.map(({ delaySeconds }) => delaySeconds)),
    allows(url) {
      const path = normal(url.pathname + url.search);
      const matching = rules.filter((rule) => matches(rule, path));
      const longest = Math.max(0, ...matching.map(({ length }) => length));
      const deciding = matching.filter(({ length }) => length === longest);
      return deciding.length === 0 || deciding.some(({ allow }) => allow);
    },
  };
}

function ruleOf(path: string, allow: boolean): Rule {
  const whole = path.endsWith('$');
  const pieces = normal(whole ? path.slice(0, -1) : path).split(/\*+/);
  return { allow, length: path.length, pieces, whole };
}

/** The first piece stands at the start, the others anywhere after the one before; earliest places leave most room. */
function matches({ pieces, whole }: Rule, path: string): boolean {
  if (!path.startsWith(pieces[0])) return false;
  let end = pieces[0].length;
  for (const [index, piece] of pieces.slice(1).entries()) {
    const isLast = index === pieces.length - 2;
    const found = whole && isLast ? path.lastIndexOf(piece) : path.indexOf(piece, end);
    if (found < end) return false;
    end = found + piece.length;
  }
  return !whole || end === path.length;
}

/** One spelling for a path: letters and digits as themselves, hexadecimal digits in capitals. */
function normal(path: string): string {
  return path.replace(/%[0-9a-f]{2}|[^\x21-\x7e]/giu, (piece) => {
    if (!piece.startsWith('%')) return encodeURIComponent(piece);
    const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : piece.toUpperCase();
  });
}
