import { Random } from '../random.ts';
import type { Song } from '../song.ts';
import { FRAME_TICKS } from '../timing/latch.ts';
import { barLength, type Tune, type TuneLine, ticksPerUnit, tuneToSong } from '../tunes/tune.ts';
import { bassLine, chordFigures, counterLine, drumLine, type Ground } from './backing.ts';
import { beatsOf } from './beats.ts';
import { harmonise } from './harmonise.ts';
import { estimateKey } from './key.ts';
import { drumNotes, inTicks, pulseNote, triangleNote } from './sound.ts';
import { stylesFor } from './styles.ts';

export interface ArrangeOptions {
  /** Any integer; picks the style. The same seed gives the same song. */
  readonly seed: number;
}

/**
 * A tune as a game's music of 1988 would play it: melody with an envelope on pulse 1, chords or a counter-line on pulse
 * 2, bass on the triangle, drums on the noise. Pulse 1 has exactly the tune's notes. Chords are found where the tune
 * has none.
 */
export function arrange(tune: Tune, { seed }: ArrangeOptions): Song {
  const chords = tune.chords.length > 0 ? tune.chords : harmonise(tune, tune.key);
  return compose(tuneToSong(tune), 0, { ...tune, chords }, seed);
}

/**
 * Adds the three other voices to a song whose pulse 1 carries a melody, such as one that a model wrote. Pulse 1 keeps
 * the start, end and pitch of every note and gets the style's envelope; whatever the other voices had is replaced. The
 * key is estimated from the notes, chords follow from it, and bars from the song's tempo and meter. Where the song
 * loops, the last bar leads back to the first.
 */
export function arrangeMelody(song: Song, { seed }: ArrangeOptions): Song {
  const { line, originBar } = lineOf(song);
  const chords = harmonise(line, estimateKey(line.notes));
  return compose(song, originBar, { ...line, chords, loops: song.loops }, seed);
}

/**
 * Pulse 1 on the grid of the song's tempo; unit 0 is the start of bar `originBar` (0 or below, counted from the first
 * beat).
 */
function lineOf(song: Song): { line: TuneLine; originBar: number } {
  const scale = ticksPerUnit(song.tempo.beatsPerMinute);
  const bar = barLength(song.meter);
  const originBar = Math.min(0, Math.floor(-song.tempo.firstBeat / scale / bar + 1e-6));
  const unitOf = (tick: number) => Math.round((tick - song.tempo.firstBeat) / scale) - originBar * bar;
  // Notes shorter than half a unit (10 ms at 120 beats a minute) are ornaments: they bear no harmony.
  const notes = song.voices.pulse1
    .map(({ start, end, pitch }) => ({ start: unitOf(start), length: unitOf(end) - unitOf(start), pitch }))
    .filter(({ length }) => length > 0);
  const begin = Math.max(0, unitOf(0));
  return { originBar, line: { meter: song.meter, begin, end: Math.max(begin, unitOf(song.duration)), notes } };
}

/** `song` gives title, time and pulse 1; the ground's unit 0 is the start of its bar `originBar`. */
function compose(song: Song, originBar: number, ground: Ground, seed: number): Song {
  const beats = beatsOf(song.meter);
  const scale = ticksPerUnit(song.tempo.beatsPerMinute);
  const styles = stylesFor(beats);
  const style = styles[new Random(seed).nextInteger(styles.length)];

  const origin = song.tempo.firstBeat + originBar * barLength(song.meter) * scale;
  const tickOf = (unit: number) => Math.min(song.duration, Math.max(0, Math.round(origin + unit * scale)));
  const second =
    style.second === 'line'
      ? counterLine(ground, beats)
      : chordFigures(ground, style, beats, (3 * FRAME_TICKS) / scale);
  return {
    ...song,
    voices: {
      pulse1: song.voices.pulse1.map((note) => pulseNote(note, style.lead)),
      pulse2: inTicks(second, tickOf).map((note) => pulseNote(note, style.secondTimbre)),
      triangle: inTicks(bassLine(ground, style, beats), tickOf).map(triangleNote),
      noise: drumNotes(drumLine(ground, style, beats), tickOf, song.duration),
    },
  };
}
