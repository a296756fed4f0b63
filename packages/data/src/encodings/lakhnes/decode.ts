import { type Change, type Note, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import type { Song } from '../../song.ts';
import type { LakhNesEvent, Vocabulary } from './vocabulary.ts';

/** LakhNES plays every note of TX1 at full volume and with the narrowest pulse. */
const FULL_VOLUME = 15;

/**
 * The song of LakhNES' events: waits move the time, a note-on ends the voice's open note and begins one, a note-off
 * ends it. A note that is open at the end lasts until the end (LakhNES loses it). A `<S>` after the first event ends
 * the song. Velocities and timbres set the voice until the next ones; a voice without any plays at volume 15 with duty
 * 0.
 */
export function songOfEvents(events: Iterable<LakhNesEvent>): Pick<Song, 'voices' | 'duration'> {
  const voices = { pulse1: new Voice(), pulse2: new Voice(), triangle: new Voice(), noise: new Voice() };
  let now = 0;
  let isFirst = true;
  for (const event of events) {
    if (event.kind === 'wait') now += event.value;
    else if (event.kind === 'boundary') {
      if (!isFirst) break;
    } else apply(event, voices[event.voice], now);
    isFirst = false;
  }
  const notesOf = (voice: VoiceName): Note[] => {
    voices[voice].close(now);
    return voices[voice].notes;
  };
  const [pulse1, pulse2, triangle, noise] = VOICE_NAMES.map(notesOf);
  return { voices: { pulse1, pulse2, triangle, noise }, duration: now };
}

/**
 * The song of a vocabulary's event numbers: see songOfEvents.
 *
 * @throws DataError if an event is not of the vocabulary
 */
export function decodeLakhNes(events: ArrayLike<number>, vocabulary: Vocabulary): Pick<Song, 'voices' | 'duration'> {
  return songOfEvents(Array.from(events, (id, index) => eventOf(id, index, vocabulary)));
}

function eventOf(id: number, index: number, { events }: Vocabulary): LakhNesEvent {
  const event = events[id];
  if (event !== undefined) return event;
  throw new DataError(
    `event ${index}`,
    `${id} is not a LakhNES event (0..${events.length - 1})`,
    'use a LakhNES model',
  );
}

type VoiceEvent = Exclude<LakhNesEvent, { kind: 'boundary' | 'wait' }>;

function apply(event: VoiceEvent, voice: Voice, now: number): void {
  if (event.kind === 'off') voice.close(now);
  else if (event.kind === 'on') voice.open(event.value, now);
  else if (event.kind === 'velocity') voice.setVolume(event.value, now);
  else voice.setDuty(event.value, now);
}

/** One voice while events come in. */
class Voice {
  readonly notes: Note[] = [];
  #open: { start: number; pitch: number; volume: Change[]; duty: Change[] } | undefined;
  #volume = FULL_VOLUME;
  #duty = 0;

  open(pitch: number, start: number): void {
    this.close(start);
    const volume = [{ time: start, value: this.#volume }];
    this.#open = { start, pitch, volume, duty: [{ time: start, value: this.#duty }] };
  }

  close(end: number): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || end <= open.start) return;
    const before = ({ time }: Change) => time < end;
    this.notes.push({ ...open, end, volume: open.volume.filter(before), duty: open.duty.filter(before) });
  }

  setVolume(value: number, time: number): void {
    this.#volume = value;
    if (this.#open) change(this.#open.volume, time, value);
  }

  setDuty(value: number, time: number): void {
    this.#duty = value;
    if (this.#open) change(this.#open.duty, time, value);
  }
}

/** Of two values at one time the later holds, and one that changes nothing is left out. */
function change(changes: Change[], time: number, value: number): void {
  if (changes.at(-1)?.time === time) changes.pop();
  if (changes.at(-1)?.value !== value) changes.push({ time, value });
}
