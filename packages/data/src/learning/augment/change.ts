import { type Change, type Note, VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import { byVoice, type Song, TEMPO_RANGE } from '../../song.ts';

type Voices = Song['voices'];

function mapVoices(song: Song, map: (notes: readonly Note[], voice: VoiceName) => readonly Note[]): Voices {
  return byVoice((voice) => map(song.voices[voice], voice));
}

/** The song with some of its voices only. */
export function keepVoices(song: Song, kept: readonly VoiceName[]): Song {
  return { ...song, voices: mapVoices(song, (notes, voice) => (kept.includes(voice) ? notes : [])) };
}

/** The song with what the two pulses play exchanged. */
export function swapPulses(song: Song): Song {
  const { pulse1, pulse2 } = song.voices;
  return { ...song, voices: { ...song.voices, pulse1: pulse2, pulse2: pulse1 } };
}

/** Moves the pitched voices by semitones; a note that leaves its voice's range is left out, as LakhNES does. */
export function transpose(song: Song, semitones: number): Song {
  const voices = mapVoices(song, (notes, voice) => {
    if (voice === 'noise') return notes;
    return notes
      .filter(({ pitch }) => isInRange(pitch + semitones, voice))
      .map((note) => ({ ...note, pitch: note.pitch + semitones }));
  });
  return { ...song, voices };
}

/** Whether all notes stay in their voices' ranges when they are moved by so many semitones. */
export function fitsTransposed(song: Song, semitones: number): boolean {
  return VOICE_NAMES.every(
    (voice) => voice === 'noise' || song.voices[voice].every(({ pitch }) => isInRange(pitch + semitones, voice)),
  );
}

function isInRange(pitch: number, voice: VoiceName): boolean {
  return pitch >= VOICE_RANGES[voice].lowestPitch && pitch <= VOICE_RANGES[voice].highestPitch;
}

/**
 * Plays the song `speed` times as fast, tempo included. A note that would last less than half a tick is left out.
 */
export function changeSpeed(song: Song, speed: number): Song {
  const timeOf = (time: number) => Math.round(time / speed);
  const voices = mapVoices(song, (notes) =>
    notes.flatMap((note) => {
      const start = timeOf(note.start);
      const end = timeOf(note.end);
      if (end <= start) return [];
      const move = (changes: readonly Change[]) => moveChanges(changes, end, timeOf);
      return [{ start, end, pitch: note.pitch, volume: move(note.volume), duty: move(note.duty) }];
    }),
  );
  const { slowest, fastest } = TEMPO_RANGE;
  const tempoOf = (beatsPerMinute: number) => Math.min(fastest, Math.max(slowest, beatsPerMinute * speed));
  const { changes = [], ...start } = song.tempo;
  const firstBeat = timeOf(start.firstBeat);
  const tempo = { ...start, beatsPerMinute: tempoOf(start.beatsPerMinute), firstBeat };
  const moved = changes.map((change) => ({
    time: timeOf(change.time),
    beatsPerMinute: tempoOf(change.beatsPerMinute),
  }));
  // Of changes that fall on one tick the last holds.
  const kept = moved.filter(({ time }, index) => time > firstBeat && time !== moved[index + 1]?.time);
  return {
    ...song,
    voices,
    duration: timeOf(song.duration),
    tempo: kept.length > 0 ? { ...tempo, changes: kept } : tempo,
  };
}

/** Of changes that fall on one tick the last holds; one to the value before it is not a change. */
function moveChanges(changes: readonly Change[], end: number, timeOf: (time: number) => number): Change[] {
  const moved: Change[] = [];
  for (const change of changes) {
    const time = timeOf(change.time);
    if (time >= end) break;
    if (moved.at(-1)?.time === time) moved.pop();
    if (moved.at(-1)?.value !== change.value) moved.push({ time, value: change.value });
  }
  return moved;
}
