import { PREDICTED_EVENTS, WHOLE_SEQUENCES } from '@chipsmith/data';
import { ModelError } from '../error.ts';
import type { ModelDefinition } from '../model.ts';
import { optimiserOf } from './optimiser.ts';
import type { TrainingShape } from './pass.ts';
import { lengthsOf, longestOf, MAX_CHECKPOINT_VALUES, MAX_PARAMETERS } from './settings.ts';
import type { Trainee } from './trainee.ts';

/**
 * Makes sure, before any work, that a model can be trained with sequences of a length, or of several.
 *
 * @param shape its length in units of each sequence, see `Examples`
 * @throws ModelError if the model sees sequences whole, or in windows of one length, or has more parameters than a
 *   checkpoint can hold beside what its optimiser keeps of each
 */
export function requireTrainable(
  { name }: ModelDefinition,
  { settings, model }: Pick<Trainee, 'settings' | 'model'>,
  shape: Pick<TrainingShape, 'length'>,
): void {
  const { cutting } = model.examples;
  const lengths = lengthsOf(shape);
  if (cutting === WHOLE_SEQUENCES && longestOf(shape) !== 1) {
    throw new ModelError(`${name} sees whole sequences, whatever their length; leave out --length.`);
  }
  if (cutting !== PREDICTED_EVENTS && lengths.length > 1) {
    throw new ModelError(
      `${name} sees windows of one length, not of ${lengths.join(' and ')}; give --length one number.`,
    );
  }
  const { valueCount } = model.parameters;
  const kept = Object.keys(optimiserOf(settings.optimiser, model.parameters).arenas).length;
  const most = Math.min(MAX_PARAMETERS, Math.floor(MAX_CHECKPOINT_VALUES / kept));
  if (valueCount > most) {
    throw new ModelError(
      `${name}: ${valueCount} parameters are more than a checkpoint can hold (${most}); choose a smaller model.`,
    );
  }
}
