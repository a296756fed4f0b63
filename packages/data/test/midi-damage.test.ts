import { describe, expect, it } from 'vitest';
import { parseMidi } from '../src/formats/midi/parse.ts';
import { DataError, readMidi } from '../src/index.ts';
import { chunk, delta, END_OF_TRACK, header, singleTrack, tempo, text, trackName } from './support/midi-bytes.ts';

const SCALE = [60, 62, 64, 65, 67, 69, 71, 72];

/** Notes of 96 ticks, the lower 8 of a channel's 16 keys. */
const notes = (channel: number, shift = 0): number[] =>
  SCALE.flatMap((pitch) => [0, 0x90 + channel, pitch + shift, 100, 96, 0x80 + channel, pitch + shift, 0]);
const melody = notes(0);
const bass = notes(1, -24);

/** A chunk whose length is not what it has. */
const mislabelled = (body: readonly number[], length: number): number[] => [
  ...chunk('MTrk', body).slice(0, 4),
  ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff),
  ...body,
];

const read = (bytes: readonly number[] | Uint8Array) => readMidi(Uint8Array.from(bytes), 'damaged.mid');
/** What is told beside the parts. */
const told = ({ repairs }: ReturnType<typeof read>) => repairs.filter((repair) => !/^track \d/.test(repair));
const pitches = ({ song }: ReturnType<typeof read>) => song.voices.pulse1.map(({ pitch }) => pitch);
const two = (first: readonly number[], second: readonly number[]) => [...header(1, 2, 96), ...first, ...second];
const whole = (events: readonly number[]) => chunk('MTrk', [...events, ...END_OF_TRACK]);

