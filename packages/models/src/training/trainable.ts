import { PREDICTED_EVENTS, WHOLE_SEQUENCES } from '@chipsmith/data';
import { ModelError } from '../error.ts';
import type { Model, ModelDefinition } from '../model.ts';
import type { TrainingShape } from './pass.ts';
import { lengthsOf, longestOf, MAX_PARAMETERS } from './settings.ts';

/**
 * Makes sure, before any work, that a model can be trained with sequences of a length, or of several.
 *
 * @param shape its length in units of each sequence, see `Examples`
 * @throws ModelError if the model sees sequences whole, or in windows of one length, or has more parameters than a
 *   checkpoint can hold
 */
export function requireTrainable(
  { name }: ModelDefinition,
  { parameters: { valueCount }, examples: { cutting } }: Model,
  shape: Pick<TrainingShape, 'length'>,
): void {
  const lengths = lengthsOf(shape);
  if (cutting === WHOLE_SEQUENCES && longestOf(shape) !== 1) {
    throw new ModelError(`${name} sees whole sequences, whatever their length; leave out --length.`);
  }
  if (cutting !== PREDICTED_EVENTS && lengths.length > 1) {
    throw new ModelError(
      `${name} sees windows of one length, not of ${lengths.join(' and ')}; give --length one number.`,
    );
  }
  if (valueCount > MAX_PARAMETERS) {
    throw new ModelError(
      `${name}: ${valueCount} parameters are more than a checkpoint can hold (${MAX_PARAMETERS}); choose a smaller model.`,
    );
  }
}
