import { type Note, VOICE_NAMES, VOICE_RANGES, type VoiceName } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { FIRST_WAIT, type Vocabulary, type VoiceIds } from './vocabulary.ts';
import { nearestWait } from './waits.ts';

interface TimedId {
  readonly time: number;
  readonly id: number;
}

/**
 * LakhNES' events of a song, without `<S>`: the events of all voices in the order of their times, at one time voice by
 * voice, with one wait between two times. A note-on ends the note before it, so a note-off is written only where
 * nothing follows at once. The last wait reaches to the song's end. Waits keep no absolute grid: each is rounded by
 * itself.
 */
export function encodeLakhNes(song: Song, vocabulary: Vocabulary): Uint16Array {
  const timed = VOICE_NAMES.flatMap((voice) => [...voiceEvents(voice, song.voices[voice], vocabulary.voices[voice])]);
  timed.sort((a, b) => a.time - b.time); // A stable sort: at one time the voices stay in order.
  const ids: number[] = [];
  let now = 0;
  const waitUntil = (time: number): void => {
    if (time > now) ids.push(FIRST_WAIT + nearestWait(time - now));
    now = Math.max(now, time);
  };
  for (const { time, id } of timed) {
    waitUntil(time);
    ids.push(id);
  }
  waitUntil(song.duration);
  return Uint16Array.from(ids);
}

/** The events of one voice in time order. A timbre is told where it changes; before the first change it is 0. */
function* voiceEvents(voice: VoiceName, notes: readonly Note[], ids: VoiceIds): Generator<TimedId> {
  let timbre = ids.firstTimbre;
  for (const [index, note] of notes.entries()) {
    yield { time: note.start, id: ids.firstOn + note.pitch - VOICE_RANGES[voice].lowestPitch };
    for (const change of dynamics(note, ids)) {
      if (change.isTimbre && change.id === timbre) continue;
      if (change.isTimbre) timbre = change.id;
      yield change;
    }
    if (notes[index + 1]?.start !== note.end) yield { time: note.end, id: ids.off };
  }
}

/**
 * A note's velocities and timbres in time order, at one time the velocity first; none in an alphabet without dynamics.
 */
function dynamics({ volume, duty }: Note, { firstVelocity, firstTimbre }: VoiceIds) {
  if (firstVelocity === undefined || firstTimbre === undefined) return [];
  // There is no velocity 0: a silent stretch of a note becomes its quietest sound.
  const velocities = volume
    .map(({ time, value }) => ({ time, id: firstVelocity + Math.max(value, 1) - 1, isTimbre: false }))
    .filter(({ id }, index, all) => id !== all[index - 1]?.id);
  const timbres = duty.map(({ time, value }) => ({ time, id: firstTimbre + value, isTimbre: true }));
  return [...velocities, ...timbres].sort((a, b) => a.time - b.time);
}
