import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VOICE_NAMES } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { midiFile, trackChunk } from '../src/formats/midi/file-bytes.ts';
import { arrange, embeddedTunes, writeMidi } from '../src/index.ts';
import { keepVoices } from '../src/learning/augment/change.ts';
import { temporaryFolder } from './support/folder.ts';

/** Where Debian's packages timgm6mb-soundfont and fluid-soundfont-gm put them. */
const SOUNDFONT = ['TimGM6mb.sf2', 'FluidR3_GM.sf2'].map((name) => `/usr/share/sounds/sf2/${name}`).find(existsSync);
const hasFluidSynth = spawnSync('fluidsynth', ['--version']).status === 0;
const canPlay = hasFluidSynth && SOUNDFONT !== undefined;
const NOTE = canPlay ? 'FluidSynth' : 'FluidSynth (skipped: install the packages fluidsynth and timgm6mb-soundfont)';

const folder = temporaryFolder();
const SAMPLE_RATE = 22_050;
/** Samples of both channels in 10 ms. */
const WINDOW = (2 * SAMPLE_RATE) / 100;

/**
 * Root mean square in dB of what FluidSynth plays of a file, over the windows of 10 ms that are within 40 dB of the
 * loudest.
 */
function levelOf(midi: Uint8Array): number {
  const [file, sound] = [join(folder, 'played.mid'), join(folder, 'played.raw')];
  writeFileSync(file, midi);
  const settings = [
    '-q',
    '-n',
    '-i',
    '-R',
    '0',
    '-C',
    '0',
    '-r',
    `${SAMPLE_RATE}`,
    '-O',
    'float',
    '-T',
    'raw',
    '-F',
    sound,
  ];
  const played = spawnSync('fluidsynth', [...settings, SOUNDFONT ?? '', file]);
  expect(played.status).toBe(0);
  const bytes = readFileSync(sound);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const powers: number[] = [];
  for (let start = 0; start < samples.length; start += WINDOW) {
    const window = samples.subarray(start, start + WINDOW);
    powers.push(window.reduce((sum, sample) => sum + sample * sample, 0) / window.length);
  }
  const loudest = Math.max(...powers);
  const sounding = powers.filter((power) => power > loudest / 1e4);
  return 10 * Math.log10(sounding.reduce((sum, power) => sum + power, 0) / sounding.length);
}

describe.skipIf(!canPlay)(NOTE, () => {
  /** A scale in quarter notes of velocity 100, on General MIDI's first program. */
  const plainMelody = midiFile(480, [
    trackChunk(
      [60, 62, 64, 65, 67, 69, 71, 72].flatMap((pitch, beat) => [
        { tick: 480 * beat, bytes: [0x90, pitch, 100] },
        { tick: 480 * (beat + 1), bytes: [0x80, pitch, 0] },
      ]),
    ),
  ]);

  it('plays each voice of arranged songs within 6 dB of a plain melody', () => {
    const plain = levelOf(plainMelody);
    for (const [seed, tune] of embeddedTunes().slice(0, 3).entries()) {
      const song = arrange(tune, { seed });
      for (const voice of VOICE_NAMES) {
        const difference = levelOf(writeMidi(keepVoices(song, [voice]))) - plain;
        expect({ tune: tune.title, voice, isNear: Math.abs(difference) <= 6, difference }).toMatchObject({
          isNear: true,
        });
      }
    }
  });
});
