/**
 * Where a function of this package was called. Only the engine's trace is taken (5 to 20 microseconds with V8); its
 * text, for which engines look up source maps, is made when an error needs it.
 */
export class CallSite {
  readonly #trace = new Error();

  /**
   * "file:line:column" of the first caller outside this package. A bundler puts package and callers into one file,
   * where nothing distinguishes them: then the innermost callers, joined by " < ". Undefined where the engine gives no
   * trace.
   */
  toString(): string | undefined {
    const places = tracedPlaces(this.#trace);
    const outside = places.find((place) => OWN_FOLDER === undefined || !place.startsWith(OWN_FOLDER));
    return outside ?? (places.slice(2, 6).join(' < ') || undefined);
  }
}

/**
 * Places of a trace, innermost first. V8 writes "at name (file:1:2)" or "at file:1:2", Firefox and Safari
 * "name@file:1:2".
 */
export function tracedPlaces({ stack }: Error): string[] {
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  return lines.flatMap((line) => {
    const place = /\((.+:\d+:\d+)\)$|@(.+:\d+:\d+)$|^\s*at (?:async )?(.+:\d+:\d+)$/.exec(line)?.slice(1).find(Boolean);
    // Modules of the engine itself ("node:internal/...") call nobody's code on purpose.
    return place === undefined || place.startsWith('node:') ? [] : [place.replace(/^file:\/\//, '')];
  });
}

/** The folder of this file as traces write it, whether it is read from src or dist; undefined in a bundle. */
const OWN_FOLDER = /^(.*\/)call-site\.[jt]s:/.exec(tracedPlaces(new Error())[0] ?? '')?.[1];