describe('the melody is read, and the repair told,', () => {
  const body = [...melody, ...END_OF_TRACK];
  const last = (length: number) => [...header(0, 1, 96), ...mislabelled(body, length)];
  const first = (length: number) => two(mislabelled([...bass, ...END_OF_TRACK], length), whole(melody));
  const corrected = ['corrected the length of 1 track (first at byte 18)'];

  const framing: [name: string, bytes: readonly number[], told: readonly (string | RegExp)[]][] = [
    ['where the last track is too long', last(body.length + 9), corrected],
    ['where the last track is far too long', last(0xffff_ffff), corrected],
    ['where the last track is too short', last(30), corrected],
    ['where the last track has no length', last(0), corrected],
    ['where the first track reaches over the next', first(68 + 9), corrected],
    ['where the first track reaches to the end of the file', first(68 + 8 + body.length), corrected],
    ['where the first track is far too long', first(0xffff_ffff), corrected],
    ['where the first track is too short', first(13), corrected],
    ['where the first track has no length', first(0), corrected],
    [
      'where no track has a length or an end',
      two(mislabelled(bass, 0), mislabelled(melody, 0)),
      ['2 tracks had no end-of-track event (first at byte 86)', 'corrected the lengths of 2 tracks (first at byte 18)'],
    ],
    [
      'where bytes stand between the chunks',
      two([...whole(bass), 5, 0xff, 0x51, 3, 7, 0, 0], whole(melody)),
      ['skipped 7 bytes that belong to no chunk (first at byte 90)'],
    ],
    [
      'where bytes stand within a chunk behind the end of its track',
      two(chunk('MTrk', [...bass, ...END_OF_TRACK, 9, 9, 9]), whole(melody)),
      ['skipped 3 bytes after the end of a track (first at byte 90)'],
    ],
    [
      'where a track ends early, again and again',
      two(
        whole(bass),
        whole([...melody.slice(0, 16), ...END_OF_TRACK, ...melody.slice(16, 32), ...END_OF_TRACK, ...melody.slice(32)]),
      ),
      ['read on after 2 early ends of a track (first at byte 114)'],
    ],
    [
      'where the running status goes on from track to track',
      two(whole([0, 0x90, 40, 100, 96, 40, 0]), whole(SCALE.flatMap((pitch) => [0, pitch, 100, 96, pitch, 0]))),
      ['began 1 track with the running status of the one before (first at byte 41)'],
    ],
    [
      'where a track has lost its chunk',
      two(whole(bass), body),
      ['read 1 track whose chunk header is damaged (first at byte 90)'],
    ],
    [
      'where a track has lost the type of its chunk',
      two(whole(bass), [...chunk('MTrk', body)].with(2, 0)),
      ['read 1 track whose chunk header is damaged (first at byte 90)'],
    ],
    [
      'where the header counts too few tracks',
      [...header(1, 1, 96), ...whole(bass), ...whole(melody)],
      ['the header announces 1 track, the file has 2'],
    ],
    ['where the header has 8 bytes', [...chunk('MThd', [0, 0, 0, 1, 0, 96, 0, 0]), ...whole(melody)], []],
    [
      'where the header has a wrong length',
      [...header(0, 1, 96).with(6, 9), ...whole(melody)],
      ['corrected the length of 1 header (first at byte 4)'],
    ],
    [
      'where the header has 4 bytes, and so no division',
      [...chunk('MThd', [0, 0, 0, 1]), ...whole(melody)],
      [
        'corrected the length of 1 header (first at byte 4)',
        'assumed 480 ticks a quarter note for 1 impossible time division (first at byte 12)',
      ],
    ],
    [
      'where there is no header',
      whole(melody),
      ['assumed 1 header of 480 ticks a quarter note, as there is none (first at byte 0)'],
    ],
    [
      'where the header has lost its type',
      [...header(0, 1, 96).with(1, 0), ...whole(melody)],
      ['read 1 header without "MThd" (first at byte 0)'],
    ],
    [
      'where a message stands before the header',
      [...text('HTTP/1.1 200 OK\r\n\r\n'), ...header(0, 1, 96), ...whole(melody)],
      ['skipped 19 bytes before the header (first at byte 0)'],
    ],
    [
      'where the format does not exist',
      [...header(3, 1, 96), ...whole(melody)],
      ['took 1 unknown format for 1 (first at byte 8)'],
    ],
    [
      'where the division is not an SMPTE rate but ticks',
      [...header(0, 1, 55_440), ...whole(melody)],
      ['took 1 time division of more than 15 bits for ticks a quarter note (first at byte 12)'],
    ],
    ...[0, 0xffe0, 0xd601].map((division): [string, number[], string[]] => [
      `where the division is 0x${division.toString(16)}`,
      [...header(0, 1, division), ...whole(melody)],
      ['assumed 480 ticks a quarter note for 1 impossible time division (first at byte 12)'],
    ]),
    [
      'where another file follows',
      [...header(0, 1, 96), ...whole(melody), ...header(0, 1, 96), ...whole(bass)],
      ['skipped 90 bytes of another MIDI file (first at byte 90)'],
    ],
    [
      'where a foreign chunk claims more than there is',
      [...header(0, 1, 96), ...whole(melody), ...text('XFIH'), 0, 0, 9, 9, 1, 2, 3],
      ['skipped 11 bytes that belong to no chunk (first at byte 90)'],
    ],
    [
      'where a text holds the letters MTrk',
      two(whole([0, 0xff, 1, 15, ...text('MTrk MTrk chunk'), ...bass]), whole(melody)),
      [],
    ],
    [
      'where such a text stands in a track of a wrong length',
      two(mislabelled([0, 0xff, 1, 15, ...text('MTrk MTrk chunk'), ...bass, ...END_OF_TRACK], 5), whole(melody)),
      corrected,
    ],
  ];
  it.each(framing)('%s', (_name, bytes, sentences) => {
    const reading = read(bytes);
    expect(pitches(reading)).toEqual(SCALE);
    expect(told(reading)).toEqual(sentences);
  });

  const inside: [name: string, events: readonly number[], told: readonly string[]][] = [
    ['behind real-time messages', [0, 0xf8, 0, 0xfe, 0, 0xfa], ['left out 3 system messages (first at byte 22)']],
    [
      'behind system common messages',
      [0, 0xf1, 5, 0, 0xf2, 1, 2, 0, 0xf3, 1, 0, 0xf6],
      ['left out 4 system messages (first at byte 22)'],
    ],
    ['behind a volume above 127', [0, 0xb0, 7, 0xff], ['read 1 value above 127 as 127 (first at byte 22)']],
    [
      'behind a program above 127',
      [0, 0xc0, 200],
      ['left out 1 message for a key, controller or program above 127 (first at byte 22)'],
    ],
    [
      'behind a note above 127',
      [0, 0x90, 200, 9, 0, 0x80, 200, 0],
      ['left out 2 messages for a key, controller or program above 127 (first at byte 22)'],
    ],
    [
      'behind data without a status',
      [0, 60, 100],
      ['skipped 3 bytes in which no event could be read (first at byte 22)'],
    ],
    ['behind a system-exclusive message without an end', [0, 0xf0, 3, 1, 2, 3], []],
    [
      'behind a system-exclusive message without a length',
      [0, 0xf0, 0x7e, 0x7f, 9, 1, 0xf7],
      ['skipped 7 bytes in which no event could be read (first at byte 22)'],
    ],
    [
      'behind a wait written in 5 bytes',
      [0x80, 0x80, 0x80, 0x80, 0, 0xb0, 7, 100],
      ['read 1 wait of more than 4 bytes (first at byte 22)'],
    ],
    [
      'behind a wait of days',
      [0xff, 0xff, 0xff, 0x7f, 0xb0, 7, 100],
      ['took 1 wait of more than an hour as none (first at byte 22)'],
    ],
    [
      'behind a meta event longer than its track',
      [0, 0xff, 1, 0x87, 0x00, 65, 66],
      ['skipped 7 bytes in which no event could be read (first at byte 22)'],
    ],
    [
      'behind meta events of odd lengths',
      [
        [0, 0],
        [0x21, 0],
        [0x51, 2, 7, 0xa1],
        [0x59, 1, 0],
        [0x54, 1, 1],
        [0x58, 0],
      ].flatMap((meta) => [0, 0xff, ...meta]),
      ['left out 3 tempos, meters or keys of too few bytes (first at byte 30)'],
    ],
    [
      'behind a meter that cannot be',
      [0, 0xff, 0x58, 4, 2, 33, 24, 8],
      ['left out 1 impossible meter (first at byte 22)'],
    ],
  ];
  it.each(inside)('%s', (_name, events, sentences) => {
    const reading = read(singleTrack([...events, ...melody], 96));
    expect(pitches(reading)).toEqual(SCALE);
    expect(told(reading)).toEqual(sentences);
    expect(reading.song.voices.pulse1[0].start).toBe(0);
  });

  it('under running status that goes on behind other events', () => {
    const events = SCALE.flatMap((pitch, index) => [
      ...(index === 0 ? [0, 0x90] : [0, 0xff, 1, 1, 65, 0, 0xf0, 1, 0xf7, 0]),
      ...[pitch, 100, 96, pitch, 0],
    ]);
    const reading = read(singleTrack(events, 96));
    expect(pitches(reading)).toEqual(SCALE);
    expect(told(reading)).toEqual([]);
  });

  it('up to where the file is cut off', () => {
    const bytes = singleTrack(melody, 96);
    for (let length = 30; length < bytes.length; length++) {
      const reading = read(bytes.subarray(0, length));
      expect(pitches(reading)).toEqual(SCALE.slice(0, Math.floor((length - 22 + 4) / 8)));
      expect(told(reading)).not.toEqual([]);
    }
  });

  it('with velocities above 127 as 127', () => {
    const reading = read(singleTrack([0, 0x90, 60, 200, 96, 0x80, 60, 0], 96));
    expect(pitches(reading)).toEqual([60]);
    expect(told(reading)).toEqual(['read 1 value above 127 as 127 (first at byte 22)']);
  });
});

