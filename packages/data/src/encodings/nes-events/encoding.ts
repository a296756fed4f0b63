import { VOICE_NAMES } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { sha256Of } from '../../sha256.ts';
import type { Song } from '../../song.ts';
import type { Encoding } from '../encoding.ts';
import { decodeNesEvents } from './decode.ts';
import { encodeNesEvents } from './encode.ts';
import { MacroFinder } from './envelopes.ts';
import type { Macros } from './macro.ts';
import { NES_MACROS } from './nes-macros.ts';
import { PhraseFinder } from './phrases.ts';
import { describeNesEvent, isHead, mayFollow, NesVocabulary, phaseNumber } from './vocabulary.ts';

/**
 * This project's own encoding of all four voices in one sequence, in video frames, with volume and duty as macros: see
 * encodeNesEvents and the README for how it is built. A dataset or checkpoint must be read with the macros it was made
 * with: other macros than the package's have a name of their own, nes-events- and the beginning of their hash.
 *
 * Exact: which pitch each voice sounds in each frame (1/60.0988 s), and how many quarters of its clock a triangle's
 * note sounds. To the nearest macro: volumes and duties. Not kept: what else begins and ends within a frame, notes'
 * silent stretches (they end the note), the tempo of songs without a confident grid. Where a macro is not exact,
 * encoding what was decoded may find shorter words for it; so that is done at once, until nothing changes. One song in
 * some hundred does not come to rest.
 */
export function createNesEventsEncoding(macros: Macros = NES_MACROS): Encoding {
  const vocabulary = new NesVocabulary(macros);
  const instruments = {
    arpeggios: new PhraseFinder(macros.arpeggios),
    volumes: new MacroFinder(macros.volumes, VOLUME_TOLERANCE),
    duties: new MacroFinder(macros.duties, DUTY_TOLERANCE),
  };
  const { events } = vocabulary;
  const settled = (song: Song): Uint16Array => {
    let encoded = encodeNesEvents(song, instruments, vocabulary);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const heard = decodeNesEvents(encoded, macros, vocabulary, { title: song.title });
      const again = encodeNesEvents(heard, instruments, vocabulary);
      if (again.length === encoded.length && again.every((event, index) => event === encoded[index])) break;
      encoded = again;
    }
    return encoded;
  };
  /** By what the grammar looks at: the kind of the event before, and which meter. */
  const grammar = new Map<string, readonly boolean[]>();
  return {
    name: macros === NES_MACROS ? 'nes-events' : `nes-events-${hashOf(macros)}`,
    version: 3,
    classes: events.length,
    // NES-MDB's valid split has 28.4 events a second; a bar lasts about two.
    stepsPerBar: 57,
    voices: VOICE_NAMES,
    exactTimes: true,
    encode(song) {
      const encoded = settled(song);
      return { sequences: encoded.length > 0 ? [{ voice: 'all', events: encoded }] : [], dropped: [] };
    },
    encodePitches(pitches) {
      const strange = pitches.find((pitch) => !Number.isInteger(pitch) || pitch < 33 || pitch > 108);
      if (strange !== undefined) throw new DataError(`pitch ${strange}`, 'pulse 1 cannot play it', 'use 33 to 108');
      const head = [
        { kind: 'phase', value: phaseNumber(0) },
        { kind: 'meter', value: 0 },
        { kind: 'bar', value: 0 },
      ] as const;
      const notes = pitches.map((value) => ({ kind: 'note', voice: 'pulse1', value }) as const);
      return [...head, ...notes].map((event) => vocabulary.idOf(event));
    },
    decode: (sampled, options) => decodeNesEvents(sampled, macros, vocabulary, options),
    allowedAfter(previous) {
      const before = previous === undefined ? undefined : events[previous];
      const key = before?.kind === 'meter' ? `meter ${before.value}` : (before?.kind ?? 'start');
      const known = grammar.get(key);
      if (known) return known;
      const allowed = events.map((event) => mayFollow(before, event));
      grammar.set(key, allowed);
      return allowed;
    },
    barsOf(event, previous) {
      // The first bar follows the head of the song. A bar counts as one, whatever its meter.
      const isFirst = previous === undefined || isHead(events[previous].kind);
      return events[event].kind === 'bar' && !isFirst ? 1 : 0;
    },
    pitchesOf(event) {
      const started = events[event];
      const isNote = started.kind === 'note' || started.kind === 'slur';
      return isNote && started.voice !== 'noise' ? [started.value] : [];
    },
    isEnd: (event) => events[event].kind === 'end',
    describe: (event) => describeNesEvent(vocabulary.eventOf(event, 0)),
  };
}

function hashOf(macros: Macros): string {
  return sha256Of(JSON.stringify(macros)).slice(0, 8);
}

/** Most songs are at rest after one or two. */
const MAX_ROUNDS = 8;
/** Half a step of 15, and a wrong duty in one of ten frames: what keeps songs short and is hardly heard. */
const VOLUME_TOLERANCE = 0.5;
const DUTY_TOLERANCE = 0.1;

/** nes-events with the macros learnt from NES-MDB's train split. */
export const nesEventsEncoding: Encoding = createNesEventsEncoding();
