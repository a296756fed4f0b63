import { WHOLE_SEQUENCES } from '@chipsmith/data';
import { ModelError } from '../error.ts';
import type { Model, ModelDefinition } from '../model.ts';
import { MAX_PARAMETERS } from './settings.ts';

/**
 * Makes sure, before any work, that a model can be trained with sequences of a length.
 *
 * @param length units of each sequence, see `Examples`
 * @throws ModelError if the model sees sequences whole, or has more parameters than a checkpoint can hold
 */
export function requireTrainable({ name }: ModelDefinition, model: Model, length: number): void {
  const { valueCount } = model.parameters;
  if (model.examples.cutting === WHOLE_SEQUENCES && length !== 1) {
    throw new ModelError(`${name} sees whole sequences, whatever their length; leave out --length.`);
  }
  if (valueCount > MAX_PARAMETERS) {
    throw new ModelError(
      `${name}: ${valueCount} parameters are more than a checkpoint can hold (${MAX_PARAMETERS}); choose a smaller model.`,
    );
  }
}