describe('notes end', () => {
  const lengths = ({ song }: ReturnType<typeof read>) => song.voices.pulse1.map(({ start, end }) => [start, end]);
  /** A quarter at 120 bpm. */
  const QUARTER = 22_050;

  it.each([120, 123, 124, 125, 126, 127])('with controller %i of their channel', (control) => {
    const events = SCALE.flatMap((pitch) => [0, 0x90, pitch, 100, 48, 0xb0, control, 0, 48, 0xb1, control, 0]);
    const reading = read(singleTrack(events, 96));
    expect(lengths(reading)).toEqual(SCALE.map((_, index) => [index * QUARTER, (index + 0.5) * QUARTER]));
    expect(told(reading)).toEqual([]);
  });

  it('with controller 120 though the pedal holds them, with 123 when it comes up', () => {
    const held = (control: number) => {
      const pedal = [0, 0xb0, 64, 127, 0, 0x90, 60, 100, 48, 0xb0, control, 0, 48, 0xb0, 64, 0];
      return lengths(read(singleTrack([...pedal, 96, 0x90, 62, 100, 96, 0x80, 62, 0], 96)))[0];
    };
    expect(held(120)).toEqual([0, QUARTER / 2]);
    expect(held(123)).toEqual([0, QUARTER]);
  });

  it('with such a controller in another track, but not those that start on its tick', () => {
    const conductor = [96, 0xb0, 123, 0, ...END_OF_TRACK];
    const events = [0, 0x90, 60, 100, 96, 0x90, 62, 100, 48, 0x80, 62, 0, 0, 0x80, 60, 0];
    const reading = read(two(chunk('MTrk', conductor), whole(events)));
    expect(lengths(reading)).toEqual([
      [0, QUARTER],
      [QUARTER, 1.5 * QUARTER],
    ]);
  });

  it('at the next of their pitch or 2 seconds after their start where nothing else ends them', () => {
    const events = [0, 0x90, 60, 100, 96, 0x90, 60, 100, ...delta(96 * 5000), 0xff, 0x2f, 0];
    const reading = read([...header(0, 1, 96), ...chunk('MTrk', events)]);
    expect(lengths(reading)).toEqual([
      [0, QUARTER],
      [QUARTER, 5 * QUARTER],
    ]);
    expect(told(reading)).toEqual(['ended 2 notes that had no note-off']);
  });
});

