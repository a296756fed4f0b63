import { VOICE_NAMES } from '@chipsmith/apu';
import { escapeHtml, formatNumber, words } from './html.ts';

/** What stands for a name from the code on a page. */
interface Term {
  /** The word a musician would use; by default the name itself. */
  readonly label?: string;
  readonly explanation: string;
  /** Stands behind the figure. */
  readonly unit?: string;
  /** Whether it is a share, 0..1, shown in percent. */
  readonly isShare?: true;
}

/** The names of settings, scores and figures of a dataset, in words. One table for all pages. */
const TERMS: ReadonlyMap<string, Term> = new Map(
  Object.entries<Term>({
    // The voices
    pulse1: { label: 'pulse 1', explanation: 'A square wave with four timbres; it usually has the melody.' },
    pulse2: { label: 'pulse 2', explanation: 'A square wave with four timbres; it usually has the second voice.' },
    triangle: { explanation: 'A triangle wave without volume control; it usually has the bass.' },
    noise: { explanation: 'Noise in sixteen colours, from rumble to hiss: the drums.' },
    all: { explanation: 'All four voices in one sequence.' },

    // What a model made, and how
    nllPerEvent: {
      label: 'surprise',
      explanation: 'How unexpected the notes are to the model, in nats per event: lower is safer, higher is bolder.',
    },
    notes: { explanation: 'How many notes are played.' },
    pitchRange: { label: 'range', explanation: 'From the lowest note to the highest.', unit: 'semitones' },
    pitches: {
      explanation: 'Different pitches; in a table, the lowest and the highest as MIDI note numbers (60 is middle C).',
    },
    pitchClasses: {
      label: 'note names',
      explanation: 'How many of the twelve notes from C to B are used, in whatever octave: 7 is a plain scale.',
    },
    longestRestBeats: {
      label: 'longest rest',
      explanation: 'The longest silence of the voices that the model wrote.',
      unit: 'beats',
    },
    pitchClassEntropy: {
      label: 'variety of note names',
      explanation:
        'Entropy of the twelve notes from C to B: 0 for one note, 2.8 for a scale played evenly, 3.6 for all.',
      unit: 'bits',
    },
    pitchEntropy: {
      label: 'variety of pitch',
      explanation: 'Entropy in bits: 0 if all notes were the same; 1 more for twice as many equally frequent pitches.',
      unit: 'bits',
    },
    scaleConsistency: {
      label: 'in one scale',
      explanation: 'The share of notes in the major or minor scale that fits best.',
      isShare: true,
    },
    polyphony: { explanation: 'How many different pitches sound at once, on average while any does.' },
    polyphonyRate: {
      label: 'full chords',
      explanation: 'The share of time in which three or more different pitches sound.',
      isShare: true,
    },
    grooveConsistency: {
      label: 'steady rhythm',
      explanation: 'How far each bar has its notes where the bar before has them; most music is above 80 %.',
      isShare: true,
    },
    emptyBeats: { explanation: 'The share of beats in which nothing sounds.', isShare: true },
    interval: { explanation: 'How far it is from note to note, on average.', unit: 'semitones' },
    leaps: { explanation: 'The share of steps from note to note that are wider than a fifth.', isShare: true },
    repeatedNotes: {
      label: 'notes again',
      explanation: 'The share of notes with the pitch of the one before.',
      isShare: true,
    },
    repeatedBars: { label: 'bars again', explanation: 'The share of bars that are as an earlier one.', isShare: true },
    onsetsMet: {
      label: 'on beats',
      explanation: 'The share of notes that start on a beat or together with another voice.',
      isShare: true,
    },
    notesPerBeat: {
      label: 'notes a beat',
      explanation: 'Notes in a quarter note, of all voices that the model wrote.',
    },
    rests: { explanation: 'The share of time in which nothing sounds.', isShare: true },
    notesKept: { explanation: 'The share of notes that come back in their places.', isShare: true },
    seed: { explanation: 'Where the dice start: the same seed with the same settings gives the same tracks.' },
    temperature: { explanation: 'How boldly notes are drawn: below 1 safer, above 1 wilder.' },
    model: { explanation: 'The kind of network that wrote the melody.' },
    step: { label: 'training steps', explanation: 'How long the model had been trained.' },
    encoding: { explanation: 'How music is spelt as events for the model.' },
    bars: { explanation: 'The length of each track.' },
    beatsPerMinute: { label: 'tempo', explanation: 'Quarter notes a minute.', unit: 'bpm' },
    topK: { label: 'top k', explanation: 'Only this many of the likeliest events could be drawn at each place.' },
    topP: { label: 'top p', explanation: 'Only the likeliest events that together hold this share could be drawn.' },
    primerEvents: {
      label: 'primer',
      explanation: 'The length of the music that was given to go on from.',
      unit: 'events',
    },
    density: { explanation: 'Notes, as a multiple of those of the training songs, or of the pieces given.' },
    distance: {
      explanation: 'How far variations are from the piece, in standard deviations of the numbers of its code.',
    },
    primer: { label: 'goes on from', explanation: 'The music that was given to go on from.' },
    piece: { explanation: 'What the tracks are variations of.' },
    from: { explanation: 'The piece at the beginning of the way.' },
    to: { explanation: 'The piece at the end of the way.' },
    share: { label: 'on the way', explanation: 'How far it is from the first piece to the second.', isShare: true },
    loops: { explanation: 'Whether the end leads back to the beginning without a seam.' },
    arranged: { explanation: 'Whether second voice, bass and drums were added to the melody by rule.' },

    // How a training goes
    state: { explanation: 'Whether a process trains this run now.' },
    loss: {
      label: 'training loss',
      explanation: 'Mean of the last steps: how surprising the training songs still are.',
    },
    lowestValidation: {
      label: 'lowest validation loss',
      explanation: 'How surprising songs were that the model has never seen, at its best so far.',
    },
    baseline: { explanation: 'The loss that counting reaches; a model that is not below it has learnt nothing.' },
    speed: { explanation: 'How fast it trains, padding included.' },
    waited: {
      label: 'waited for data',
      explanation: 'The share of time in which training waited for data.',
      unit: '%',
    },
    predicted: {
      label: 'memory predicted',
      explanation: 'What was planned to be on the device before training began.',
      unit: 'MB',
    },
    measured: {
      label: 'memory measured',
      explanation: 'What was on the device once training began. Previews take some more while they are made.',
      unit: 'MB',
    },
    device: { explanation: 'What the training runs on.' },

    // What a dataset holds
    classes: { label: 'alphabet', explanation: 'How many different events the encoding has.', unit: 'events' },
    voice: { explanation: 'The voice of the sound chip.' },
    songs: { explanation: 'How many pieces; in a table, those in which the voice plays.' },
    minutes: { explanation: 'How long they last together.' },
    'median pitch': {
      explanation: 'Half of the notes are higher, half are lower (MIDI note numbers, 60 is middle C).',
    },
    'pitch bits': {
      label: 'variety of pitch',
      explanation: 'Entropy in bits: 0 if all notes were the same; 1 more for twice as many equally frequent pitches.',
    },
    'step bits': {
      label: 'variety of steps',
      explanation:
        'Entropy in bits of the intervals from note to note: low where a melody moves in few kinds of steps.',
    },
    'median frames': {
      label: 'median length',
      explanation: 'Half of the notes are longer, half are shorter, in video frames of 1/60 s.',
    },
    'duration bits': {
      label: 'variety of lengths',
      explanation: 'Entropy in bits of the lengths of notes: low where all notes are about equally long.',
    },
    'notes/s': { label: 'notes a second', explanation: 'Notes a second over the length of the songs.' },
    sounding: { explanation: 'The share of time in which the voice sounds.' },
    'other voices': { explanation: 'How many other voices sound on average while this one does.' },
    'sequences of': { label: 'sequences', explanation: 'What a model learns from: the events of one voice of a song.' },
    count: { explanation: 'How many sequences.' },
    events: { explanation: 'How many events that is.' },
    'bits an event': {
      label: 'bits per event',
      explanation: 'Entropy of single events: what a model needs that knows only how frequent each event is.',
    },
  }),
);

