import { type RegisterLog, type RenderOptions, readVgm, writeWav } from '@chipsmith/apu';
import type { Zippable } from 'fflate';
import { audioOf } from '../../track-audio.ts';
import { zip } from '../../zip.ts';
import type { Reply, Request } from './messages.ts';

/** A piece of more seconds than this is rendered in two goes: the first of them, then all of it. */
const OPENING = 20;

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  try {
    if (data.kind === 'render') render(data);
    else pack(data);
  } catch (error) {
    reply({ kind: 'failure', message: error instanceof Error ? error.message : String(error) });
  }
});

function render({ vgm, loop, ...options }: Request & { kind: 'render' }): void {
  const log = readVgm(vgm);
  if (log.duration > 2 * OPENING * log.clock) {
    reply({ kind: 'opening', samples: samplesOf(openingOf(log), { ...options, fade: 0 }) });
  }
  reply({ kind: 'samples', samples: samplesOf(loop ? { loop: 0, ...log } : log, options) });
}

function openingOf({ loop: _, ...log }: RegisterLog): RegisterLog {
  const duration = OPENING * log.clock;
  const isWithin = ({ cycle }: { readonly cycle: number }) => cycle <= duration;
  return { ...log, duration, writes: log.writes.filter(isWithin), memory: (log.memory ?? []).filter(isWithin) };
}

function samplesOf(log: RegisterLog, options: RenderOptions): Float32Array<ArrayBuffer> {
  return new Float32Array(audioOf(log, options));
}

/** Sound hardly gets smaller: .wav files are stored as they are. */
function pack({ files, wavs }: Request & { kind: 'zip' }): void {
  const all: Zippable = { ...files };
  for (const [name, format] of Object.entries(wavs)) {
    const wav = writeWav(audioOf(readVgm(files[name]), format), format.sampleRate);
    all[name.replace(/\.vgm$/, '.wav')] = [wav, { level: 0 }];
  }
  reply({ kind: 'zip', bytes: new Uint8Array(zip(all)) });
}

function reply(message: Reply): void {
  const sent = 'samples' in message ? [message.samples.buffer] : 'bytes' in message ? [message.bytes.buffer] : [];
  postMessage(message, { transfer: sent });
}