describe('a song ends with its last note', () => {
  const END = SCALE.length * 22_050;

  it.each([
    ['the end of the track', [...delta(96 * 36_000), 0xff, 0x2f, 0]],
    ['a text', [...delta(96 * 600), 0xff, 1, 1, 65, ...END_OF_TRACK]],
    ['tempos', [...[1, 2, 3].flatMap(() => [...delta(96 * 600), ...tempo(700_000).slice(1)]), ...END_OF_TRACK]],
    ['a controller', [...delta(96 * 600), 0xb0, 7, 0, ...END_OF_TRACK]],
  ])('where %s comes minutes or hours later', (_name, events) => {
    const reading = read([...header(0, 1, 96), ...chunk('MTrk', [...melody, ...events])]);
    expect(reading.song.duration).toBe(END);
    expect(told(reading)).toEqual([]);
  });
});

describe('any one byte', () => {
  const tracks = [
    [...trackName('song'), ...tempo(400_000), 0, 0xff, 0x58, 4, 3, 2, 24, 8, 96, 0xff, 0x01, 2, 65, 66],
    [...trackName('melody'), 0, 0xc0, 73, ...melody.slice(0, 32)],
    [...trackName('bass'), 0, 0xb1, 7, 100, 0, 0xf0, 3, 1, 2, 0xf7, ...bass.slice(0, 32)],
    [0, 0x99, 36, 100, 48, 36, 0, 48, 42, 90, 0x81, 0x40, 42, 0],
  ];
  const chunks = tracks.map(whole);
  const bytes = [...header(1, tracks.length, 96), ...chunks.flat()];
  const starts = chunks.map((_, index) => 14 + chunks.slice(0, index).flat().length);
  /** The strokes of a channel, with their ticks unless they may move. */
  const strokes = (file: readonly number[], channel: number, withTicks: boolean) =>
    parseMidi(Uint8Array.from(file), 'x').tracks.flatMap(({ events }) =>
      events.flatMap((event) =>
        (event.kind === 'on' || event.kind === 'off') && event.channel === channel
          ? [[event.kind, event.pitch, withTicks ? event.tick : 0]]
          : [],
      ),
    );
  const CHANNELS = [undefined, 0, 1, 9];
  const listed = (file: readonly number[], channel: number, withTicks: boolean) =>
    JSON.stringify(strokes(file, channel, withTicks)).slice(1, -1);
  const sound = CHANNELS.map((channel = 0) => [listed(bytes, channel, false), listed(bytes, channel, true)] as const);
  const lost = (file: readonly number[], at: number): boolean => {
    const damagedTrack = starts.findLastIndex((start) => start <= at);
    return CHANNELS.some((channel, track) => {
      if (channel === undefined || track === damagedTrack) return false;
      // A header that is damaged may say that ticks are other lengths, or that tracks follow one another.
      const isTimed = damagedTrack >= 0;
      // What is left of the damaged track may be on any channel.
      return !listed(file, channel, isTimed).includes(sound[track][Number(isTimed)]);
    });
  };

  it('changed to any other loses notes of its own track only', () => {
    const faults: string[] = [];
    for (const [at, written] of bytes.entries()) {
      for (let value = 0; value < 256; value++) {
        if (value !== written && lost(bytes.with(at, value), at)) faults.push(`byte ${at} as ${value}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('missing, or put in, loses notes of its own track only', () => {
    const faults: string[] = [];
    for (const at of bytes.keys()) {
      if (lost(bytes.toSpliced(at, 1), at)) faults.push(`without byte ${at}`);
      for (const value of [0, 0x4d, 0x7f, 0x80, 0x90, 0xf0, 0xff]) {
        if (lost(bytes.toSpliced(at, 0, value), at)) faults.push(`${value} before byte ${at}`);
      }
    }
    expect(faults).toEqual([]);
  });
});

describe('hostile framing', () => {
  /** Files of about a megabyte in which each byte invites a search through all the others. */
  const COUNT = 60_000;
  const repeated = (bytes: readonly number[]) => [
    ...header(1, 0xffff, 96),
    ...Array.from({ length: COUNT }, () => bytes).flat(),
    ...whole(melody),
  ];

  it.each([
    ['tracks of a wrong length that no event begins', repeated([...text('MTrk'), 1, 2, 3, 4, 0x4d, 0, 0xff, 0x2f, 0])],
    ['tracks without chunks', repeated([0, 0x99, 36, 1, 0, 0x99, 36, 0, 0, 0xff, 0x2f, 0])],
    ['letters that begin no track', repeated(text('MTrkMTrkMTrkMTrk'))],
    ['system-exclusive messages without an end', repeated([0, 0xf0, 0xff, 0xff, 0xff, 0x7f, 0, 0xc0, 5])],
    ['long numbers', repeated([0, 0xff, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ])('is read in time with its length: %s', (_name, bytes) => {
    // In time with the square of it this would run into the time limit.
    const found = parseMidi(Uint8Array.from(bytes), 'hostile.mid');
    expect(found.tracks.at(-1)?.events.filter(({ kind }) => kind === 'on').length).toBeGreaterThanOrEqual(1);
  });
});

describe('what is not music', () => {
  it.each([
    [
      'notes of no length only',
      singleTrack([0, 0x90, 60, 100, 0, 0x80, 60, 0]),
      /empty: has no notes that can be heard/,
    ],
    ['notes at volume 0 only', singleTrack([0, 0xb0, 7, 0, ...melody]), /empty: has no notes that can be heard/],
    [
      'a file without its eighth bits',
      singleTrack(melody).map((byte) => byte & 0x7f),
      /damaged: no notes can be read in it/,
    ],
    ['a web page', text('<html>\r\n<head>\r\n<title>404</title></head></html>'), /byte 0: not a MIDI file/],
    [
      'a page about MIDI',
      text('<p>The chunks are "MThd" and "MTrk", each with a length.</p>'),
      /byte 0: not a MIDI file/,
    ],
    ['a header', header(1, 0, 96), /byte 14: empty: has no tracks/],
    ['an empty track', [...header(0, 1, 96), ...whole([])], /byte 26: empty: has no notes/],
    ['controllers', [...singleTrack([0, 0xb0, 7, 100])], /byte 30: empty: has no notes/],
  ])('is refused: %s', (_name, bytes, message) => {
    expect(() => read(bytes)).toThrow(DataError);
    expect(() => read(bytes)).toThrow(message);
  });
});
