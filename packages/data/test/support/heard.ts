/** Classes of the melody and of the bass of music-vae-trio: no event first, then the note-off. */
const FIRST_CLASSES = [0, 90];

/**
 * What decoding keeps of the events of an encoding: all, but for windows of music-vae-trio, in which the ends of notes
 * that began before the window become no event.
 */
export function heard(encoding: string, events: Uint16Array): Uint16Array {
  if (encoding !== 'music-vae-trio') return events;
  const kept = events.slice();
  for (const [part, noEvent] of FIRST_CLASSES.entries()) {
    for (let index = part; index < kept.length && kept[index] <= noEvent + 1; index += 3) kept[index] = noEvent;
  }
  return kept;
}
