import type { Change, Note } from '../score.ts';

/** What a voice sounds like in one video frame. */
export interface Sound {
  readonly pitch: number;
  readonly volume: number;
  readonly duty: number;
}

/** From `frame` on, the voice plays `sound`, or is silent. */
export interface VoiceEvent {
  readonly frame: number;
  readonly sound: Sound | undefined;
  /** The note before has the same pitch and ends in this very frame: only an attack can tell the two apart. */
  readonly repeated: boolean;
}

/**
 * The notes of one voice as events on the grid of video frames, in order.
 *
 * Times go to the nearest frame; a note lasts one frame at least. Of several notes, volumes or duties that fall on one
 * frame the last counts, as a routine that runs once a frame has no finer time.
 *
 * A note that follows its like without a gap, and not louder than that ended, would not be heard as a note of its own:
 * the one before it is cut short by its last frame, if it has two.
 */
export function voiceTimeline(notes: readonly Note[], framesPerTick: number): VoiceEvent[] {
  const frameOf = (tick: number) => Math.round(tick * framesPerTick);
  const events: VoiceEvent[] = [];
  let before: { start: number; end: number; pitch: number; volume: number } | undefined;

  notes.forEach((note, index) => {
    const start = frameOf(note.start);
    const following = index + 1 < notes.length ? frameOf(notes[index + 1].start) : Number.POSITIVE_INFINITY;
    const end = Math.min(Math.max(start + 1, frameOf(note.end)), following);
    if (end === start) return;

    const repeated = before !== undefined && before.end === start && before.pitch === note.pitch;
    if (before !== undefined) {
      const cut = repeated && note.volume[0].value <= before.volume && before.end - before.start > 1;
      if (cut) silence(events, before.end - 1);
      else if (before.end < start) silence(events, before.end);
    }
    const sounds = soundsOf(note, frameOf, end);
    sounds.forEach(({ frame, sound }, at) => {
      events.push({ frame, sound, repeated: repeated && at === 0 });
    });
    before = { start, end, pitch: note.pitch, volume: sounds[sounds.length - 1].sound.volume };
  });
  if (before !== undefined) silence(events, before.end);
  return events;
}

/** Ends what sounds at `frame`; changes that were due from then on are dropped. */
function silence(events: VoiceEvent[], frame: number): void {
  while (events.length > 0 && events[events.length - 1].frame >= frame) events.pop();
  events.push({ frame, sound: undefined, repeated: false });
}

/** The sounds of one note, each with the frame it starts in; those frames rise strictly and lie before `end`. */
function soundsOf(note: Note, frameOf: (tick: number) => number, end: number): { frame: number; sound: Sound }[] {
  const at = ({ time }: Change) => Math.min(frameOf(time), end - 1);
  const volumes = new Map(note.volume.map((change) => [at(change), change.value]));
  const duties = new Map(note.duty.map((change) => [at(change), change.value]));
  const frames = [...new Set([...volumes.keys(), ...duties.keys()])].sort((a, b) => a - b);
  let volume = 0;
  let duty = 0;
  return frames.map((frame) => {
    volume = volumes.get(frame) ?? volume;
    duty = duties.get(frame) ?? duty;
    return { frame, sound: { pitch: note.pitch, volume, duty } };
  });
}
