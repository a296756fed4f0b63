const [NOTE_OFF, TIME_SHIFT, VELOCITY] = [128, 256, 356];

/** A note in steps of 10 ms. */
export interface PerformedNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  /** 1..15 */
  readonly volume: number;
}

/** The events of Performance RNN with velocity, 388 classes, by the rules of performance_lib (note_seq). */
export function performanceByRules(notes: readonly PerformedNote[]): number[] {
  const sorted = notes.toSorted((a, b) => a.start - b.start || a.pitch - b.pitch);
  const moments = [
    ...sorted.map((note, index) => ({ step: note.start, index, isOff: false })),
    ...sorted.map((note, index) => ({ step: note.end, index, isOff: true })),
  ].sort((a, b) => a.step - b.step || a.index - b.index || Number(a.isOff) - Number(b.isOff));
  const events: number[] = [];
  let [now, bin] = [0, 0];
  for (const { step, index, isOff } of moments) {
    for (; step > now + 100; now += 100) events.push(TIME_SHIFT + 99);
    if (step > now) events.push(TIME_SHIFT + step - now - 1);
    now = step;
    const { pitch, volume } = sorted[index];
    const own = Math.floor((Math.round((volume * 127) / 15) - 1) / 4) + 1;
    if (!isOff && own !== bin) {
      events.push(VELOCITY + own - 1);
      bin = own;
    }
    events.push(isOff ? NOTE_OFF + pitch : pitch);
  }
  return events;
}

/** What happens at each step whatever the order within it, note-ons with the velocity in force. */
export function withoutOrder(events: ArrayLike<number>): string[] {
  const heard: string[] = [];
  let [now, velocity] = [0, 0];
  for (const event of Array.from(events)) {
    if (event >= VELOCITY) velocity = event;
    else if (event >= TIME_SHIFT) now += event - TIME_SHIFT + 1;
    else heard.push(`${now}: ${event < NOTE_OFF ? `${event} at ${velocity}` : event}`);
  }
  return heard.sort();
}
