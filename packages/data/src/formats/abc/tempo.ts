import { TEMPO_RANGE } from '../../song.ts';

/**
 * Quarter notes a minute of a `Q:` field: `1/4=120`, `"slowly" 3/8=50`, `1/4=ca. 90`, `1/4 3/8=40` (the sum is the
 * beat), the reverse `90=1/4`, and of the older editions `C=100` and `C3=40` (one and three unit lengths) and `120`
 * (unit lengths a minute).
 *
 * @param unit quarter notes of the unit length
 * @returns undefined where it tells no tempo, or one that no song may have
 */
export function tempoOf(field: string, unit: number): number | undefined {
  const text = field
    .replace(/"[^"]*"/g, '')
    .trim()
    .replace(/^(\d+(?:\.\d+)?)\s*=\s*(\d+\/\d+|C\d*)$/, '$2=$1');
  const [, beat, perMinute] =
    /^(?:([\d/\s]+|C\d*)\s*=\s*(?:ca?\.?|~)?)?\s*(\d+(?:\.\d+)?)(?:\s*-\s*\d+)?$/.exec(text) ?? [];
  const quarters = beat?.startsWith('C') ? unit * Number(beat.slice(1) || 1) : beat ? sumOf(beat) * 4 : unit;
  const tempo = quarters * Number(perMinute);
  return tempo >= TEMPO_RANGE.slowest && tempo <= TEMPO_RANGE.fastest ? tempo : undefined;
}

/** Of fractions of a whole note. */
function sumOf(fractions: string): number {
  const parts = fractions.trim().split(/\s+/);
  return parts.reduce((sum, part) => {
    const [numerator, denominator = 1] = part.split('/').map(Number);
    return sum + numerator / denominator;
  }, 0);
}
