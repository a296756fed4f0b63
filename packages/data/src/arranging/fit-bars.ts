import { type Meter, meterName, type Song } from '../song.ts';
import { ticksPerQuarter } from '../timing/tempo-map.ts';
import { embeddedTunes } from '../tunes/embedded-tunes.ts';
import { tuneToSong } from '../tunes/tune.ts';

/**
 * The meters that melodies are told apart by, each with the 16ths of its bar. Others are felt as one of these: 2/4 as
 * 4/4.
 */
const METERS = [
  { meter: { beats: 4, unit: 4 }, bar: 16, like: ['4/4', '2/4'] },
  { meter: { beats: 3, unit: 4 }, bar: 12, like: ['3/4'] },
  { meter: { beats: 6, unit: 8 }, bar: 12, like: ['6/8', '3/8'] },
] as const satisfies readonly { meter: Pick<Meter, 'beats' | 'unit'>; bar: number; like: readonly string[] }[];

/**
 * What happens on a 16th of a melody: no start, or the start of a note shorter than a quarter, a dotted quarter, or
 * longer.
 */
const KINDS = 4;
/** 16ths up to the next start from which a note counts as the next kind. */
const LONGER = [4, 6] as const;

/** For each of METERS, each 16th of its bar and each kind: how likely it is there, as a logarithm. */
export type BarProfiles = readonly (readonly (readonly number[])[])[];

/**
 * How much likelier (nats) a melody must be in another meter than 4/4, and with bars that do not begin on its first
 * tick. Of the 97 embedded tunes in these meters, cut to 16 bars and judged by the profiles of the others, all get
 * their beats and 88 their meter; moved by a 16th, 93 get their beats.
 */
const RELUCTANCE = { meter: 15, start: 25 } as const;

/**
 * Finds the bars of a melody (pulse 1) that may not keep to those it was given, such as one that a model wrote: its
 * meter, and the 16th on which bars begin. They are those that make the melody likeliest, by where in their bars the
 * notes of the embedded tunes begin, long ones and short ones; see RELUCTANCE.
 */
export function fitBars(song: Song, profiles: BarProfiles = embeddedProfiles()): Song {
  const { tempo } = song;
  const kinds = kindsOf(song);
  let best: { index: number; shift: number } = { index: 0, shift: 0 };
  let most = Number.NEGATIVE_INFINITY;
  for (const [index, { bar }] of METERS.entries()) {
    for (let shift = 0; shift < bar; shift++) {
      const usual = (index === 0 ? RELUCTANCE.meter : 0) + (shift === 0 ? RELUCTANCE.start : 0);
      const likelihood = logLikelihood(kinds, profiles[index], shift) + usual;
      if (likelihood > most) {
        most = likelihood;
        best = { index, shift };
      }
    }
  }
  const shift = Math.round((best.shift * ticksPerQuarter(tempo.beatsPerMinute)) / 4);
  return {
    ...song,
    meter: { ...METERS[best.index].meter, origin: 'estimated' },
    tempo: { ...tempo, firstBeat: tempo.firstBeat + shift },
  };
}

/** Where in their bars the notes of some melodies begin; those in other meters say nothing. */
export function barProfilesOf(songs: readonly Song[]): BarProfiles {
  return METERS.map(({ bar, like }) => {
    // Half a note more of each kind: what never came before is unlikely, but not impossible.
    const counts = Array.from({ length: bar }, () => new Array<number>(KINDS).fill(0.5));
    const names: readonly string[] = like;
    for (const song of songs.filter(({ meter }) => names.includes(meterName(meter)))) {
      for (const [step, kind] of kindsOf(song).entries()) counts[step % bar][kind]++;
    }
    return counts.map((ofKinds) => {
      const all = ofKinds.reduce((sum, count) => sum + count, 0);
      return ofKinds.map((count) => Math.log(count / all));
    });
  });
}

let known: BarProfiles | undefined;

/** Of the tunes that come with the package; counted once. */
function embeddedProfiles(): BarProfiles {
  known ??= barProfilesOf(embeddedTunes().map(tuneToSong));
  return known;
}

/** What happens on each 16th from the first beat to the end of the song. */
function kindsOf({ voices: { pulse1 }, tempo, duration }: Song): Uint8Array {
  const sixteenth = ticksPerQuarter(tempo.beatsPerMinute) / 4;
  const stepOf = (time: number) => Math.round((time - tempo.firstBeat) / sixteenth);
  const kinds = new Uint8Array(Math.max(0, stepOf(duration)));
  for (const [index, { start, end }] of pulse1.entries()) {
    const length = stepOf(pulse1[index + 1]?.start ?? end) - stepOf(start);
    const step = stepOf(start);
    if (step >= 0 && step < kinds.length) kinds[step] = 1 + LONGER.filter((shortest) => length >= shortest).length;
  }
  return kinds;
}

function logLikelihood(kinds: Uint8Array, profile: BarProfiles[number], shift: number): number {
  const bar = profile.length;
  let sum = 0;
  for (const [step, kind] of kinds.entries()) sum += profile[(step - shift + bar) % bar][kind];
  return sum;
}