/** The word for a name, without its explanation. */
export function labelOf(name: string): string {
  return TERMS.get(name)?.label ?? words(name);
}

/** The word for a name, which explains itself under the pointer or with the focus. */
export function term(name: string): string {
  const known = TERMS.get(name);
  if (known === undefined) return escapeHtml(words(name));
  return `<dfn tabindex="0" title="${escapeHtml(known.explanation)}">${escapeHtml(labelOf(name))}</dfn>`;
}

/** A value as a reader wants it, with its unit. */
export function plainFigure(name: string, value: string | number | boolean): string {
  const { unit, isShare } = TERMS.get(name) ?? {};
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const shown = typeof value === 'number' ? formatNumber(isShare ? Math.round(1000 * value) / 10 : value) : value;
  if (isShare) return `${shown} %`;
  if (unit === undefined) return shown;
  return `${shown} ${value === 1 ? unit.replace(/s$/, '') : unit}`;
}

/** The same as HTML. */
export function figureOf(name: string, value: string | number | boolean): string {
  return escapeHtml(plainFigure(name, value));
}

/** Two values of a name in the form `1 to 2 %`. */
export function rangeWords(name: string, [least, most]: readonly [number, number]): string {
  const isShare = TERMS.get(name)?.isShare;
  return `${formatNumber(isShare ? Math.round(1000 * least) / 10 : least)} to ${plainFigure(name, most)}`;
}

/** Names with their values, as items of a list of definitions. */
export function facts(values: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<div><dt>${term(name)}</dt><dd>${figureOf(name, value)}</dd></div>`)
    .join('');
}

/** Rows with the same fields, whose names and first values are explained where they are known. */
export function htmlTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const [first = {}] = rows;
  const heads = Object.keys(first).map((name) => `<th>${term(name)}</th>`);
  const lines = rows.map((row) => {
    const [name, ...figures] = Object.values(row).map(String);
    const cells = figures.map((figure) => `<td>${escapeHtml(figure)}</td>`);
    // Voices have their colours; other names may be anything, and mean nothing to the style sheet.
    const voice = VOICE_NAMES.some((known) => known === name) ? ` class="${name}"` : '';
    return `<tr><td${voice}>${escapeHtml(labelOf(name))}</td>${cells.join('')}</tr>`;
  });
  return `<div class="table"><table>\n<tr>${heads.join('')}</tr>\n${lines.join('\n')}\n</table></div>`;
}
