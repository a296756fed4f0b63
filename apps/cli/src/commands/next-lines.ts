import type { TrainingResult } from '@chipsmith/models';
import { type Arguments, flag, text } from '../terminal/command.ts';
import { commandLine } from '../terminal/quote.ts';
import { DEFAULT_STEPS } from './options.ts';

/** Options of train that a run does not keep: who goes on must say them again. */
const NOT_KEPT = ['validate-every', 'valid-events', 'preview-every', 'adapter'] as const;

/** What to type after a training, with the options that it takes and no others. */
export function nextLines(
  args: Arguments,
  folder: string,
  { reason, step }: TrainingResult,
): { readonly resume: string; readonly generate: string } {
  const given = (name: string) => {
    const value = text(args, name);
    return value === undefined ? [] : [`--${name}`, value];
  };
  const tensorBoard = flag(args, 'tensorboard') ? ['--tensorboard'] : [];
  // A run knows where its data is, unless it was found elsewhere this time.
  const data = flag(args, 'resume') ? given('data') : [];
  const patience = reason === 'no improvement' ? ['--patience', '0'] : given('patience');
  const options = [...bounds(args, step), ...NOT_KEPT.flatMap(given), ...tensorBoard, ...patience, ...data];
  // A folder named like an option would be taken for one.
  const run = ['--run', folder.startsWith('-') ? `./${folder}` : folder];
  return {
    resume: commandLine(['train', '--resume', ...run, ...options]),
    generate: commandLine(['generate', ...run, ...given('adapter')]),
  };
}

/** As far as before where that is not reached yet, otherwise as far again. */
function bounds(args: Arguments, step: number): string[] {
  const minutes = text(args, 'minutes');
  const steps = text(args, 'steps');
  const goal = steps === undefined && minutes === undefined ? DEFAULT_STEPS : Number(steps);
  const more = step >= goal ? String(2 * step) : steps;
  return [...(more === undefined ? [] : ['--steps', more]), ...(minutes === undefined ? [] : ['--minutes', minutes])];
}
