/** How an instrument is played by a pulse, and which roles it usually has. */
export interface Instrument {
  /** Duty 0..2: 12.5 % for plucked and nasal sounds, 25 % for bright ones, 50 % for hollow ones. */
  readonly duty: number;
  /** Video frames in which a struck or plucked note falls to half its volume; undefined where notes are held. */
  readonly halfLife?: number;
  /** -1 (never) to 1 (made for it): how usual each role is. */
  readonly melody: number;
  readonly bass: number;
  readonly harmony: number;
  /** Percussion that is not a drum kit: the key of the kit that sounds most like it. */
  readonly kitKey?: number;
}

/** The programs of General MIDI level 1, 0 to 127, by groups that are alike; a group ends where the next begins. */
const INSTRUMENTS: readonly (readonly [firstProgram: number, instrument: Instrument])[] = [
  [0, { duty: 1, halfLife: 30, melody: 0, bass: -0.3, harmony: 0.3 }], // pianos, harpsichord, clavinet
  [8, { duty: 2, halfLife: 15, melody: 0.2, bass: -0.8, harmony: 0.1 }], // celesta to dulcimer
  [16, { duty: 2, melody: 0, bass: -0.3, harmony: 0.4 }], // organs, accordion
  [22, { duty: 1, melody: 0.5, bass: -0.8, harmony: 0 }], // harmonica
  [23, { duty: 1, melody: 0.1, bass: -0.5, harmony: 0.3 }], // bandoneon
  [24, { duty: 0, halfLife: 24, melody: 0.1, bass: -0.3, harmony: 0.4 }], // acoustic and clean guitars
  [29, { duty: 1, melody: 0.2, bass: -0.3, harmony: 0.3 }], // distorted guitars
  [32, { duty: 2, halfLife: 40, melody: -0.8, bass: 1, harmony: -0.6 }], // basses
  [40, { duty: 1, melody: 0.5, bass: -0.4, harmony: 0.1 }], // violin, viola, cello
  [43, { duty: 1, melody: -0.6, bass: 0.8, harmony: -0.3 }], // contrabass
  [44, { duty: 1, melody: -0.1, bass: -0.3, harmony: 0.5 }], // tremolo strings
  [45, { duty: 0, halfLife: 10, melody: 0, bass: 0, harmony: 0.3 }], // pizzicato strings, harp
  [47, { duty: 2, halfLife: 20, melody: -0.8, bass: 0.2, harmony: -0.6 }], // timpani
  [48, { duty: 1, melody: 0, bass: -0.4, harmony: 0.6 }], // string ensembles, choirs
  [55, { duty: 1, halfLife: 10, melody: -0.7, bass: -0.5, harmony: 0 }], // orchestra hit
  [56, { duty: 1, melody: 0.5, bass: -0.6, harmony: 0.1 }], // trumpet, trombone
  [58, { duty: 2, melody: -0.3, bass: 0.6, harmony: -0.2 }], // tuba
  [59, { duty: 1, melody: 0.2, bass: -0.5, harmony: 0.3 }], // muted trumpet, horns, brass sections
  [64, { duty: 1, melody: 0.6, bass: -0.6, harmony: 0 }], // soprano, alto, tenor saxophone
  [67, { duty: 1, melody: 0, bass: 0.3, harmony: 0 }], // baritone saxophone
  [68, { duty: 0, melody: 0.6, bass: -0.7, harmony: 0 }], // oboe, English horn
  [70, { duty: 0, melody: 0, bass: 0.4, harmony: 0 }], // bassoon
  [71, { duty: 2, melody: 0.6, bass: -0.6, harmony: 0 }], // clarinet
  [72, { duty: 2, melody: 0.8, bass: -0.9, harmony: -0.1 }], // flutes and whistles
  [80, { duty: 2, melody: 0.6, bass: -0.4, harmony: 0 }], // synthesiser leads
  [87, { duty: 1, melody: 0.2, bass: 0.6, harmony: -0.3 }], // bass and lead
  [88, { duty: 1, melody: -0.3, bass: -0.5, harmony: 0.7 }], // synthesiser pads
  [96, { duty: 1, melody: -0.2, bass: -0.5, harmony: 0.3 }], // synthesiser effects
  [104, { duty: 0, halfLife: 20, melody: 0.2, bass: -0.5, harmony: 0.1 }], // sitar to kalimba
  [109, { duty: 0, melody: 0.5, bass: -0.7, harmony: 0 }], // bagpipe, fiddle, shanai
  [112, { duty: 2, halfLife: 12, melody: 0.1, bass: -0.8, harmony: 0 }], // tinkle bell, agogo, steel drums
  [115, { duty: 0, melody: -1, bass: -1, harmony: -1, kitKey: 76 }], // wood block
  [116, { duty: 0, melody: -1, bass: -1, harmony: -1, kitKey: 36 }], // taiko
  [117, { duty: 0, melody: -1, bass: -1, harmony: -1, kitKey: 45 }], // melodic tom
  [118, { duty: 0, melody: -1, bass: -1, harmony: -1, kitKey: 38 }], // synthesiser drum
  [119, { duty: 0, melody: -1, bass: -1, harmony: -1 }], // reversed cymbal, sound effects
  [127, { duty: 0, melody: -1, bass: -1, harmony: -1, kitKey: 38 }], // gunshot
];

const BY_PROGRAM: readonly Instrument[] = Array.from({ length: 128 }, (_, program) => {
  const group = INSTRUMENTS.findLast(([first]) => first <= program) ?? INSTRUMENTS[0];
  return group[1];
});

/** @param program 0..127 */
export function instrumentOf(program: number): Instrument {
  return BY_PROGRAM[program];
}
